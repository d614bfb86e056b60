"""Draw the sample pictures and films which the application offers at the first run.

    python make_samples.py --model ../model --out ../samples --work run/samples

Scenes of every kind are drawn from consecutive seeds; the first one of which the model answers
enough English questions right is kept, and samples.json names only questions with a true answer by
this model, with thinking off and on, in questions_zh_CN the Chinese ones. A sample without any has no such field. Films are
judged on the frames decoded from the MP4 file. Needs ffmpeg.
"""

import argparse
import json
import os
import random
import subprocess

import drawing
import scenes
import torch
from film_questions import ask_film
from films import make_film
from paths import MODEL, SAMPLES
from PIL import Image
from questions import ask
from runtime import Runtime, right

SIZE, FILM_SIZE, FILM_FRAMES, SHOWN = (384, 512), (240, 320), 90, 8
PLAN = [
    "objects",
    "groups",
    "pair",
    "text",
    "arithmetic",
    "objects",
]  # wished kinds; others step in if one cannot be had
SPARE = ["objects", "pair", "groups", "objects"]
DULL = ("offtopic", "missing", "unable", "background", "nopicture")


def good_answers(run, soft, qas, video, tell):
    found = {}
    for qa in qas:
        if qa.history or qa.q in found:
            continue
        accepted = [qa.a] + qa.accepted
        _, text = run.answer(soft, [(qa.q, None)], video=video)
        _, thought_over = run.answer(soft, [(qa.q, None)], thinking=True, video=video)
        ok = all(right(t, accepted, qa.type) for t in (text, thought_over))
        tell.append(ok)
        if ok:
            found[qa.q] = {"question": qa.q, "answer": text, "type": qa.type}
    out, types = [], set()
    for f in sorted(
        found.values(), key=lambda f: (f["type"] in DULL, f["type"] != "describe", f["type"])
    ):  # one per type first
        if f["type"] not in types:
            types.add(f["type"])
            out.append(f)
    out += [f for f in found.values() if f not in out]
    return out


def in_chinese(questions):
    """Twelve Chinese questions, or as many as a few rounds of questions() have."""
    found = {}
    for _ in range(8):
        found.update({q.q: q for q in questions() if q.lang == "zh" and q.type != "offtopic"})
        if len(found) >= 12:
            break
    return list(found.values())[:12]


def listed(kind, name, good, chinese, **more):
    """A sample as it stands in samples.json."""

    def best(answers):
        return [{k: g[k] for k in ("question", "answer")} for g in answers[:3]]

    entry = {"file": name, "kind": kind, **more, "questions": best(good)}
    if chinese:
        entry["questions_zh_CN"] = best(chinese)
    return entry


def search(make, attempts, want):
    best = None
    for k in range(attempts):
        candidate = make(k)
        interesting = sum(f["type"] not in DULL for f in candidate[1])
        if best is None or interesting > best[-1]:
            best = (*candidate, interesting)
        if interesting >= want:
            break
    return best


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", default=MODEL)
    p.add_argument("--out", default=SAMPLES)
    p.add_argument("--work", default="run/samples")
    p.add_argument("--attempts", type=int, default=25)
    a = p.parse_args()
    torch.set_num_threads(1)
    drawing.NOISE = False
    os.makedirs(a.out, exist_ok=True)
    os.makedirs(a.work, exist_ok=True)
    run = Runtime(a.model)
    listing, asked = [], []

    def picture(kind, base):
        def make(k):
            rng = random.Random(base + k)
            p = scenes.make_picture(rng, SIZE, kind)
            while p.kind in ("objects", "groups") and not 2 <= len(p.objects) <= 5:
                p = scenes.make_picture(rng, SIZE, kind)
            im = Image.fromarray(p.pixels)
            qas = [q for q in ask(rng, p, 12) if q.lang == "en" and q.type != "offtopic"]
            soft = [run.see([im])]
            good = good_answers(run, soft, qas, False, asked)
            zh = in_chinese(lambda: ask(rng, p, 12))
            return im, good, good_answers(run, soft, zh, False, asked)

        return make

    names = {}
    for n, kind in enumerate(PLAN + SPARE):
        if len(listing) == 6:
            break
        im, good, chinese, interesting = search(picture(kind, 1000 * (n + 1)), a.attempts, 3)
        print(kind, "right:", [(g["question"], g["answer"]) for g in good][:4])
        if interesting < 2:
            continue
        names[kind] = names.get(kind, 0) + 1
        name = f"{kind}{names[kind] if names[kind] > 1 else ''}.png"
        im.save(os.path.join(a.out, name), optimize=True)
        listing.append(listed("image", name, good, chinese))

    def film(kind, base):
        def make(k):
            rng = random.Random(base + k)
            f = make_film(rng, FILM_SIZE, FILM_FRAMES, kind)
            folder = os.path.join(a.work, f"{kind}{k}")
            os.makedirs(folder, exist_ok=True)
            for i, fr in enumerate(f.frames):
                Image.fromarray(fr.pixels).save(os.path.join(folder, f"{i + 1:03d}.png"))
            path = os.path.join(a.work, f"{kind}{k}.mp4")
            subprocess.run(
                [
                    "ffmpeg",
                    "-y",
                    "-loglevel",
                    "error",
                    "-framerate",
                    "30",
                    "-i",
                    os.path.join(folder, "%03d.png"),
                    "-c:v",
                    "libx264",
                    "-threads",
                    "2",
                    "-pix_fmt",
                    "yuv420p",
                    "-crf",
                    "20",
                    "-movflags",
                    "+faststart",
                    path,
                ],
                check=True,
            )
            subprocess.run(
                [
                    "ffmpeg",
                    "-y",
                    "-loglevel",
                    "error",
                    "-i",
                    path,
                    os.path.join(folder, "d%03d.png"),
                ],
                check=True,
            )
            index = [i * FILM_FRAMES // SHOWN for i in range(SHOWN)]
            frames = [
                Image.open(os.path.join(folder, f"d{i + 1:03d}.png")).convert("RGB") for i in index
            ]
            if f.facts.get("frame", 0) > index[-1] + 1:
                return path, [], []  # it happens after the last frame that is shown
            if "frame" in f.facts:  # first shown frame at or after the event
                f.facts["frame"] = next(
                    j + 1 for j, i in enumerate(index) if i + 1 >= f.facts["frame"]
                )
            f.frames = [f.frames[i] for i in index]
            qas = [q for q in ask_film(rng, f, 6) if q.lang == "en"]
            soft = [run.see(frames)]
            good = good_answers(run, soft, qas, True, asked)
            zh = in_chinese(lambda: ask_film(rng, f, 6))
            return path, good, good_answers(run, soft, zh, True, asked)

        return make

    films = []
    for n, kind in enumerate(("move", "recolour", "grow", "appear", "count")):
        path, good, chinese, interesting = search(film(kind, 50_000 + 1000 * n), 8, 3)
        print(kind, "right:", [(g["question"], g["answer"]) for g in good][:4])
        films.append((interesting, -n, kind, path, good, chinese))
    for _, _, kind, path, good, chinese in sorted(films, key=lambda f: f[:2], reverse=True)[:2]:
        with open(path, "rb") as src, open(os.path.join(a.out, kind + ".mp4"), "wb") as dst:
            dst.write(src.read())
        listing.append(listed("video", kind + ".mp4", good, chinese, frames=SHOWN))
    with open(os.path.join(a.out, "samples.json"), "w", encoding="utf-8") as f:
        json.dump(listing, f, ensure_ascii=False, indent=2)
        f.write("\n")
    print(f"{sum(asked)} of {len(asked)} candidate questions were answered right")


if __name__ == "__main__":
    main()
