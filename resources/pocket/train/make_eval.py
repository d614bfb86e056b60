"""Write an evaluation set: pictures and films as PNG and questions.jsonl.

    python make_eval.py --out ../eval --seed 20001

One line per question: id, images (or frames), history (earlier turns), question, answers (accepted
ones), type, language, thinking (whether to ask with thinking on; then `thought` is what the
training data would have thought).
"""

import argparse
import itertools
import json
import os
import random

import drawing
import scenes
from export import MAX_PIXELS, MIN_PIXELS
from film_questions import ask_film, ask_pair
from films import make_film, make_pair
from PIL import Image
from questions import ask
from runtime import smart_resize
from small_talk import small_talk
from wording import sloppy

SIZES = (
    [(320, 240)] * 6
    + [(256, 192)] * 4
    + [(256, 256)] * 3
    + [(320, 200), (240, 320), (360, 203), (400, 300), (300, 240), (288, 192), (512, 384)]
)
FILM_SIZES = [(320, 240), (256, 192), (256, 256), (320, 180)]


def orders(answer, kind, most=6):
    """The same enumeration in every order of its objects (up to `most` of them): lines of a list,
    rows of a table, objects of a description.
    """
    if kind == "list":
        head, parts, join = "", answer.split("\n"), "\n".join
    elif kind == "table":
        lines = answer.split("\n")
        head, parts, join = "\n".join(lines[:2]) + "\n", lines[2:], "\n".join
    elif kind == "describe" and " and " in answer and ":" not in answer:
        body, on, ground = answer.partition(" on a ")
        head, parts = "", body.replace(" and ", ", ").split(", ")

        def join(order):
            return ", ".join(order[:-1]) + " and " + order[-1] + on + ground
    else:
        return [answer]
    if not 2 <= len(parts) <= most:
        return [answer]
    return list(dict.fromkeys(head + join(list(order)) for order in itertools.permutations(parts)))


def drawn(rng, size, kind):
    """A picture whose objects are told in the order in which the model will see them."""
    picture = scenes.make_picture(rng, size, kind)
    if picture.kind in ("objects", "groups") and not picture.relation:
        scenes.reading_order(picture.objects, smart_resize(*size, MIN_PIXELS, MAX_PIXELS))
    return picture


def rows(name, files, key, qas, rng, share):
    for k, qa in enumerate(qas):
        thinking = bool(qa.think) and rng.random() < share
        q = sloppy(rng, qa.q) if '"' not in qa.q else qa.q
        row = {
            "id": f"{name}-{k}",
            key: files,
            "history": [list(t) for t in qa.history],
            "question": q,
            "answers": list(
                dict.fromkeys(a for one in [qa.a] + qa.accepted for a in orders(one, qa.type))
            ),
            "type": qa.type,
            "language": qa.lang,
            "thinking": thinking,
        }
        if thinking:
            row["thought"] = qa.think
        if not files:
            del row[key]
        yield row


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--out", required=True)
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--pictures", type=int, default=300)
    p.add_argument("--films", type=int, default=20)
    p.add_argument("--talk", type=int, default=60)
    p.add_argument("--thinking", type=float, default=0.25)
    a = p.parse_args()
    drawing.NOISE = False
    rng = random.Random(a.seed)
    os.makedirs(os.path.join(a.out, "pictures"), exist_ok=True)
    os.makedirs(os.path.join(a.out, "films"), exist_ok=True)
    out = []

    def save(pixels, name):
        Image.fromarray(pixels).save(os.path.join(a.out, name), optimize=True)
        return name

    pairs = a.pictures // 20
    for i in range(a.pictures - 2 * pairs):
        w, h = rng.choice(SIZES)
        kind = None if i >= len(scenes.PICTURE_KINDS) else list(scenes.PICTURE_KINDS)[i]
        kind = (
            kind
            or rng.choices(
                list(scenes.PICTURE_KINDS), weights=[v[1] for v in scenes.PICTURE_KINDS.values()]
            )[0]
        )
        if kind == "texture":
            w, h = 160, 120
        picture = drawn(rng, (h, w), kind)
        name = save(picture.pixels, f"pictures/{i:03d}.png")
        out += rows(f"p{i:03d}", [name], "images", ask(rng, picture, 6), rng, a.thinking)
    for i in range(pairs):
        w, h = rng.choice(((320, 240), (256, 256)))
        names = [
            save(x.pixels, f"pictures/pair{i:02d}{c}.png")
            for c, x in zip("ab", make_pair(rng, (h, w)))
        ]
        out += rows(f"d{i:02d}", names, "images", ask_pair(rng), rng, a.thinking)
    kinds = ["move", "recolour", "count", "appear", "grow"]
    for i in range(a.films):
        w, h = rng.choice(FILM_SIZES)
        film = make_film(rng, (h, w), 8, kinds[i % len(kinds)])
        names = [save(f.pixels, f"films/{i:02d}-{k}.png") for k, f in enumerate(film.frames)]
        out += rows(f"f{i:02d}", names, "frames", ask_film(rng, film, 5), rng, a.thinking)
    for i in range(a.talk):
        out += rows(f"t{i:03d}", [], "images", [small_talk(rng)], rng, a.thinking)
    with open(os.path.join(a.out, "questions.jsonl"), "w", encoding="utf-8") as f:
        for row in out:
            f.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(len(out), "questions,", sum(r["thinking"] for r in out), "with thinking on")


if __name__ == "__main__":
    main()
