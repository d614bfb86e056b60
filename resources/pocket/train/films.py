"""Short films in which one thing happens, and pairs of pictures which differ in one object."""

from dataclasses import replace

from drawing import jitter, render
from facts import BACKGROUNDS, COLOUR_NAMES, COLOURS, SHAPES, Film, Picture
from scenes import new_object, pick_background, place, scattered

DIRECTIONS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}


def make_film(rng, size, frames=None, kind=None):
    """A film of `frames` pictures; its facts say what moves, changes, appears or grows."""
    n = frames or rng.choice((4, 5, 6, 6, 8, 8))
    kind = kind or rng.choice(("move", "move", "recolour", "count", "appear", "appear", "grow"))
    name, rgb, hard = pick_background(rng, 0.5)
    allowed = [c for c in COLOUR_NAMES if c not in hard]
    h, w = size
    facts = {}
    states = []  # per frame: list of objects

    if kind == "move":
        o = new_object(rng, allowed, rng.choice(("small", "medium", "medium", "large")))
        d = rng.choice(list(DIRECTIONS))
        ux, uy = DIRECTIONS[d]
        room = o.r * 1.12 * min(h, w) + 2
        mx, my = room / w, room / h
        a, b = rng.uniform(0.0, 0.15), rng.uniform(0.75, 1.0)
        for i in range(n):
            t = a + (b - a) * i / (n - 1)
            x = mx + (1 - 2 * mx) * (t if ux > 0 else 1 - t) if ux else None
            y = my + (1 - 2 * my) * (t if uy > 0 else 1 - t) if uy else None
            states.append((x, y))
        fx, fy = rng.uniform(mx, 1 - mx), rng.uniform(my, 1 - my)
        states = [
            [replace(o, x=fx if x is None else x, y=fy if y is None else y)] for x, y in states
        ]
        facts = {"object": o, "direction": d}
    elif kind == "recolour":
        o = new_object(rng, allowed, rng.choice(("medium", "large")))
        place(rng, [o], size)
        c2 = rng.choice([c for c in allowed if c != o.colour])
        at = rng.randint(2, n)  # first frame (1-based) with the new colour
        rgb2 = jitter(rng, COLOURS[c2], 7 if c2 in ("black", "white", "gray") else 14)
        states = [[replace(o) if i + 1 < at else replace(o, colour=c2, rgb=rgb2)] for i in range(n)]
        facts = {"object": o, "from": o.colour, "to": c2, "frame": at}
    elif kind == "count":
        while True:
            last = rng.randint(2, 6)
            objects = [
                new_object(rng, allowed, rng.choice(("small", "small", "medium")))
                for _ in range(last)
            ]
            if place(rng, objects, size, gap=0.03):
                break
        rng.shuffle(objects)
        first = rng.randint(1, last)
        if rng.random() < 0.25:
            first, last = last, max(1, first - 1)
        numbers = [round(first + (last - first) * i / (n - 1)) for i in range(n)]
        states = [[replace(o) for o in objects[:k]] for k in numbers]
        facts = {"first": numbers[0], "last": numbers[-1]}
    elif kind == "appear":
        shape = "star" if rng.random() < 0.6 else rng.choice(SHAPES)
        others = [s for s in SHAPES if s != shape]
        while True:
            base = [
                new_object(rng, allowed, rng.choice(("small", "medium")), shape=rng.choice(others))
                for _ in range(rng.randint(0, 2))
            ]
            o = new_object(rng, allowed, rng.choice(("small", "medium", "large")), shape=shape)
            if place(rng, base + [o], size, gap=0.03):
                break
        at = rng.randint(2, n)
        states = [
            [replace(b) for b in base] + ([replace(o)] if i + 1 >= at else []) for i in range(n)
        ]
        facts = {"object": o, "frame": at}
    else:  # grow or shrink
        o = new_object(rng, allowed, "large", 0.5, 0.5)
        place(rng, [o], size)
        a, b = 0.08, rng.uniform(0.2, 0.26)
        if rng.random() < 0.5:
            a, b = b, a
        states = [[replace(o, r=a + (b - a) * i / (n - 1))] for i in range(n)]
        facts = {"object": o, "bigger": b > a}
    soft = rng.random() < 0.3
    pictures = [render(rng, Picture("frame", size, name, objs), rgb, soft) for objs in states]
    return Film(kind, size, name, pictures, facts)


def make_pair(rng, size):
    """Two pictures of objects, mostly the same but for one object."""
    first = scattered(rng, size, most=3)
    if rng.random() < 0.3:
        return first, scattered(rng, size, most=3)
    rgb, hard = BACKGROUNDS[first.background]
    allowed = [c for c in COLOUR_NAMES if c not in hard]
    objects = [replace(o) for o in first.objects]
    o = rng.choice(objects)
    new = new_object(rng, allowed, o.size)
    o.colour, o.rgb, o.shape, o.angle = new.colour, new.rgb, new.shape, new.angle
    return first, render(rng, Picture("objects", size, first.background, objects), rgb, False)
