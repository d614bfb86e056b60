"""Lessons for the vision side alone: crowded pictures, and what each block of a picture shows."""

import math
from bisect import bisect

import numpy as np
from drawing import SS, advance, draw_text, finish, font_files, new_canvas, render
from facts import BACKGROUNDS, CHARS, COLOUR_NAMES, EDGES, SHAPES, SIZE_NAMES, Picture
from scenes import new_object, pick_background, pick_ink


UNSURE = 1.5  # pixels: how well the middle of a character can be seen


def block_targets(picture):
    """Per 32 x 32 block: shape, colour and size of the object whose centre lies in it, colour which
    covers its centre, up to three characters whose centres lie in it, the background, and the
    column and row of the object in the picture. -1 = no target. Shapes: [T] each, [T, 3] for the
    characters.
    """
    h, w = picture.size
    bh, bw = h // 32, w // 32
    T = bh * bw
    shape = np.zeros(T, np.int64)
    colour = np.full(T, -1, np.int64)
    size = np.full(T, -1, np.int64)
    column = np.full(T, -1, np.int64)
    row = np.full(T, -1, np.int64)
    cover = np.zeros(T, np.int64)
    chars = np.zeros((T, 3), np.int64)
    for o in sorted(picture.objects, key=lambda o: -o.r):
        k = min(bh - 1, int(o.y * bh)) * bw + min(bw - 1, int(o.x * bw))
        shape[k] = 1 + SHAPES.index(o.shape)
        colour[k] = COLOUR_NAMES.index(o.colour)
        size[k] = SIZE_NAMES.index(o.size)
        column[k], row[k] = bisect(EDGES, o.x), bisect(EDGES, o.y)
        if o.shape != "ring":
            r = o.r * min(h, w) * 0.7
            ys, xs = np.mgrid[0:bh, 0:bw]
            near = np.hypot(xs * 32 + 16 - o.x * w, ys * 32 + 16 - o.y * h).reshape(-1) < r
            cover[near] = 1 + colour[k]
    slots = {}
    for g in sorted(picture.glyphs, key=lambda g: g.x):
        if 0 <= g.x < 1 and 0 <= g.y < 1 and g.char.upper() in CHARS:
            slots.setdefault(int(g.y * bh) * bw + int(g.x * bw), []).append(
                1 + CHARS.index(g.char.upper())
            )
    for k, ids in slots.items():
        chars[k, : len(ids[:3])] = ids[:3]
    # a character in the middle between two blocks may be told by either: no target where it could stand
    for g in picture.glyphs:
        x, y = g.x * bw, g.y * bh
        at, line, edge, border = int(x), int(y), round(x), round(y)
        if not (0 <= x < bw and 0 <= y < bh and g.char.upper() in CHARS):
            continue
        if abs(x - edge) * 32 < UNSURE and 0 < edge < bw:
            before = len(slots.get(line * bw + edge - 1, ()))
            chars[line * bw + edge - 1, max(0, before - (x < edge)) :] = -1
            chars[line * bw + edge] = -1
        if abs(y - border) * 32 < UNSURE and 0 < border < bh:
            chars[[(border - 1) * bw + at, border * bw + at]] = -1
    names = list(BACKGROUNDS)
    back = np.full(
        T, 1 + names.index(picture.background) if picture.background in names else 0, np.int64
    )
    return shape, colour, size, cover, chars, back, column, row


def crowd(rng, size):
    """Lesson for the vision side only: as many objects as fit, so that one picture teaches twenty
    times as much.
    """
    name, rgb, hard = pick_background(rng, 0.3)
    allowed = [c for c in COLOUR_NAMES if c not in hard]
    h, w = size
    short, done, taken = min(h, w), [], set()
    plan = ["large"] * rng.choice((0, 0, 1, 2)) + ["medium"] * rng.randint(1, 7) + ["small"] * 26
    for s in plan:
        o = new_object(rng, allowed, s)
        r = o.r * 1.12
        mx, my = (r * short + 1) / w, (r * short + 1) / h
        for _ in range(12):
            x, y = rng.uniform(mx, 1 - mx), rng.uniform(my, 1 - my)
            block = (int(y * h / 32), int(x * w / 32))
            if block not in taken and all(
                math.hypot((x - p.x) * w, (y - p.y) * h) > (r + p.r * 1.12 + 0.01) * short
                for p in done
            ):
                o.x, o.y = x, y
                done.append(o)
                taken.add(block)
                break
    return render(rng, Picture("objects", size, name, done), rgb)


def page(rng, size):
    """Lesson for the vision side only: lines of random characters in many fonts and sizes, far enough
    apart that no block holds the middle of two lines.
    """
    name, rgb, hard = pick_background(rng, 0.4)
    canvas = new_canvas(size, rgb)
    h, w = size
    picture = Picture("page", size, name)
    y = rng.uniform(-6, 24)
    while True:
        letter = rng.uniform(18, 36) if rng.random() < 0.3 else rng.uniform(26, 64)
        cy = y + letter / 2
        if cy + 0.4 * letter > h:
            break
        pool = rng.choice(
            ("0123456789", "0123456789+-×=?", CHARS[10:36], CHARS[:36], CHARS[10:36].lower())
        )
        path = rng.choice(font_files())
        _, ink = pick_ink(rng, rgb, hard)

        def width(text):
            return sum(advance(path, 40, c)[0] for c in text) / 40 * letter

        text = rng.choice(pool)
        while len(text) < 15 and width(text) < 0.9 * w:
            text += rng.choice(pool)
        text = text[: rng.randint(max(1, len(text) // 2), len(text))]
        room = min(width(text), 0.94 * w)
        cx = rng.uniform(room / 2 + 3, max(room / 2 + 3, w - room / 2 - 3))
        angle = rng.uniform(-2, 2) if rng.random() < 0.3 else 0.0
        picture.glyphs += draw_text(
            rng, canvas, text, cx * SS, cy * SS, letter * SS, ink, 0.94 * w * SS, angle, path
        )
        y += max(33.0, 1.1 * letter)
    picture.pixels = finish(rng, canvas)
    return picture
