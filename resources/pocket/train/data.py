"""Token sequences for training.

One picture (or film, or two pictures) has several conversations about it. They share the picture as
their prefix and do not see each other: the positions of each continue the prefix, and its attention
is limited to the prefix and itself (attention.py). This is exactly training on separate conversations,
with the picture encoded only once. Only the answers (and, with thinking on, the thoughts) count for
the loss.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import landmarks
import numpy as np
import pointers
from film_questions import ask_film, ask_pair
from films import make_film, make_pair
from questions import ask
from small_talk import small_talk, text_math
from tokenizers import Tokenizer
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
        """ids, how many of them come before the answer, and the answer with the offsets of its tokens."""
        ids = []
        for q, a in qa.history:
            ids += self.text(q) + self.assistant + self.text(a) + self.next_user
        ids += self.text(qa.q) + self.assistant
        if not thinking:
            ids += self.no_think
        answer = (f"<think>\n{qa.think}\n</think>\n\n" if thinking else "") + qa.a
        encoded = self.tok.encode(answer, add_special_tokens=False)
        return ids + encoded.ids + [self.im_end], len(ids), answer, encoded.offsets


@lru_cache(maxsize=1)
def encoder_of(path):
    return Encoder(Tokenizer.from_file(path))


@dataclass
class Hints:
    """What the heads of landmarks.py and pointers.py are taught about a batch: rows, and targets."""

    pictures: list = field(default_factory=list)  # [parts] of each row of the prefixes
    ends: list = field(default_factory=list)  # rows in which questions end
    questions: list = field(default_factory=list)  # [parts] of each of them
    # for the two heads of pointers.py: (row, number of the prefix, places in it)
    looks: tuple = field(default_factory=lambda: ([], []))

    def look(self, k, row, owner, places):
        places = (places + [-1] * pointers.MOST)[: pointers.MOST]
        self.looks[k].append((row, owner, *places))

    def arrays(self):
        parts = len(landmarks.PARTS)
        known = np.concatenate([*self.pictures, np.array(self.questions).reshape(-1, parts)])
        looks = [np.array(v, np.int64).reshape(-1, 2 + pointers.MOST) for v in self.looks]
        ends = np.array(self.ends, np.int64)
        return {"known": known.astype(np.int64), "ends": ends, "looks": looks}


def pack(encoder, items):
    """items: [(prefix ids, [(QA, thinking)], the picture or film)], the prefixes of equal length -> one
    batch. `ids`, `pos` and `label` are one row of all tokens: the prefixes, then the conversations from
    the shortest to the longest; of these `lengths`, `owners` (the number of the prefix) and `types`.
    `hints`: as Hints.arrays().
    """
    prefix = len(items[0][0])
    ids, pos, label = [], list(range(prefix)) * len(items), [IGNORE] * prefix * len(items)
    talks, hints = [], Hints()
    for k, (start, qas, subject) in enumerate(items):
        assert len(start) == prefix
        ids += start
        if subject:
            hints.pictures.append(landmarks.of_prefix(subject, start.index(ATOM)))
        talks += [(encoder.segment(qa, thinking), k, qa, thinking) for qa, thinking in qas]
    talks.sort(key=lambda t: len(t[0][0]))
    for (t, asked, answer, offsets), k, qa, thinking in talks:
        end = len(ids) + asked - 1
        if not thinking:
            hints.ends.append(end)
            hints.questions.append(landmarks.of_question(qa))
        if subject := items[k][2]:
            first = items[k][0].index(ATOM)
            about, told = pointers.of_answer(subject, qa, thinking, answer, offsets)
            if about:
                hints.look(0, end, k, [first + b for b in about])
            for token, blocks in told:
                hints.look(1, end + token, k, [first + b for b in blocks])
        ids += t[:-1]
        pos += range(prefix, prefix + len(t) - 1)
        label += [IGNORE] * (asked - 1) + t[asked:]
    return {
        **{n: np.asarray(v) for n, v in (("ids", ids), ("pos", pos), ("label", label))},
        "prefixes": (len(items), prefix),
        "lengths": [len(t[0][0]) - 1 for t in talks],
        "owners": [t[1] for t in talks],
        "types": [t[2].type + "+think" * t[3] for t in talks],
        "hints": hints.arrays(),
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


# types of questions that are soon learnt, and the share of them that is asked
SELDOM = {
    "arithmetic": 0.5,
    "background": 0.15,
    "colour": 0.6,
    "film_appear": 0.4,
    "film_change": 0.4,
    "film_colour": 0.3,
    "film_grow": 0.3,
    "film_move": 0.4,
    "missing": 0.6,
    "offtopic": 0.5,
    "shape": 0.25,
    "size": 0.7,
    "textcolour": 0.25,
}


def due(rng, qa):
    """Whether to ask this one."""
    return rng.random() < SELDOM.get(qa.type, 1.0)


FILM_ASKS = 5  # questions about a film
TALK_ASKS = 8  # conversations without a picture, in the place of one


def films_for(pictures):
    """Films, pairs, or rows of talk beside so many pictures: each is as long as several of them."""
    return max(1, pictures // 4)


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
        items.append((prefix, with_thinking(rng, ask(rng, p, count, due), share), p))
    return {**pack(encoder, items), "about": (about_pictures, pictures)}


def take_pixels(pictures):
    """Those of pictures of one size [N, H, W, 3], which do not hold them any longer."""
    pixels = np.stack([p.pixels for p in pictures])
    for p in pictures:
        p.pixels = None
    return pixels


def picture_batch(rng, encoder, count, asks, share, shapes=None):
    """`count` pictures with questions. `shapes`: the generator that chooses the size, which processes
    share so that none waits for another. "about": what asks about them, and the pictures.
    """
    grid = pick_grid(shapes or rng)
    pictures = [picture_for(rng, grid) for _ in range(count)]
    batch = about_pictures(pictures, rng, encoder, asks, share)
    batch["targets"] = stack_targets(pictures)
    batch["pixels"] = take_pixels(pictures)
    return batch


def about_films(films, rng, encoder, asks, share):
    """As about_pictures(), for films of one size and length."""
    h, w = films[0].size
    prefix = encoder.prefix([len(films[0].frames) * h * w // 1024], video=True)
    items = [(prefix, with_thinking(rng, ask_film(rng, f, asks, due), share), f) for f in films]
    return {**pack(encoder, items), "about": (about_films, films)}


FILM_GRIDS = {(192, 256): 60, (192, 192): 20, (160, 288): 20}


def film_batch(rng, encoder, count, asks, share, shapes=None):
    """`count` films of the same length and grid, which `shapes` chooses."""
    shapes = shapes or rng
    grid = shapes.choices(list(FILM_GRIDS), weights=list(FILM_GRIDS.values()))[0]
    frames = shapes.choice((4, 5, 6, 7, 8, 8, 8))
    films = [make_film(rng, grid, frames) for _ in range(count)]
    batch = about_films(films, rng, encoder, asks, share)
    batch["pixels"] = take_pixels([p for f in films for p in f.frames])
    return batch


def pair_batch(rng, encoder, count, share, shapes=None):
    """`count` pairs of pictures, which the model learns to refuse; `shapes` chooses their size."""
    grid = (shapes or rng).choice(((192, 256), (192, 192)))
    items, pixels = [], []
    for _ in range(count):
        items.append(
            (
                encoder.prefix([grid[0] * grid[1] // 1024] * 2),
                with_thinking(rng, ask_pair(rng), share),
                None,
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
        (prefix, with_thinking(rng, [one() for _ in range(asks)], share), None)
        for _ in range(count)
    ]
    return pack(encoder, items)
