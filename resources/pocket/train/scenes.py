"""Synthetic pictures with complete knowledge of what they show.

Every picture is drawn from a `random.Random`, so one seed is one picture. `Picture` carries the
pixels and the facts (objects, written text, bars ...) from which the question modules write
questions and true answers.
"""

import math

import numpy as np
from drawing import SS, draw_object, draw_text, finish, font, font_files, jitter, new_canvas, render
from facts import BACKGROUNDS, COLOUR_NAMES, COLOURS, SHAPES, SIZE_NAMES, SIZES, WORDS, Obj, Picture
from PIL import Image, ImageDraw, ImageFilter


def pick_background(rng, white=0.4):
    name = "white" if rng.random() < white else rng.choice(list(BACKGROUNDS))
    rgb, hard = BACKGROUNDS[name]
    return (
        name,
        (rgb if name in ("white", "black") and rng.random() < 0.7 else jitter(rng, rgb, 6)),
        hard,
    )


def new_object(rng, allowed, size, x=0.0, y=0.0, shape=None, colour=None):
    shape = shape or rng.choice(SHAPES)
    colour = colour or rng.choice(allowed)
    lo, hi = SIZES[size]
    amount = 7 if colour in ("black", "white", "gray") else 14
    o = Obj(shape, colour, size, x, y, rng.uniform(lo, hi), jitter(rng, COLOURS[colour], amount))
    if rng.random() < 0.2 and shape != "diamond":
        o.angle = math.radians(rng.uniform(-10, 10))
    o.outline = rng.uniform(0.05, 0.16) if rng.random() < 0.14 else 0.0
    o.shadow = rng.random() < 0.04
    return o


def place(rng, objects, size, gap=0.02, min_dx=0.0):
    """Put the objects where they do not touch; False if that does not work out."""
    h, w = size
    short = min(h, w)
    done = []
    for o in sorted(objects, key=lambda o: -o.r):
        r = o.r * 1.12
        mx, my = (r * short + 2) / w, (r * short + 2) / h
        for _ in range(60):
            x, y = rng.uniform(mx, 1 - mx), rng.uniform(my, 1 - my)
            if all(
                math.hypot((x - p.x) * w, (y - p.y) * h) > (r + p.r * 1.12 + gap) * short
                and abs(x - p.x) >= min_dx
                for p in done
            ):
                o.x, o.y = x, y
                done.append(o)
                break
        else:
            return False
    return True


def reading_order(objects, size):
    """Rows of 32 x 32 blocks from top to bottom, each from left to right: the order in which the
    decoder sees the visual tokens, so that it can enumerate objects by walking along them.
    """
    rows = size[0] / 32
    objects.sort(key=lambda o: (int(o.y * rows), o.x))


def scattered(rng, size, most=6):
    """1 to `most` objects anywhere."""
    name, rgb, hard = pick_background(rng)
    allowed = [c for c in COLOUR_NAMES if c not in hard]
    while True:
        n = rng.choices(range(1, most + 1), weights=(4, 5, 5, 4, 2, 2)[:most])[0]
        sizes = [
            rng.choice(SIZE_NAMES if n <= 3 else ("small", "medium", "medium", "large"))
            for _ in range(n)
        ]
        if sizes.count("large") > 2 or (n > 1 and set(sizes) in ({"small"}, {"medium"})):
            continue  # objects of one size are told as groups
        few = (
            rng.random() < 0.3
        )  # fewer colours: more "the red one" questions with several candidates
        colours = rng.sample(allowed, 2) if few else allowed
        objects = [new_object(rng, colours, s) for s in sizes]
        if place(rng, objects, size):
            reading_order(objects, size)
            picture = Picture("objects", size, name, objects)
            if n == 2:
                if bool(relation(*objects, size, 0.8)) != bool(relation(*objects, size, 1.25)):
                    continue  # neither clearly beside each other nor clearly not
                if how := relation(*objects, size):
                    picture.relation, picture.objects = how
            return render(rng, picture, rgb)


def relation(a, b, size, generous=1.0):
    """("left" or "above", the objects in this order), or None where one does not clearly stand so to the
    other; `generous`: more than 1 asks for less.
    """
    h, w = size
    dx, dy = (b.x - a.x) * w, (b.y - a.y) * h
    slope, far = 0.4 * generous, 0.25 / generous
    if abs(dy) < slope * abs(dx) and abs(dx) > far * w:
        return "left", [a, b] if dx > 0 else [b, a]
    if abs(dx) < slope * abs(dy) and abs(dy) > far * h:
        return "above", [a, b] if dy > 0 else [b, a]
    return None


def pair(rng, size):
    """Two objects of which one is to the left of or above the other."""
    name, rgb, hard = pick_background(rng)
    allowed = [c for c in COLOUR_NAMES if c not in hard]
    while True:
        a, b = (new_object(rng, allowed, rng.choice(SIZE_NAMES)) for _ in range(2))
        if (a.shape, a.colour) == (b.shape, b.colour) or not place(rng, [a, b], size):
            continue
        if how := relation(a, b, size):
            return render(rng, Picture("pair", size, name, how[1], relation=how[0]), rgb)


def groups(rng, size):
    """Up to nine small objects of one to three kinds, for counting."""
    name, rgb, hard = pick_background(rng)
    allowed = [c for c in COLOUR_NAMES if c not in hard]
    while True:
        n = rng.randint(2, 9 if rng.random() < 0.3 else 5)
        kinds = rng.choice((1, 1, 2, 2, 3))
        combos = []
        while len(combos) < kinds:
            c = (rng.choice(SHAPES), rng.choice(allowed))
            if c not in combos:
                combos.append(c)
        which = [rng.choice(combos) for _ in range(n)]
        if len(set(which)) == n:
            continue
        big = "medium" if n <= 4 and rng.random() < 0.4 else "small"
        objects = [new_object(rng, allowed, big, shape=s, colour=c) for s, c in which]
        if place(rng, objects, size, gap=0.03):
            reading_order(objects, size)
            return render(rng, Picture("groups", size, name, objects), rgb)


def random_text(rng):
    while (text := any_text(rng)) in ("0", "O", "1", "I"):
        pass  # nobody can tell them apart when they stand alone
    return text


def any_text(rng):
    p = rng.random()
    if p < 0.30:
        return "".join(
            rng.choice("0123456789") for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 5, 6)))
        )
    if p < 0.62:
        return "".join(
            rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            for _ in range(rng.choice((1, 2, 2, 3, 3, 4, 5, 6)))
        )
    if p < 0.74:
        return "".join(
            rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(rng.randint(2, 5))
        )
    word = rng.choice(WORDS)
    return (
        word.upper() if rng.random() < 0.55 else (word.capitalize() if rng.random() < 0.4 else word)
    )


def contrast(a, b):
    return abs(
        sum(x * k for x, k in zip(a, (0.3, 0.59, 0.11)))
        - sum(x * k for x, k in zip(b, (0.3, 0.59, 0.11)))
    )


def pick_ink(rng, rgb, hard):
    while True:
        c = "black" if rng.random() < 0.35 else rng.choice(COLOUR_NAMES)
        if c not in hard and contrast(COLOURS[c], rgb) > 60:
            return c, jitter(rng, COLOURS[c], 6 if c in ("black", "white", "gray") else 14)


def written(rng, size):
    """A short text, now and then with one object next to it."""
    name, rgb, hard = pick_background(rng)
    text = random_text(rng)
    ink, ink_rgb = pick_ink(rng, rgb, hard)
    canvas = new_canvas(size, rgb)
    h, w = size
    picture = Picture("text", size, name, text=text, ink=ink)
    cy = rng.uniform(0.25, 0.75)
    if rng.random() < 0.3:
        cy = rng.uniform(0.2, 0.35)
        o = new_object(
            rng,
            [c for c in COLOUR_NAMES if c not in hard],
            rng.choice(("small", "medium")),
            rng.uniform(0.25, 0.75),
            rng.uniform(0.68, 0.78),
        )
        if rng.random() < 0.5:
            cy, o.y = 1 - cy, 1 - o.y
        picture.objects = [o]
        draw_object(ImageDraw.Draw(canvas), o, canvas.width, canvas.height)
    letter = rng.uniform(0.16, 0.34) * min(h, w) * SS
    angle = rng.uniform(-5, 5) if rng.random() < 0.2 else 0.0
    font_path = rng.choice(font_files())
    room = font(font_path, 40).getlength(text) / 40 * letter
    room = min(room, 0.9 * w * SS)
    cx = rng.uniform(room / 2 + 6, w * SS - room / 2 - 6) if room < w * SS - 12 else w * SS / 2
    picture.glyphs = draw_text(
        rng, canvas, text, cx, cy * h * SS, letter, ink_rgb, 0.9 * w * SS, angle, font_path
    )
    picture.pixels = finish(rng, canvas)
    return picture


def random_formula(rng):
    op = rng.choice("++-×")
    if rng.random() < 0.6:  # single digits
        a, b = rng.randint(1, 9), rng.randint(1, 9)
        if op == "-" and a < b:
            a, b = b, a
        return a, op, b, {"+": a + b, "-": a - b, "×": a * b}[op]
    if op == "+":
        a, b = rng.randint(0, 20), rng.randint(0, 20)
        return a, op, b, a + b
    if op == "-":
        a, b = sorted((rng.randint(0, 20), rng.randint(0, 20)), reverse=True)
        return a, op, b, a - b
    a, b = rng.randint(1, 9), rng.randint(1, 9)
    return a, op, b, a * b


def arithmetic(rng, size):
    name, rgb, hard = pick_background(rng)
    a, op, b, result = random_formula(rng)
    text = f"{a}{op}{b}" + rng.choice(("=?", "=", "=?", ""))
    if rng.random() < 0.4:
        text = text.replace(op, f" {op} ").replace("=", " = ").strip()
    _, ink = pick_ink(rng, rgb, hard)
    canvas = new_canvas(size, rgb)
    h, w = size
    angle = rng.uniform(-4, 4) if rng.random() < 0.15 else 0.0
    glyphs = draw_text(
        rng,
        canvas,
        text,
        w * SS / 2 + rng.uniform(-0.04, 0.04) * w,
        rng.uniform(0.25, 0.75) * h * SS,
        rng.uniform(0.17, 0.32) * min(h, w) * SS,
        ink,
        0.9 * w * SS,
        angle,
    )
    p = Picture("arithmetic", size, name, text=text, formula=(a, op, b, result), glyphs=glyphs)
    p.pixels = finish(rng, canvas)
    return p


def chart(rng, size):
    """A bar chart: labels A, B, C, D below, the value above every bar."""
    name, rgb, hard = rng.choice(
        (
            ("white",) + BACKGROUNDS["white"],
            ("light gray",) + BACKGROUNDS["light gray"],
            ("light yellow",) + BACKGROUNDS["light yellow"],
        )
    )
    h, w = size
    canvas = new_canvas(size, rgb)
    draw = ImageDraw.Draw(canvas)
    n = rng.randint(2, 4)
    values = rng.sample(range(1, 21), n)
    colours = rng.sample(
        [c for c in COLOUR_NAMES if c not in hard and c not in ("black", "white")], n
    )
    W, H = canvas.size
    base, top, left, right = H * 0.84, H * 0.17, W * 0.08, W * 0.95
    pitch = (right - left) / n
    width = pitch * rng.uniform(0.45, 0.68)
    scale = (base - top) / max(max(values), 8) * rng.uniform(0.85, 1)
    letter = max(0.11 * min(h, w), 18) * SS
    path = rng.choice(font_files())
    ink = (20, 20, 20)
    bars, glyphs = [], []
    for i, (v, c) in enumerate(zip(values, colours)):
        cx = left + pitch * (i + 0.5)
        draw.rectangle(
            (cx - width / 2, base - v * scale, cx + width / 2, base),
            fill=jitter(rng, COLOURS[c], 10),
        )
        glyphs += draw_text(
            rng, canvas, str(v), cx, base - v * scale - letter * 0.62, letter, ink, pitch, 0, path
        )
        glyphs += draw_text(
            rng, canvas, "ABCD"[i], cx, base + letter * 0.68, letter, ink, pitch, 0, path
        )
        bars.append(("ABCD"[i], c, v))
    draw.line((left * 0.6, base, right, base), fill=ink, width=2 * SS)
    draw.line((left * 0.6, top * 0.5, left * 0.6, base), fill=ink, width=2 * SS)
    p = Picture("chart", size, name, bars=bars, glyphs=glyphs)
    p.pixels = finish(rng, canvas)
    return p


def natural_noise(g, h, w, power):
    """[h, w] with the falling spectrum of photographs, mean 0 and deviation 1."""
    fy, fx = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None, :]
    f = np.hypot(fy, fx)
    f[0, 0] = np.inf
    a = np.fft.irfft2(np.fft.rfft2(g.normal(size=(h, w))) * f**-power, (h, w))
    return (a - a.mean()) / (a.std() + 1e-9)


def photo_like(rng, g, h, w, regions):
    """Noise with the spectrum of photographs; with `regions` several surfaces of it, each with its own
    colour and light, some of them in front.
    """

    def surface():
        colour = np.array([rng.uniform(20, 235) for _ in range(3)])
        grey = natural_noise(g, h, w, rng.uniform(0.7, 1.7))[..., None] * rng.uniform(8, 45)
        tint = natural_noise(g, h, w, 1.6)[..., None] * np.array([rng.gauss(0, 10) for _ in "rgb"])
        light = np.linspace(rng.uniform(-40, 40), rng.uniform(-40, 40), h)[:, None, None]
        return colour + grey + tint + light

    a = surface()
    for _ in range(rng.randint(2, 6) if regions else 0):
        y, x = np.mgrid[0:h, 0:w]
        cy, cx = rng.uniform(-0.2, 1.2) * h, rng.uniform(-0.2, 1.2) * w
        ry, rx = rng.uniform(0.1, 0.8) * h, rng.uniform(0.1, 0.8) * w
        edge = ((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2
        edge = edge + natural_noise(g, h, w, 1.5) * rng.uniform(0.05, 0.5)
        part = np.clip((1 - edge) * rng.uniform(3, 40), 0, 1)[..., None]
        a = a * (1 - part) + surface() * part
    pixels = np.clip(a, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        blurred = Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3)))
        pixels = np.asarray(blurred)
    return pixels


def texture(rng, size):
    """Things the model must not pretend to understand: noise, gradients, photo-like surfaces,
    scribbles.
    """
    h, w = size
    g = np.random.default_rng(rng.getrandbits(32))
    style = rng.randint(0, 7)
    if style >= 5:
        pixels = photo_like(rng, g, h, w, regions=style > 5)
    elif style == 0:  # plain noise
        a = g.integers(0, 256, size=(h, w, 1 if rng.random() < 0.4 else 3), dtype=np.uint8)
        pixels = np.broadcast_to(a, (h, w, 3)).copy()
    elif style == 1:  # gradient between two or four colours
        c = np.asarray(
            Image.fromarray(g.integers(0, 256, size=(2, 2, 3), dtype=np.uint8)).resize(
                (w, h), Image.BICUBIC
            )
        )
        pixels = c
    elif style == 2:  # clouds: several octaves of smooth noise
        a = np.zeros((h, w, 3), np.float32)
        for k, weight in ((3, 1.0), (7, 0.6), (15, 0.4), (40, 0.25), (90, 0.15)):
            layer = Image.fromarray(g.integers(0, 256, size=(k, k + 1, 3), dtype=np.uint8)).resize(
                (w, h), Image.BICUBIC
            )
            a += weight * np.asarray(layer, np.float32)
        pixels = np.clip(
            (a - a.mean()) * rng.uniform(0.6, 1.3) + rng.uniform(90, 160), 0, 255
        ).astype(np.uint8)
    elif style == 3:  # "landscape": sky, ragged ground, blotches
        y = np.arange(h)[:, None]
        ridge = h * rng.uniform(0.35, 0.65) + np.cumsum(g.normal(0, 2.0, w))[None, :]
        sky = np.array(jitter(rng, (140, 180, 225), 40)) * np.ones((h, w, 1)) + (
            y[..., None] * rng.uniform(-0.3, 0.3)
        )
        land = np.array(jitter(rng, (90, 110, 60), 40)) * np.ones((h, w, 1))
        a = np.where((y > ridge)[..., None], land, sky)
        blotch = Image.fromarray(g.integers(0, 256, size=(24, 32), dtype=np.uint8)).resize(
            (w, h), Image.BICUBIC
        )
        a = (
            a
            + (np.asarray(blotch, np.float32)[..., None] - 128) * rng.uniform(0.15, 0.5)
            + g.normal(0, 8, (h, w, 1))
        )
        pixels = np.clip(a, 0, 255).astype(np.uint8)
    else:  # many scribbled lines and patches
        im = Image.new("RGB", (w, h), tuple(int(v) for v in g.integers(0, 256, 3)))
        d = ImageDraw.Draw(im)
        for _ in range(rng.randint(25, 80)):
            q = [int(v) for v in g.integers(0, max(h, w), 4)]
            c = tuple(int(v) for v in g.integers(0, 256, 3))
            if rng.random() < 0.5:
                d.line(q, fill=c, width=rng.randint(1, 9))
            else:
                d.ellipse(
                    (min(q[0], q[2]), min(q[1], q[3]), max(q[0], q[2]) + 1, max(q[1], q[3]) + 1),
                    fill=c,
                )
        pixels = np.asarray(im.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4))))
    return Picture("texture", size, "none", pixels=np.ascontiguousarray(pixels))


def blank(rng, size):
    name, rgb, _ = pick_background(rng)
    p = Picture("blank", size, name)
    p.pixels = finish(rng, new_canvas(size, rgb))
    return p


PICTURE_KINDS = {  # kind: (maker, weight)
    "objects": (scattered, 40),
    "pair": (pair, 14),
    "groups": (groups, 11),
    "text": (written, 16),
    "arithmetic": (arithmetic, 8),
    "chart": (chart, 5),
    "texture": (texture, 4),
    "blank": (blank, 2),
}


def make_picture(rng, size, kind=None):
    if kind is None:
        kind = rng.choices(list(PICTURE_KINDS), weights=[v[1] for v in PICTURE_KINDS.values()])[0]
    return PICTURE_KINDS[kind][0](rng, size)
