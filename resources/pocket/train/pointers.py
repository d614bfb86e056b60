"""Where a question and each word of its answer should look.

A right answer says little about where it was to be found, and finding is what a text side of this size is
slow to learn. The first head of two layers is therefore told: that of the first looks from the end of a
question at what is asked about, that of the second from each word at the object, or the character, that
the next word tells of. Nothing of this is left in the exported model but what it learnt.
"""

import torch
import torch.nn.functional as F
from model import rotate_half
from wording import ZH, group_counts, numbered, plural, spelled

LAYERS = 3, 4  # the layers with these heads, from 0: for questions, and for answers
MOST = 12  # places at most


def block(picture, x, y):
    """Number of the 32 x 32 block at x, y (0..1)."""
    rows, columns = picture.size[0] // 32, picture.size[1] // 32
    row, column = min(rows - 1, max(0, int(y * rows))), min(columns - 1, max(0, int(x * columns)))
    return row * columns + column


def _phrases(picture):
    """[(ways to name it in an enumeration, its objects)] in the order of answers."""
    if picture.kind != "groups":
        for o in picture.objects:
            size, colour, shape = o.size, o.colour, o.shape
            yield (
                (
                    f"{size} {colour} {shape}",
                    f"{shape} | {colour} | {size}",
                    f"{ZH[size]}的{ZH[colour]}{ZH[shape]}",
                    f"{ZH[shape]} | {ZH[colour]} | {ZH[size]}",
                ),
                [o],
            )
        return
    for (c, s), n in group_counts(picture.objects):
        yield (
            (
                f"{n} {c} {plural(s, n)}",
                f"{s} | {c} | {n}",
                f"{n}个{ZH[c]}{ZH[s]}",
                f"{ZH[s]} | {ZH[c]} | {n}",
            ),
            [o for o in picture.objects if (o.colour, o.shape) == (c, s)],
        )


def _mentions(picture, text):
    """[(begin, end, things)] of the enumerated objects and the quoted characters in a text."""
    out, at = [], 0
    for o, k in numbered(picture.objects) if picture.kind == "groups" else ():
        for form in (f"{o.colour} {o.shape} {k}", f"{ZH[o.colour]}{ZH[o.shape]}{k}"):
            if (begin := text.find(form, at)) >= 0:
                at = begin + len(form)
                out.append((begin, at, [o]))
    for forms, things in _phrases(picture):
        hits = [(text.find(f, at), len(f)) for f in forms if f in text[at:]]
        if hits:
            begin, length = min(hits)
            at = begin + length
            out.append((begin, at, things))
    if picture.text and picture.kind == "text":
        glyphs = iter(picture.glyphs)
        chars = [(c, next(glyphs)) for c in picture.text if c != " "]
        for form in (f'"{picture.text}"', f"“{picture.text}”"):
            at = text.find(form)
            for c, glyph in chars if at >= 0 else ():
                at = text.index(c, at)
                out.append((at, at + 1, [glyph]))
                at += 1
        for comma in (", ", "、"):
            at = text.find(spelled(picture.text, comma))
            for k, (c, glyph) in enumerate(chars) if at >= 0 else ():
                end = text.index(f"{k + 1}:{c}", at) + len(f"{k + 1}:{c}")
                out.append((at, end, [glyph]))
                at = end
    return out


def _asked(subject, qa):
    """Blocks of what a question is about."""
    if qa.at:
        blocks = subject.size[0] // 32 * (subject.size[1] // 32)
        at = sorted({(frame - 1) * blocks + block(subject, o.x, o.y) for frame, o in qa.at})
        return _last(at) if qa.type == "film_count" else at
    things = qa.counted if qa.counted is not None else [qa.about] if qa.about else []
    return _last([block(subject, o.x, o.y) for o in things])


def _last(blocks):
    """Of some things the last one, which knows how many they are (landmarks.py)."""
    return [max(blocks)] if blocks else []


def of_answer(subject, qa, thinking, answer, offsets):
    """Where to look for an answer in the picture or film `subject`: what the question is about (blocks;
    empty: not told), and [(number of the token, blocks)] for tokens of the answer at these offsets.
    """
    asked, mentions = _asked(subject, qa), []
    if not hasattr(subject, "frames"):
        split = answer.find("</think>") if thinking else 0
        mentions = _mentions(subject, answer[:split]) if split else []
        mentions += [(b + split, e + split, t) for b, e, t in _mentions(subject, answer[split:])]
    told = []
    for k, (begin, end) in enumerate(offsets):
        inside = [t for b, e, t in mentions if begin < e and end > b]
        if inside and not (len(mentions) == 1 and qa.about):
            told.append((k, _last([block(subject, o.x, o.y) for o in inside[0]])))
        elif inside:  # of two that are told of in the same words, the one that is meant
            told.append((k, asked))
        elif asked and not mentions:
            told.append((k, asked))
    if not asked and mentions and mentions[0][0] < 8:  # the answer begins with it
        asked = _last([block(subject, o.x, o.y) for o in mentions[0][2]])
    return [] if thinking else asked, told


def loss(text, k, hidden, rows, owners, places, prefixes, positions):
    """Mean over `rows` [R] of -log of the share of its attention within the prefix that the head of layer
    LAYERS[k] has on `places` [R, MOST] (-1: none) of the prefix of `owners` [R]; hidden [N, H]: what goes
    into that layer, positions [N]. And how many look there most.
    """
    layer, c = text.layers[LAYERS[k]], text.config
    a, (count, length) = layer.self_attn, prefixes
    normed = layer.input_layernorm(torch.cat((hidden[: count * length], hidden[rows])))
    inverse = c.rope_theta ** (
        -torch.arange(0, c.head_dim, 2, dtype=torch.float32, device=hidden.device) / c.head_dim
    )
    at = torch.cat((positions[: count * length], positions[rows]))
    angle = at[:, None].float() * inverse
    cos, sin = torch.cat((angle, angle), -1).cos(), torch.cat((angle, angle), -1).sin()

    def head(projection, norm, part):
        x = norm(F.linear(normed[part], projection.weight[: c.head_dim]))
        return x * cos[part] + rotate_half(x) * sin[part]

    keys = head(a.k_proj, a.k_norm, slice(0, count * length)).view(count, length, -1)
    queries = head(a.q_proj, a.q_norm, slice(count * length, None))
    scores = torch.einsum("rd,rkd->rk", queries.float(), keys.float()[owners]) / c.head_dim**0.5
    scores = scores.log_softmax(-1)
    there = scores.gather(1, places.clamp(min=0)).masked_fill(places < 0, -torch.inf)
    most = (scores.argmax(-1)[:, None] == places).any(-1).sum().item()
    return -there.logsumexp(-1).mean(), most
