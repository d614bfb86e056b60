"""Drawing of objects and text into pictures of twice the size, which are then reduced."""

import glob
import math
import os
from functools import lru_cache

import numpy as np
from facts import Glyph
from PIL import Image, ImageDraw, ImageFilter, ImageFont

# Mostly upright cuts of the families that Debian packages; those which are not installed are left out,
# so that another set of packages gives other pictures for the same seed.
FONT_FOLDER = os.environ.get("POCKET_FONTS", "/usr/share/fonts/truetype")
FONT_GLOBS = [
    os.path.join(FONT_FOLDER, f)
    for f in (
        "dejavu/DejaVuSans.ttf",
        "dejavu/DejaVuSans-Bold.ttf",
        "dejavu/DejaVuSans-Oblique.ttf",
        "dejavu/DejaVuSansMono*.ttf",
        "dejavu/DejaVuSerif.ttf",
        "dejavu/DejaVuSerif-Bold.ttf",
        "liberation/Liberation*-Regular.ttf",
        "liberation/LiberationSans-Bold.ttf",
        "liberation/LiberationSerif-Bold.ttf",
        "liberation/Liberation*-Italic.ttf",
        "lato/Lato-Regular.ttf",
        "lato/Lato-Bold.ttf",
        "freefont/FreeSans*.ttf",
        "freefont/FreeSerif.ttf",
        "freefont/FreeSerifBold.ttf",
        "open-sans/OpenSans-Regular.ttf",
        "open-sans/OpenSans-Semibold.ttf",
        "roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
        "roboto/unhinted/RobotoTTF/Roboto-Bold.ttf",
        "crosextra/Carlito-Regular.ttf",
        "crosextra/Carlito-Bold.ttf",
    )
]
NOISE = (
    True  # now and then add pixel noise (off for evaluation pictures, which must be small files)
)
SS = 2  # pictures are drawn SS times larger and reduced, which smooths the edges


@lru_cache(maxsize=1)
def font_files():
    """The fonts of FONT_GLOBS that are installed here."""
    files = sorted({f for g in FONT_GLOBS for f in glob.glob(g)})
    if not files:
        raise RuntimeError(
            "no TrueType fonts found: install fonts-dejavu-core, fonts-liberation or fonts-freefont-ttf"
        )
    return files


@lru_cache(maxsize=4096)
def font(path, size):
    return ImageFont.truetype(path, size)


@lru_cache(maxsize=16384)
def advance(path, size, char):
    """Width of one character, and the middle of its ink; measuring whole texts again and again takes
    longer than drawing them.
    """
    x0, _, x1, _ = font(path, size).getbbox(char)
    return font(path, size).getlength(char), (x0 + x1) / 2


def jitter(rng, rgb, amount=16):
    """A colour close to `rgb`."""
    return tuple(min(255, max(0, c + rng.randint(-amount, amount))) for c in rgb)


@lru_cache(maxsize=1)
def unit_polygons():
    """Corners of every shape with straight edges or without a formula of its own, for radius 1."""
    star = []
    for k in range(10):
        a, q = math.pi * k / 5 - math.pi / 2, 1.08 if k % 2 == 0 else 0.45
        star.append((q * math.cos(a), q * math.sin(a)))
    heart = []
    for k in range(48):
        t = 2 * math.pi * k / 48
        heart.append(
            (
                16 * math.sin(t) ** 3 / 16.5,
                -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t))
                / 16.5,
            )
        )
    w = 0.36
    cross = [
        (-w, -1),
        (w, -1),
        (w, -w),
        (1, -w),
        (1, w),
        (w, w),
        (w, 1),
        (-w, 1),
        (-w, w),
        (-1, w),
        (-1, -w),
        (-w, -w),
    ]
    return {
        "square": [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
        "triangle": [(0, -1), (1.02, 0.8), (-1.02, 0.8)],
        "diamond": [(0, -1.1), (0.75, 0), (0, 1.1), (-0.75, 0)],
        "star": star,
        "heart": heart,
        "cross": cross,
    }


def draw_object(draw, obj, width, height):
    """Draws one object into an (enlarged) picture of the given size."""
    r = obj.r * min(width, height)
    cx, cy = obj.x * width, obj.y * height
    c, s = math.cos(obj.angle), math.sin(obj.angle)

    def outline_at(x0, y0):
        return [
            (x0 + r * (x * c - y * s), y0 + r * (x * s + y * c))
            for x, y in unit_polygons()[obj.shape]
        ]

    def paint(x0, y0, rgb, edge=None):
        box = (x0 - r, y0 - r, x0 + r, y0 + r)
        line = max(2, int(r * obj.outline))
        if obj.shape == "circle":
            draw.ellipse(box, fill=rgb, outline=edge, width=line)
        elif obj.shape == "ring":
            draw.ellipse(box, outline=rgb, width=max(3, int(r * 0.36)))
        else:
            points = outline_at(x0, y0)
            draw.polygon(points, fill=rgb)
            if edge:
                draw.line(points + points[:1], fill=edge, width=line, joint="curve")

    if obj.shadow:
        paint(cx + 0.1 * r, cy + 0.12 * r, (110, 110, 110))
    edge = None
    if obj.outline:
        edge = (20, 20, 20) if sum(obj.rgb) > 240 else (235, 235, 235)
    paint(cx, cy, obj.rgb, edge)


def draw_text(rng, image, text, cx, cy, size, rgb, max_width, angle=0.0, path=None):
    """Write `text` centred on (cx, cy) (pixels of the enlarged picture); returns the glyph centres."""
    path = path or rng.choice(font_files())
    points = max(8, int(size) // 2 * 2)
    length = font(path, points).getlength(text)
    if length > max_width:
        points = max(8, int(size * max_width / length) // 2 * 2)
    f = font(path, points)
    x0, y0, x1, y1 = f.getbbox(text)
    w, h = x1 - x0, y1 - y0
    mask = Image.new("L", (int(w) + 8, int(h) + 8), 0)
    ImageDraw.Draw(mask).text((4 - x0, 4 - y0), text, font=f, fill=255)
    if angle:
        mask = mask.rotate(angle, resample=Image.BILINEAR, expand=True)
    image.paste(rgb, (int(cx - mask.width / 2), int(cy - mask.height / 2)), mask)
    glyphs, c, s = [], math.cos(math.radians(angle)), math.sin(math.radians(angle))
    left = -x0 - w / 2
    for ch in text:
        wide, middle = advance(path, points, ch)
        dx, left = left + middle, left + wide
        if ch != " ":
            glyphs.append(Glyph(ch, (cx + dx * c) / image.width, (cy - dx * s) / image.height))
    return glyphs


def new_canvas(size, rgb):
    return Image.new("RGB", (size[1] * SS, size[0] * SS), rgb)


def finish(rng, image, soft=True):
    """Reduce to the final size, now and then with a little blur, noise or a change of light."""
    image = image.reduce(SS)
    if soft and rng.random() < 0.06:  # the frame of a screenshot
        grey = rng.choice((0, 40, 90, 150, 200, 230))
        rgb = jitter(rng, (grey, grey, grey), 20)
        box = (0, 0, image.width - 1, image.height - 1)
        ImageDraw.Draw(image).rectangle(box, outline=rgb, width=rng.randint(1, 6))
    if soft and rng.random() < 0.12:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    pixels = np.asarray(image)
    if soft and NOISE and rng.random() < 0.2:
        g = np.random.default_rng(rng.getrandbits(32))
        noise = g.integers(-10, 11, size=pixels.shape, dtype=np.int16)
        pixels = np.clip(pixels.astype(np.int16) + noise * rng.choice((0.5, 1.0)), 0, 255).astype(
            np.uint8
        )
    if soft and rng.random() < 0.1:
        ramp = np.linspace(
            rng.uniform(0.88, 1), rng.uniform(0.88, 1), pixels.shape[rng.randint(0, 1)]
        )
        ramp = ramp[:, None, None] if len(ramp) == pixels.shape[0] else ramp[None, :, None]
        pixels = np.clip(pixels * ramp, 0, 255).astype(np.uint8)
    return pixels


def render(rng, picture, background_rgb, soft=True):
    """Draws the objects of a picture, the larger ones first, and keeps the pixels in it."""
    canvas = new_canvas(picture.size, background_rgb)
    draw = ImageDraw.Draw(canvas)
    for o in sorted(picture.objects, key=lambda o: -o.r):
        draw_object(draw, o, canvas.width, canvas.height)
    picture.pixels = finish(rng, canvas, soft)
    return picture
