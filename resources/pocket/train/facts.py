"""What a picture or a film shows: the words for it and the records that carry it."""

from dataclasses import dataclass, field

import numpy as np

COLOURS = {
    "red": (218, 30, 36),
    "orange": (249, 138, 16),
    "yellow": (250, 222, 40),
    "green": (38, 158, 60),
    "cyan": (44, 204, 216),
    "blue": (34, 78, 214),
    "purple": (128, 46, 168),
    "pink": (250, 140, 192),
    "brown": (122, 74, 34),
    "black": (18, 18, 18),
    "gray": (128, 128, 128),
    "white": (250, 250, 250),
}
COLOUR_NAMES = list(COLOURS)
SHAPES = ["circle", "square", "triangle", "star", "diamond", "heart", "cross", "ring"]
SIZES = {
    "small": (0.075, 0.095),
    "medium": (0.125, 0.155),
    "large": (0.215, 0.265),
}  # radius / short side
SIZE_NAMES = list(SIZES)
# background -> (rgb, object colours that would be hard to see on it)
BACKGROUNDS = {
    "white": ((255, 255, 255), {"white"}),
    "black": ((8, 8, 8), {"black", "brown"}),
    "light gray": ((214, 214, 214), {"white", "gray"}),
    "light blue": ((206, 226, 250), {"white", "cyan"}),
    "light green": ((212, 240, 208), {"white"}),
    "light yellow": ((254, 246, 208), {"white", "yellow"}),
    "dark blue": ((18, 26, 84), {"black", "blue", "purple", "brown"}),
}
# limits between the columns and rows in which the auxiliary heads place an object, as shares of the
# picture; those at 0.36 and 0.64 are the thirds that answers name
EDGES = (0.12, 0.24, 0.36, 0.5, 0.64, 0.76, 0.88)
CHARS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-×=?"  # classes of the auxiliary character target
WORDS = (
    "cat dog sun hat red car bus tea cup map pen box fox owl bee sky sea ice key egg hello open stop exit yes no "
    "left right up down home door book tree fish bird milk cake rain snow moon star wind fire road park shop sale "
    "menu name time play pause start end next back love peace happy green blue black white apple lemon table "
    "chair house mouse water paper light night train plane music photo video zero one two three four five six "
    "seven eight nine ten"
).split()


@dataclass
class Obj:
    shape: str
    colour: str
    size: str
    x: float  # centre, 0..1 of the width
    y: float  # centre, 0..1 of the height
    r: float  # radius, fraction of the short side
    rgb: tuple = None
    angle: float = 0.0
    outline: float = 0.0  # width of a line around it, fraction of the radius
    shadow: bool = False


@dataclass
class Glyph:  # one written character, for the auxiliary target
    char: str
    x: float
    y: float


@dataclass
class Picture:
    kind: str
    size: tuple  # (height, width) in pixels
    background: str = "white"
    objects: list = field(default_factory=list)
    text: str = None  # what is written, if anything
    ink: str = None  # the colour of that text
    formula: tuple = None  # (a, op, b, result)
    bars: list = None  # [(label, colour, value)] from left to right
    relation: str = None  # of two objects: "left" or "above", of the first to the second
    glyphs: list = field(default_factory=list)
    pixels: np.ndarray = None  # u8 [height, width, 3]


@dataclass
class Film:
    kind: str
    size: tuple
    background: str
    frames: list  # list of Picture
    facts: dict = field(default_factory=dict)
