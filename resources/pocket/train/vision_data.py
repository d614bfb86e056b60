"""Batches of pictures of one grid, with the targets of the auxiliary heads."""

import random

import lessons
import numpy as np
import scenes
from PIL import Image

# (height, width) after resizing, with its weight: every size the preprocessor can produce for
# common aspect ratios
GRIDS = {
    (192, 256): 34,
    (192, 192): 20,
    (256, 192): 7,
    (160, 256): 10,
    (160, 288): 10,
    (192, 224): 8,
    (128, 288): 3,
    (224, 192): 4,
    (288, 160): 2,
    (256, 160): 2,
}


# kinds of ordinary pictures in training, with their weights: those with characters or many objects are the
# slowest to learn and come more often than in an evaluation set
KINDS = {
    "objects": 25,
    "pair": 6,
    "groups": 28,
    "text": 31,
    "arithmetic": 4,
    "chart": 2,
    "texture": 3,
    "blank": 1,
}


def pick_grid(rng):
    """(height, width) of the pictures of one batch."""
    return rng.choices(list(GRIDS), weights=list(GRIDS.values()))[0]


def canvas_size(rng, grid):
    """Mostly the grid itself; else another size and a slightly different aspect ratio, as real
    pictures have.
    """
    if rng.random() < 0.7:
        return grid
    k = rng.uniform(0.8, 1.7)
    return (
        max(96, round(grid[0] * k * rng.uniform(0.92, 1.09))),
        max(96, round(grid[1] * k * rng.uniform(0.92, 1.09))),
    )


def fit(pixels, grid):
    """Bilinear, as the preprocessing of the model resizes."""
    if pixels.shape[:2] == grid:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((grid[1], grid[0]), Image.BILINEAR))


def fitted(rng, picture, grid):
    """Resize to the grid; positions are relative, only the reading order may change."""
    picture.pixels = fit(picture.pixels, grid)
    picture.size = grid
    if picture.kind in ("objects", "groups") and not picture.relation:
        scenes.reading_order(picture.objects, grid)
    return picture


def picture_for(rng, grid):
    """An ordinary picture of any kind, resized to the grid."""
    kind = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
    return fitted(rng, scenes.make_picture(rng, canvas_size(rng, grid), kind), grid)


def stack_targets(pictures):
    """Targets of the auxiliary heads, one array per part with the pictures in front."""
    return [np.stack(t) for t in zip(*(lessons.block_targets(p) for p in pictures))]


def vision_batch(seed, count):
    """Pixels u8 [count, H, W, 3] and targets for stage 1: mostly lessons, now and then an ordinary
    picture.
    """
    rng = random.Random(seed)
    grid = pick_grid(rng)
    pictures = []
    for _ in range(count):
        roll = rng.random()
        if roll < 0.16:
            pictures.append(picture_for(rng, grid))
        else:
            pictures.append(
                fitted(rng, (lessons.crowd if roll < 0.32 else lessons.page)(rng, grid), grid)
            )
    return np.stack([p.pixels for p in pictures]), stack_targets(pictures)


def patch_statistics(seed, pictures=160):
    """Mean and covariance of 16 x 16 patches that are not flat, for the whitening of the patch
    embedding.
    """
    rng = random.Random(seed)
    rows = []
    for _ in range(pictures):
        x = (
            picture_for(rng, (192, 192))
            .pixels.reshape(12, 16, 12, 16, 3)
            .transpose(0, 2, 4, 1, 3)
            .reshape(-1, 768)
        )
        x = x.astype(np.float64) / 127.5 - 1.0
        busy = x.std(axis=1) > 0.06
        rows += [x[busy], x[~busy][::12]]
    x = np.concatenate(rows)
    mean = x.mean(axis=0)
    return mean, (x - mean).T @ (x - mean) / len(x)
