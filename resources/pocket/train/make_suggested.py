"""An evaluation set of what the first page suggests: the questions of samples.json, about fresh pictures and
films of the kinds of its samples.

    python make_suggested.py --out run/suggested --seed 60001
    argali-cli eval --questions run/suggested/questions.jsonl --images run/suggested --answers answers.jsonl

A question is taken over as its form: "What colour is the cross?" asks for the colour of a shape that is
in the picture.
"""

import argparse
import json
import os
import random
import re

import drawing
from facts import COLOUR_NAMES, SHAPES, SIZE_NAMES
from film_questions import ask_film
from films import make_film
from make_eval import drawn, rows
from make_samples import FILM_SIZE, SHOWN, SIZE
from paths import SAMPLES
from PIL import Image
from questions import ask
from wording import ZH, plural

NAMES = sorted((*SHAPES, *(plural(s, 2) for s in SHAPES), *COLOUR_NAMES, *SIZE_NAMES), key=len)
WORDS = re.compile("|".join([*(rf"\b{w}\b" for w in NAMES), *sorted(ZH.values(), key=len)][::-1]))


def form(question):
    """A question without what is particular to its picture."""
    return WORDS.sub("_", re.sub('".*"', '"_"', question))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--samples", default=SAMPLES)
    p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--each", type=int, default=40, help="pictures or films for each sample")
    a = p.parse_args()
    drawing.NOISE = False
    rng = random.Random(a.seed)
    os.makedirs(a.out, exist_ok=True)
    with open(os.path.join(a.samples, "samples.json"), encoding="utf-8") as f:
        samples = json.load(f)
    out = []
    for sample in samples:
        kind = os.path.splitext(sample["file"])[0].rstrip("0123456789")  # objects2.png
        texts = sample.get("questions", []) + sample.get("questions_zh_CN", [])
        wanted = {form(q["question"]) for q in texts}
        for i in range(a.each if wanted else 0):
            if sample["kind"] == "video":
                film = make_film(rng, FILM_SIZE, SHOWN, kind)
                pictures, qas = film.frames, ask_film(rng, film, 60)
            else:
                pictures = [drawn(rng, SIZE, kind)]
                qas = ask(rng, pictures[0], 60)
            names = [f"{kind}-{i:02d}-{k}.png" for k in range(len(pictures))]
            for picture, name in zip(pictures, names):
                Image.fromarray(picture.pixels).save(os.path.join(a.out, name))
            key = "frames" if sample["kind"] == "video" else "images"
            asked = [qa for qa in qas if form(qa.q) in wanted and not qa.history]
            out += rows(f"{kind}-{i:02d}", names, key, asked, rng, 0)
    with open(os.path.join(a.out, "questions.jsonl"), "w", encoding="utf-8") as f:
        for row in out:
            f.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(len(out), "questions")


if __name__ == "__main__":
    main()
