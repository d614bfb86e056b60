"""An exported folder, ready to run: preprocessing, prompt and greedy decoding."""

import math
import os

import data
import numpy as np
import torch
from checkpoint import exported, read_json
from model import INDICATORS, patchify
from PIL import Image
from tokenizers import Tokenizer


def smart_resize(h, w, low, high):
    """(height, width) that the model family resizes a picture to: multiples of 32 with low to high
    pixels.
    """
    if h < 32 or w < 32:
        h, w = (32, round(32 / h * w)) if h < w else (round(32 / w * h), 32)
    elif max(h, w) / min(h, w) > 200:
        h, w = (200 * w, w) if h > w else (h, 200 * h)
    height, width = round(h / 32) * 32, round(w / 32) * 32
    if height * width > high:
        beta = math.sqrt(h * w / high)
        height, width = math.floor(h / beta / 32) * 32, math.floor(w / beta / 32) * 32
    elif height * width < low:
        beta = math.sqrt(low / (h * w))
        height, width = math.ceil(h * beta / 32) * 32, math.ceil(w * beta / 32) * 32
    return max(32, height), max(32, width)


def resized(image, width, height):
    """Bilinear, the horizontal pass first. Pillow 13 chooses the order by size, which shows in the
    result because each pass rounds to 8 bits.
    """
    for size in ((width, image.height), (width, height)):
        if image.size != size:
            image = image.resize(size, Image.BILINEAR)
    return image


class Runtime:
    """An exported folder, ready to answer. Weights are widened from bf16 to `dtype`."""

    def __init__(self, folder, dtype=torch.float32):
        pre = read_json(folder, "preprocessor_config.json")
        self.bounds = pre["min_pixels"], pre["max_pixels"]
        self.model = exported(folder).to(dtype).eval()
        self.tok = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        self.encoder = data.Encoder(self.tok)
        self.stop = {self.tok.token_to_id("<|im_end|>"), self.tok.token_to_id("<|endoftext|>")}

    def pixels(self, frames):
        """One picture or the frames of one film, resized alike: u8 [frames, H, W, 3]."""
        frames = [f if f.mode == "RGB" else f.convert("RGB") for f in frames]
        h, w = smart_resize(frames[0].height, frames[0].width, *self.bounds)
        return torch.from_numpy(np.stack([np.asarray(resized(f, w, h)) for f in frames]))

    def patches(self, frames):
        """The model's input of the vision side, [P, 768], and its grid [frames, rows, columns]."""
        pixels = self.pixels(frames)
        grid = [len(frames), pixels.shape[1] // 16, pixels.shape[2] // 16]
        return patchify(pixels).reshape(-1, 768), grid

    @torch.no_grad()
    def see(self, frames):
        """One picture or the frames of one film -> soft tokens [T, H]."""
        return self.model.encode(self.pixels(frames))[1].reshape(
            -1, self.model.config.text.hidden_size
        )

    @torch.no_grad()
    def prompt(self, soft, video, turns, thinking, system=None):
        """turns: [(question, answer)...] with the last answer None -> ids and embeddings."""
        e = self.encoder
        ids = e.prefix([len(s) for s in soft], video, system)
        for q, a in turns[:-1]:
            ids += e.text(q) + e.assistant + e.text(a) + e.next_user
        ids += e.text(turns[-1][0]) + e.assistant + ([] if thinking else e.no_think)
        t = torch.tensor(ids)
        x = self.model.llm.model.embed_tokens.weight[t.clamp(min=0)].clone()
        for k in range(INDICATORS):
            row = self.model.config.visual_vocab_size - INDICATORS + k
            x[t == data.IMAGE_BEGIN - k] = self.model.vte.weight[row]
        if soft:
            x[t == data.ATOM] = torch.cat(soft)
        return ids, x

    @torch.no_grad()
    def generate(self, x, limit):
        """Greedy ids after the embedded prompt x [S, H], a stop id among them, and the smallest
        lead of a best logit.
        """
        text, c = self.model.llm.model, self.model.config.text
        caches = [{} for _ in range(c.num_hidden_layers)]
        n = len(x)
        mask = torch.ones(n, n, dtype=torch.bool).tril()
        h = text(x[None], torch.arange(n)[None], mask, caches)[:, -1:]
        out, margin = [], math.inf
        while len(out) < limit:
            best = self.model.logits(h)[0, -1].topk(2)
            margin = min(margin, float(best.values[0] - best.values[1]))
            i = int(best.indices[0])
            out.append(i)
            if i in self.stop:
                break
            h = text(text.embed_tokens.weight[i][None, None], torch.tensor([[n]]), None, caches)
            n += 1
        return out, margin

    @torch.no_grad()
    def forced_logits(self, x, ids):
        """Logits for the last position of the prompt x [S, H] and for each of the ids after it:
        [ids + 1, V].
        """
        text = self.model.llm.model
        full = torch.cat([x, text.embed_tokens.weight[torch.tensor(ids)]])[None]
        n = full.shape[1]
        mask = torch.ones(n, n, dtype=torch.bool).tril()
        return self.model.logits(text(full, torch.arange(n)[None], mask))[0, len(x) - 1 :]

    def answer(self, soft, turns, thinking=False, video=False, limit=200, system=None):
        """Greedy text -> (thinking, answer)."""
        _, x = self.prompt(soft, video, turns, thinking, system)
        s = self.tok.decode(self.generate(x, limit)[0], skip_special_tokens=True)
        if thinking and "</think>" in s:
            thought, text = s.split("</think>", 1)
            return thought.replace("<think>", "").strip(), text.strip()
        return "", s.strip()


def normal(s):
    """Comparison form of an answer: case, final stop and spaces do not matter."""
    return " ".join(s.lower().split()).rstrip(".。!").strip()


def items(s):
    """Order-free form of an enumeration: table rows, list lines, or the objects of a description."""
    if "\n" in s:
        return sorted(line.strip().lower() for line in s.split("\n"))
    s = normal(s)
    tail = ""
    if " on a " in s:
        s, tail = s.rsplit(" on a ", 1)
    for word in (" and ", "、"):
        s = s.replace(word, ", ")
    return sorted(s.split(", ")) + [tail]


def right(answer, accepted, kind=""):
    """Exact match; in descriptions, lists and tables the order of the objects does not matter."""
    if normal(answer) in {normal(a) for a in accepted}:
        return True
    return kind in ("describe", "list", "table") and items(answer) in [items(a) for a in accepted]
