"""A tiny run of both stages, the export and the evaluation: fails unless both losses fall.

    python train_check.py --work DIR

Takes about a minute on two cores; what it trains is useless and lands in DIR.
"""

import argparse
import os
import random
import shutil
import sys

import export
import train
import train_vision
from paths import MODEL
from PIL import Image
from runtime import Runtime
from scenes import make_picture


def falls(name, losses):
    """Compares the first steps with the last ones; at the ends alone one easy batch could decide."""
    k = len(losses) // 4
    first, last = sum(losses[:k]) / k, sum(losses[-k:]) / k
    good = last < 0.9 * first
    print(
        f"train-check: {name}: loss {first:.3f} -> {last:.3f} in {len(losses)} steps: {'pass' if good else 'FAIL'}"
    )
    return good


def answers(folder, checkpoint):
    """Whether the exported checkpoint loads and says anything at all about a picture."""
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(MODEL, "tokenizer.json"), folder)
    export.export(checkpoint, folder)
    run = Runtime(folder)
    picture = Image.fromarray(make_picture(random.Random(1), (192, 256), "objects").pixels)
    _, x = run.prompt([run.see([picture])], False, [("What do you see?", None)], False)
    good = len(run.generate(x, 8)[0]) > 0
    print(f"train-check: export and answer: {'pass' if good else 'FAIL'}")
    return good


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True)
    a = p.parse_args()
    common = ["--out", a.work, "--batch", "2", "--steps", "40", "--threads", "1", "--log", "10"]
    first = train_vision.main(0, train_vision.parser().parse_args(common))
    init = os.path.join(a.work, "vision.pt")
    second = train.main(0, train.parser().parse_args([*common, "--init", init, "--warm", "10"]))
    good = [
        falls("vision side", first),
        falls("whole model", second),
        answers(os.path.join(a.work, "model"), os.path.join(a.work, "last.pt")),
    ]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
