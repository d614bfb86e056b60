"""Between the stages: make the visual embedding table speak the language of the text side.

Reading a soft token is a copy if the token already contains the embeddings of the words which
describe it. The table is linear behind the visual softmax, so the best such table is a ridge
regression: soft assignment -> what the token should be. For a new model that is the sum of the
embeddings of the colour, shape, size, place and characters in that block, on top of what is there.
With --keep it is the token that an older model had for the same block, which its text side can read
already, and the characters and places added to it.

    python align.py --checkpoint run/vision.pt --out run/aligned.pt [--keep ../model]
"""

import argparse
import os

import torch
from checkpoint import exported
from facts import CHARS, COLOURS, EDGES, SHAPES, SIZES
from model import INDICATORS, Pocket
from paths import MODEL
from tokenizers import Tokenizer
from vision_data import vision_batch


class Words:
    """Embeddings of the words about a block, without what all words have in common."""

    def __init__(self, table, tok):
        self.table, self.tok = table, tok
        self.shapes, self.colours, self.sizes = (
            self.rows([" " + w for w in words]) for words in (SHAPES, COLOURS, SIZES)
        )
        self.chars = self.rows(CHARS)
        share = torch.linspace(0, 1, len(EDGES) + 1)[:, None]
        self.columns, self.lines = (
            (1 - share) * a + share * b
            for a, b in (self.rows([" left", " right"]), self.rows([" top", " bottom"]))
        )

    def rows(self, words):
        ids = [self.tok.encode(w, add_special_tokens=False).ids for w in words]
        assert all(len(i) == 1 for i in ids), [w for w, i in zip(words, ids) if len(i) > 1]
        return self.table[torch.tensor(ids)[:, 0]] - self.table.mean(dim=0)

    def objects(self, shape, colour, size):
        """[blocks, H]: shape, colour and size of the object in the block, if there is one."""
        out, seen = torch.zeros(len(shape), self.table.shape[1]), shape > 0
        out[seen] = (
            self.shapes[shape[seen] - 1] + self.colours[colour[seen]] + 0.7 * self.sizes[size[seen]]
        )
        return out

    def details(self, shape, char, column, row):
        """[blocks, H]: the characters in the block and the place of its object."""
        out, seen = torch.zeros(len(shape), self.table.shape[1]), shape > 0
        out[seen] = 0.7 * (self.columns[column[seen]] + self.lines[row[seen]])
        for slot, weight in enumerate((1.0, 0.7, 0.5)):
            t = char[:, slot]
            out[t > 0] += weight * self.chars[t[t > 0] - 1]
        return out


@torch.no_grad()
def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--checkpoint", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--keep", help="model folder whose text side the checkpoint has")
    p.add_argument("--tokenizer", default=os.path.join(MODEL, "tokenizer.json"))
    p.add_argument("--batches", type=int, default=150)
    a = p.parse_args()
    torch.set_num_threads(1)
    d = torch.load(a.checkpoint, map_location="cpu")
    model, older = Pocket(), exported(a.keep) if a.keep else None
    model.load_state_dict(d["model"])
    words = Words(model.llm.model.embed_tokens.weight, Tokenizer.from_file(a.tokenizer))
    columns = model.config.visual_vocab_size - INDICATORS
    P, Y = [], []
    for k in range(a.batches):
        pixels, targets = vision_batch(900_000 + k, 4)
        pixels = torch.from_numpy(pixels)
        targets = [torch.from_numpy(t).flatten(0, 1) for t in targets]
        shape, colour, size, _, char, _, column, row = targets
        _, soft, assign = model.encode(pixels)
        y = older.encode(pixels)[1].flatten(0, 1) if older else soft.flatten(0, 1)
        y = y + words.details(shape, char, column, row)
        P.append(assign.flatten(0, 1))
        Y.append(y if older else y + words.objects(shape, colour, size))
    P, Y = torch.cat(P).double(), torch.cat(Y).double()
    table = d["model"]["vte.weight"]
    missing = Y - P @ table[:columns].double()
    A = P.t() @ P
    A += torch.eye(len(A), dtype=A.dtype) * (0.002 * A.diagonal().mean())
    delta = torch.linalg.solve(A, P.t() @ missing)
    left = missing - P @ delta
    print(
        f"{len(P)} blocks, explained {float(1 - left.square().sum() / missing.square().sum()):.3f} "
        f"of what was missing, {float(1 - left.square().sum() / (Y - Y.mean(0)).square().sum()):.3f} of all"
    )
    table[:columns] += delta.float()
    torch.save(d, a.out)


if __name__ == "__main__":
    main()
