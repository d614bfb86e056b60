"""What the text side is told to know half way through its layers, beside the right answers.

The answer to "How many stars?" teaches one word. That each star should know there which one of the stars
it is, each character its place in the word, and each frame its number, teaches every question about
them. These heads stand on the hidden states of the visual tokens and of the token that ends the
pictures, on those of the last token of a question, and on what goes into the first layer; they are
dropped at export.
"""

from collections import Counter

import numpy as np
import pointers
import torch.nn.functional as F
from facts import CHARS, COLOUR_NAMES, SHAPES, SIZE_NAMES
from lessons import block_targets
from torch import nn
from wording import place_of

# layers before these heads: for the pictures, and for the questions about them. It is what the layers of
# pointers.py get, which are told the states behind them.
AFTER = pointers.LAYERS
MANY = 10  # numbers are 0 to MANY - 1
EVENTS = ("right", "left", "down", "up", "bigger", "smaller", "recolour", "count", "appear")
PARTS = {
    # of the block with the middle of an object: which one it is in reading order, which one of its shape,
    # of its colour and of both; its place as answers name it; itself; whether it is in the frame before
    **dict.fromkeys(("ordinal", "of_shape", "of_colour", "of_kind"), MANY),
    **dict.fromkeys(("column", "row"), 3),
    "shape": len(SHAPES),
    "colour": len(COLOUR_NAMES),
    "size": len(SIZE_NAMES),
    "known": 2,
    # of the last token of a question: the object that the answer is about, or the frame or the number of
    # objects, all as above, and whether it is there
    "found": 2,
    # of every block of a film: which frame
    "frame": MANY,
    # of a block with characters: which one the first of them is, how many, and which
    "char": MANY,
    "chars": 4,
    **dict.fromkeys(("char1", "char2", "char3"), len(CHARS) + 1),
    # of the end of the pictures: how many characters, objects, kinds, and of each shape and colour; for
    # films how many there were at first, what happens and in which frame
    "length": MANY,
    "objects": MANY,
    "kinds": MANY,
    **dict.fromkeys(SHAPES, MANY),
    **dict.fromkeys(COLOUR_NAMES, MANY),
    "at_first": MANY,
    "event": len(EVENTS),
    "event_frame": MANY,
    # of every block before the first layer: whether it is the first of a picture or frame, so that frames
    # can be counted
    "corner": 2,
}
WEIGHTS = dict.fromkeys((*SHAPES, *COLOUR_NAMES), 0.05)  # of the parts that are not worth 1
INDEX = {name: k for k, name in enumerate(PARTS)}


class Landmarks(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.apart = False  # whether these heads learn and nothing else learns from them
        self.heads = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, sum(PARTS.values())))

    def forward(self, hidden, targets, tally):
        """Sum of the losses of the parts that have a target in `targets` [N, parts], -1 = none, for hidden
        states [N, H]; `tally` collects right answers per part.
        """
        return self.judge(hidden, targets, tally, [name for name in PARTS if name != "corner"])

    def before(self, embedded, targets, tally):
        """As forward(), of what goes into the first layer."""
        return self.judge(embedded, targets, tally, ["corner"])

    def judge(self, hidden, targets, tally, names):
        keep = (targets >= 0).any(1)
        hidden, targets = hidden[keep].float(), targets[keep]
        out = self.heads(hidden.detach() if self.apart else hidden).float()
        parts = dict(zip(PARTS, out.split(list(PARTS.values()), dim=-1)))
        loss = hidden.sum() * 0
        for name in names:
            t = targets[:, INDEX[name]]
            o, t = parts[name][t >= 0], t[t >= 0]
            if len(t):
                loss = loss + WEIGHTS.get(name, 1.0) * F.cross_entropy(o, t)
                count = tally["knows_" + name]
                count[0] += (o.argmax(-1) == t).sum().item()
                count[1] += len(t)
        return loss


def put_object(row, o):
    """What an object is and where, into the targets [parts] of one token."""
    place = place_of(o) or (-1, -1)
    values = SHAPES.index(o.shape), COLOUR_NAMES.index(o.colour), SIZE_NAMES.index(o.size), *place
    for name, value in zip(("shape", "colour", "size", "row", "column"), values):
        row[INDEX[name]] = value


def nearest(v, blocks):
    """A place (0..1) in the block beside the one with v, across the nearer edge."""
    at = v * blocks
    return (at + (1 if at % 1 > 0.5 else -1)) / blocks


def blocks_of(picture, before=None):
    """[blocks, parts] for one picture, or one frame after the frame `before`."""
    h, w = picture.size
    out = np.full((h // 32 * (w // 32), len(PARTS)), -1, np.int64)
    out[:, INDEX["corner"]] = np.arange(len(out)) == 0

    def block(x, y):
        return pointers.block(picture, x, y)

    def put(at, **values):
        for name, value in values.items():
            out[at, INDEX[name]] = min(value, PARTS[name] - 1)

    there, so_far = {(o.shape, o.colour) for o in before.objects} if before else set(), Counter()
    for n, o in enumerate(sorted(picture.objects, key=lambda o: (block(o.x, o.y), o.x))):
        so_far.update((o.shape, o.colour, (o.shape, o.colour)))
        at = block(o.x, o.y)
        put(
            at,
            ordinal=n + 1,
            of_shape=so_far[o.shape],
            of_colour=so_far[o.colour],
            of_kind=so_far[o.shape, o.colour],
        )
        put_object(out[at], o)
        if before:
            put(at, known=int((o.shape, o.colour) in there))
    for o in picture.objects:  # its block and not the next one, however near
        for x, y in ((nearest(o.x, w // 32), o.y), (o.x, nearest(o.y, h // 32))):
            if out[block(x, y), INDEX["shape"]] < 0:
                put(block(x, y), ordinal=0)
    if picture.kind in ("text", "arithmetic"):
        put_characters(picture, block, put)
    return out


def put_characters(picture, block, put):
    """The parts that are about characters, with the functions of blocks_of()."""
    held = {}
    for n, g in enumerate(sorted(picture.glyphs, key=lambda g: g.x)):
        held.setdefault(block(g.x, g.y), []).append(n + 1)
    seen = block_targets(picture)[4]
    for at, numbers in held.items():
        if (seen[at] == -1).any():
            continue  # one is too near to the edge for anything to decide whose it is (lessons.py)
        put(at, char=numbers[0], chars=len(numbers))
        put(at, **{f"char{k + 1}": c for k, c in enumerate(seen[at]) if c >= 0})


def of_question(qa):
    """Targets [parts] of the last token before the answer."""
    out = np.full(len(PARTS), -1, np.int64)
    if qa.found is not None or qa.about:
        out[INDEX["found"]] = qa.found is not False
    if qa.about:
        put_object(out, qa.about)
    if qa.type == "film_frame":
        out[INDEX["frame"]] = qa.at[0][0]
    elif qa.counted is not None or qa.type == "film_count":
        out[INDEX["objects"]] = min(len(qa.at if qa.counted is None else qa.counted), MANY - 1)
    return out


def totals(objects):
    """What the end of a picture with these objects knows."""
    shapes, colours = Counter(o.shape for o in objects), Counter(o.colour for o in objects)
    return {
        "objects": len(objects),
        "kinds": len({(o.shape, o.colour) for o in objects}),
        **{s: shapes[s] for s in SHAPES},
        **{c: colours[c] for c in COLOUR_NAMES},
    }


def whole(start, blocks, end):
    """Targets of a prefix: of nothing but its blocks, which begin at `start`, the end after them, and
    the line break after that.
    """
    out = np.full((start + len(blocks) + 2, len(PARTS)), -1, np.int64)
    out[start : start + len(blocks)] = blocks
    for name, value in end.items():
        out[start + len(blocks), INDEX[name]] = min(value, PARTS[name] - 1)
    return out


def of_picture(picture, start):
    """Targets of the prefix with this picture, whose blocks begin at `start`."""
    end = totals(picture.objects) if picture.kind not in ("texture", "chart") else {}
    if picture.kind in ("text", "arithmetic"):
        end["length"] = len(picture.glyphs)
    return whole(start, blocks_of(picture), end)


def of_film(film, start):
    """As of_picture()."""
    blocks = []
    for k, frame in enumerate(film.frames):
        blocks.append(blocks_of(frame, film.frames[k - 1] if k else None))
        blocks[-1][:, INDEX["frame"]] = min(k + 1, MANY - 1)
    f = film.facts
    event = f.get("direction", film.kind)
    if film.kind == "grow":
        event = "bigger" if f["bigger"] else "smaller"
    end = totals(film.frames[-1].objects)
    end |= {"at_first": len(film.frames[0].objects), "event": EVENTS.index(event)}
    if "frame" in f:
        end["event_frame"] = f["frame"]
    return whole(start, np.concatenate(blocks), end)


def of_prefix(subject, start):
    """Targets [tokens, parts] of the prefix with a picture or film."""
    return (of_film if hasattr(subject, "frames") else of_picture)(subject, start)
