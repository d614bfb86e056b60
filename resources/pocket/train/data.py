"""Token sequences for training.

One picture (or film, or two pictures) has several conversations about it. They share the picture as
their prefix and do not see each other: the positions of each continue the prefix, and its attention
is limited to the prefix and itself (attention.py). This is exactly training on separate conversations,
with the picture encoded only once. Only the answers (and, with thinking on, the thoughts) count for
the loss.
"""

from functools import partial

import numpy as np
from film_questions import ask_film, ask_pair
from films import make_film, make_pair
from questions import ask
from small_talk import small_talk, text_math
from vision_data import pick_grid, picture_for, stack_targets
from wording import sloppy

ATOM, IMAGE_BEGIN, IMAGE_END, VIDEO_BEGIN, VIDEO_END = -300, -301, -302, -303, -304
IGNORE = -100
SYSTEMS = (
    "You are a helpful assistant.",
    "You are Argali, a helpful assistant.",
    "Answer briefly.",
    "你是一个有用的助手。",
)


class Encoder:
    """Text to ids with the conversation template of the model family."""

    def __init__(self, tokenizer):
        self.tok = tokenizer
        ids = {
            t: tokenizer.token_to_id(t)
            for t in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<think>", "</think>")
        }
        self.im_start, self.im_end, self.pad = (
            ids["<|im_start|>"],
            ids["<|im_end|>"],
            ids["<|endoftext|>"],
        )
        self.user = self.text("<|im_start|>user\n")
        self.next_user = self.text("<|im_end|>\n<|im_start|>user\n")
        self.assistant = self.text("<|im_end|>\n<|im_start|>assistant\n")
        self.no_think = self.text("<think>\n\n</think>\n\n")
        self.newline = self.text("\n")

    def text(self, s):
        return self.tok.encode(s, add_special_tokens=False).ids

    def prefix(self, counts, video=False, system=None):
        """counts: visual tokens of every picture (one number for a film)."""
        ids = list(self.text(f"<|im_start|>system\n{system}<|im_end|>\n")) if system else []
        ids += self.user
        begin, end = (VIDEO_BEGIN, VIDEO_END) if video else (IMAGE_BEGIN, IMAGE_END)
        for n in counts:
            ids += [begin] + [ATOM] * n + [end] + self.newline
        return ids

    def segment(self, qa, thinking):
        """ids and whether each id is a target."""
        ids = []
        for q, a in qa.history:
            ids += self.text(q) + self.assistant + self.text(a) + self.next_user
        ids += self.text(qa.q) + self.assistant
        if not thinking:
            ids += self.no_think
        answer = self.text((f"<think>\n{qa.think}\n</think>\n\n" if thinking else "") + qa.a) + [
            self.im_end
        ]
        return ids + answer, [False] * len(ids) + [True] * len(answer)


def pack(encoder, items):
    """items: [(prefix ids, [(QA, thinking)])], the prefixes of equal length -> one batch. `ids`, `pos`
    and `label` are one row of all tokens: the prefixes, then the conversations from the shortest to
    the longest; of these `lengths`, `owners` (the number of the prefix) and `types`.
    """
    prefix = len(items[0][0])
    ids, pos, label = [], list(range(prefix)) * len(items), [IGNORE] * prefix * len(items)
    talks = []
    for k, (start, qas) in enumerate(items):
        assert len(start) == prefix
        ids += start
        for qa, thinking in qas:
            talks.append((*encoder.segment(qa, thinking), k, qa.type + "+think" * thinking))
    talks.sort(key=lambda t: len(t[0]))
    for t, want, _, _ in talks:
        ids += t[:-1]
        pos += range(prefix, prefix + len(t) - 1)
        label += [t[i + 1] if want[i + 1] else IGNORE for i in range(len(t) - 1)]
    return {
        **{n: np.asarray(v) for n, v in (("ids", ids), ("pos", pos), ("label", label))},
        "prefixes": (len(items), prefix),
        "lengths": [len(t[0]) - 1 for t in talks],
        "owners": [t[2] for t in talks],
        "types": [t[3] for t in talks],
    }


def with_thinking(rng, qas, share):
    """[(QA, whether thinking is on)]; most questions are typed less carefully, quoted text
    excepted.
    """
    out = []
    for qa in qas:
        if rng.random() >= 0.12 and '"' not in qa.q:
            qa.q = sloppy(rng, qa.q)
        out.append((qa, bool(qa.think) and rng.random() < share))
    return out


def system_prompt(rng):
    return rng.choice(SYSTEMS) if rng.random() < 0.03 else None


# pictures with one answer to everything
SOON_LEARNT = ("texture", "chart", "blank")


def about_pictures(pictures, rng, encoder, asks, share):
    """Up to `asks` questions about each of these pictures of one size, the `share` of them that can be is
    asked with thinking on.
    """
    grid = pictures[0].size
    prefix = encoder.prefix([grid[0] * grid[1] // 1024], system=system_prompt(rng))
    items = []
    for p in pictures:
        count = 2 if p.kind in SOON_LEARNT else asks
        items.append((prefix, with_thinking(rng, ask(rng, p, count), share)))
    return {**pack(encoder, items), "again": partial(about_pictures, pictures)}


def picture_batch(rng, encoder, count, asks, share, shapes=None):
    """`count` pictures with questions. `shapes`: the generator that chooses the size, which processes
    share so that none waits for another. "again" asks other questions about the same pictures.
    """
    grid = pick_grid(shapes or rng)
    pictures = [picture_for(rng, grid) for _ in range(count)]
    batch = about_pictures(pictures, rng, encoder, asks, share)
    batch["pixels"] = np.stack([p.pixels for p in pictures])
    batch["targets"] = stack_targets(pictures)
    return batch


def about_films(films, rng, encoder, asks, share):
    """As about_pictures(), for films of one size and length."""
    h, w = films[0].size
    prefix = encoder.prefix([len(films[0].frames) * h * w // 1024], video=True)
    items = [(prefix, with_thinking(rng, ask_film(rng, f, asks), share)) for f in films]
    return {**pack(encoder, items), "again": partial(about_films, films)}


FILM_GRIDS = {(192, 256): 60, (192, 192): 20, (160, 288): 20}


def film_batch(rng, encoder, count, asks, share, shapes=None):
    """`count` films of the same length and grid, which `shapes` chooses."""
    shapes = shapes or rng
    grid = shapes.choices(list(FILM_GRIDS), weights=list(FILM_GRIDS.values()))[0]
    frames = shapes.choice((4, 4, 5, 6, 6, 8, 8))
    films = [make_film(rng, grid, frames) for _ in range(count)]
    batch = about_films(films, rng, encoder, asks, share)
    batch["pixels"] = np.stack([p.pixels for f in films for p in f.frames])
    return batch


def pair_batch(rng, encoder, count, share):
    """`count` pairs of pictures, which the model learns to refuse."""
    grid = rng.choice(((192, 256), (192, 192)))
    items, pixels = [], []
    for _ in range(count):
        items.append(
            (
                encoder.prefix([grid[0] * grid[1] // 1024] * 2),
                with_thinking(rng, ask_pair(rng), share),
            )
        )
        pixels += [p.pixels for p in make_pair(rng, grid)]
    batch = pack(encoder, items)
    batch["pixels"] = np.stack(pixels)
    return batch


def talk_batch(rng, encoder, count, asks, share):
    """Conversations without a picture, half of them sums."""
    prefix = encoder.prefix([], system=system_prompt(rng))

    def one():
        return text_math(rng) if rng.random() < 0.5 else small_talk(rng)

    items = [
        (prefix, with_thinking(rng, [one() for _ in range(asks)], share)) for _ in range(count)
    ]
    return pack(encoder, items)
