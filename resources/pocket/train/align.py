"""Put word embeddings into the visual embedding table.

Reading a soft token is a copy if the token already contains the embeddings of the words which
describe it. The table is linear behind the visual softmax, so the best such table is a ridge
regression: soft assignment -> sum of the embeddings of the colour, shape, size and characters in
that block. The solution is added to the table; training goes on from there.

    python align.py --checkpoint run/last.pt --out run/aligned.pt
"""

import argparse
import os

import torch
from facts import CHARS, COLOURS, SHAPES, SIZES
from model import INDICATORS, Pocket
from paths import MODEL
from tokenizers import Tokenizer
from vision_data import vision_batch


@torch.no_grad()
def main():
    p = argparse.ArgumentParser()
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--tokenizer", default=os.path.join(MODEL, "tokenizer.json"))
    p.add_argument("--batches", type=int, default=110)
    p.add_argument("--strength", type=float, default=1.0)
    a = p.parse_args()
    torch.set_num_threads(1)
    d = torch.load(a.checkpoint, map_location="cpu")
    model = Pocket()
    model.load_state_dict(d["model"])
    tok = Tokenizer.from_file(a.tokenizer)
    table = model.llm.model.embed_tokens.weight

    def rows(words):
        ids = [tok.encode(w, add_special_tokens=False).ids for w in words]
        assert all(len(i) == 1 for i in ids), [w for w, i in zip(words, ids) if len(i) > 1]
        e = table[torch.tensor(ids)[:, 0]]
        return e - table.mean(dim=0)

    colours, shapes = rows([" " + c for c in COLOURS]), rows([" " + s for s in SHAPES])
    sizes = rows([" " + s for s in SIZES])
    chars = torch.stack(
        [
            rows([c])[0]
            if len(tok.encode(c, add_special_tokens=False).ids) == 1
            else torch.zeros_like(colours[0])
            for c in CHARS
        ]
    )
    P, Y = [], []
    for k in range(a.batches):
        pixels, (shape, colour, size, cover, char, _) = vision_batch(900_000 + k, 4)
        _, _, assign = model.encode(torch.from_numpy(pixels))
        T = lambda x: torch.from_numpy(x).reshape(-1)
        y = torch.zeros(assign.shape[0] * assign.shape[1], table.shape[1])
        s, c, z = T(shape), T(colour), T(size)
        seen = s > 0
        y[seen] += shapes[s[seen] - 1] + colours[c[seen]] + 0.7 * sizes[z[seen]]
        for slot, weight in enumerate((1.0, 0.7, 0.5)):
            t = T(char[..., slot])
            y[t > 0] += weight * chars[t[t > 0] - 1]
        P.append(assign.reshape(-1, assign.shape[-1]))
        Y.append(y)
    P, Y = torch.cat(P).double(), torch.cat(Y).double()
    A = P.t() @ P
    A += torch.eye(A.shape[0], dtype=A.dtype) * (0.02 * A.diagonal().mean())
    delta = torch.linalg.solve(A, P.t() @ Y).float()
    columns = model.config.visual_vocab_size - INDICATORS
    fit = P.float() @ delta
    busy = Y.abs().sum(1) > 0
    r2 = 1 - ((fit - Y.float())[busy] ** 2).sum() / (Y.float()[busy] ** 2).sum()
    old = P.float() @ model.vte.weight[:columns]
    print(
        "blocks",
        len(P),
        "explained",
        round(float(r2), 3),
        "norms: embedding",
        round(float(table.norm(dim=1).mean()), 3),
        "visual",
        round(float((old - old.mean(0)).norm(dim=1).mean()), 3),
        "added",
        round(float(fit[busy].norm(dim=1).mean()), 3),
        "delta rows",
        round(float(delta.norm(dim=1).mean()), 3),
        "table rows",
        round(float(model.vte.weight.norm(dim=1).mean()), 3),
    )
    d["model"]["vte.weight"][:columns] += a.strength * delta
    d.pop("ema", None)
    torch.save(d, a.out)


if __name__ == "__main__":
    main()
