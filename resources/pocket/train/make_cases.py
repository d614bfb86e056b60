"""Write the reference cases of an exported folder: conversations with the inputs and results of the
training code.

    python make_cases.py [--model ../model]

They are what holds the exported files and the engine together: `argali-cli check MODEL` runs the
engine, which was written from the specification of the family and is tested against its reference
implementation, on the files of the folder alone and compares every stage. So a mistake in this
folder's arithmetic or in the export shows there.
"""

import argparse
import json
import os
import random
import shutil

import drawing
import torch
from facts import BACKGROUNDS, COLOURS, Obj, Picture
from paths import MODEL
from PIL import Image
from runtime import Runtime
from safetensors.torch import save_file

CLEAR = 0.02  # every greedy step must win by as much, so that rounding cannot change the answer
LIMIT = 120  # max_new_tokens


def image(size, *objects, background="white"):
    """Objects are (shape, colour, size, x, y, radius)."""
    objects = [Obj(*o, rgb=COLOURS[o[1]]) for o in objects]
    picture = Picture("objects", size, background, objects)
    drawing.render(random.Random(1), picture, BACKGROUNDS[background][0], soft=False)
    return Image.fromarray(picture.pixels)


def tolerance(value, exact):
    """20 times the deviation of float32 from float64, but at least some units in the last place of
    the largest value.
    """
    difference, exact = (value - exact).double(), exact.double()
    nmse = float(difference.square().sum() / exact.square().sum())
    least = 1e-5 * float(exact.abs().max())
    return {
        "max_abs": float(f"{max(20 * float(difference.abs().max()), least):.2g}"),
        "nmse": float(f"{max(400 * nmse, 1e-10):.2g}"),
    }


class Answer:
    """One conversation of one question, run in one precision."""

    def __init__(self, run, media, video, question, thinking, ids=None):
        self.patches, self.grids = zip(*(run.patches(frames) for frames in media))
        soft = [run.see(frames) for frames in media]
        self.prompt, x = run.prompt(soft, video, [(question, None)], thinking)
        self.rows = x[torch.tensor(self.prompt) < 0]
        self.ids, self.margin = (ids, 0.0) if ids else run.generate(x, LIMIT)
        self.logits = run.forced_logits(x, self.ids)


def split(run, ids, thinking):
    """Text and thinking of generated ids; the thinking keeps its markers."""
    s = run.tok.decode([i for i in ids if i not in run.stop], skip_special_tokens=False)
    if thinking and "</think>" in s:
        thought, text = s.split("</think>", 1)
        return text.strip(), (thought + "</think>").strip()
    return s.strip(), ""


def write_case(runs, model, name, files, video, questions, thinking=False):
    """The first of the questions whose every greedy step has a clear winner becomes the case."""
    run, exact = runs
    media = [list(files.values())]
    for question in questions:
        one = Answer(run, media, video, question, thinking)
        if one.margin >= CLEAR:
            break
    else:
        raise SystemExit(f"{name}: no question with a clear margin")
    two = Answer(exact, media, video, question, thinking, one.ids)
    folder = os.path.join(model, "cases", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for file, picture in files.items():
        picture.save(os.path.join(folder, file), optimize=True)
    names = list(files)
    item = {"type": "video", "paths": names} if video else {"type": "image", "path": names[0]}
    text, thought = split(run, one.ids, thinking)
    patches = torch.cat(one.patches)
    tensors = {"pixel_values": patches, "visual_embeds": one.rows, "logits": one.logits}
    wide = {"pixel_values": patches, "visual_embeds": two.rows, "logits": two.logits}
    low, high = run.bounds
    case = {
        "messages": [{"role": "user", "content": [item, {"type": "text", "text": question}]}],
        "options": {
            "enable_thinking": thinking,
            "thinking_budget": None,
            "max_new_tokens": LIMIT,
            "min_pixels": low,
            "max_pixels": high,
        },
        "expect": {
            "input_ids": one.prompt,
            "grid_thw": list(one.grids),
            "generated_ids": one.ids,
            "text": text,
            "thinking": thought,
        },
        "tolerance": {k: tolerance(v, wide[k]) for k, v in tensors.items()},
    }
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as f:
        lines = [f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in case.items()]
        f.write("{\n" + ",\n".join(lines) + "\n}\n")
    path = os.path.join(folder, "expect.safetensors")
    save_file(
        {k: v.float().contiguous() for k, v in tensors.items()}, path, metadata={"format": "pt"}
    )
    os.chmod(path, 0o644)
    print(
        f"{name}: {question!r} -> {text!r}, margin {one.margin:.3f}, tolerance {case['tolerance']['logits']}"
    )


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", default=MODEL)
    a = p.parse_args()
    torch.set_num_threads(1)
    runs = Runtime(a.model), Runtime(a.model, torch.float64)
    scene = image(
        (384, 512),
        ("circle", "red", "large", 0.27, 0.5, 0.24),
        ("square", "blue", "small", 0.75, 0.52, 0.09),
    )
    three = image(
        (240, 320),
        ("star", "yellow", "medium", 0.2, 0.4, 0.14),
        ("heart", "red", "medium", 0.5, 0.6, 0.14),
        ("triangle", "green", "large", 0.8, 0.5, 0.23),
        background="dark blue",
    )
    film = {
        f"frame{k}.png": image(
            (192, 256), ("circle", "green", "medium", 0.15 + 0.23 * k, 0.5, 0.14)
        )
        for k in range(4)
    }
    asked = [
        "Describe this picture.",
        "What do you see?",
        "Make a table of the objects.",
        "What colour is the circle?",
    ]
    write_case(runs, a.model, "picture", {"scene.png": scene}, False, asked)
    asked = [
        "Which way does the circle move?",
        "Describe this video.",
        "What colour is the circle?",
    ]
    write_case(runs, a.model, "film", film, True, asked)
    asked = ["How many objects are there?", "What colour is the heart?", "List the objects."]
    write_case(runs, a.model, "thinking", {"three.png": three}, False, asked, thinking=True)


if __name__ == "__main__":
    main()
