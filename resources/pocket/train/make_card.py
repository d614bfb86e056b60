"""Write the model card (README.md of the exported folder) from the results of evaluate.py.

    python make_card.py --public eval.json --second second.json --training training.json

Both result files come from evaluate.py --both.
"""

import argparse
import json
import math
import os

from paths import MODEL
from safetensors import safe_open

TEXT = {
    "describe": "describe a scene, a text or a chart",
    "list": "bullet list",
    "table": "Markdown table",
    "count": "counting (1 to 9)",
    "colour": "colour of an object",
    "shape": "shape of an object",
    "size": "size of an object",
    "position": "where an object is",
    "yesno": "yes/no questions",
    "compare": "which is bigger, largest, smallest",
    "relation": "left of, above, leftmost ...",
    "background": "background colour",
    "missing": "asked about something that is not there",
    "followup": 'second turn ("and how many are blue?")',
    "read": "read digits and short words",
    "textcolour": "colour of the text",
    "length": "number of characters",
    "arithmetic": "sums in the picture (LaTeX)",
    "chart": "bar charts",
    "unable": "says that it cannot see photographs, textures",
    "offtopic": "says that it cannot answer other topics",
    "talk": "small talk about itself",
    "textmath": "sums typed as text",
    "nopicture": "notices that there is no picture",
    "differ": "what differs between two pictures",
    "which": "counting in one of two pictures",
    "film_move": "film: direction of movement",
    "film_change": "film: change of colour",
    "film_count": "film: objects at the start or end",
    "film_frame": "film: frame in which something happens",
    "film_describe": "film: description",
    "film_colour": "film: colour",
    "film_grow": "film: bigger or smaller",
    "film_appear": "film: what appears",
}


def cell(row):
    return (f"{row['percent']:.0f} %", row["of"]) if row and row["of"] else ("", "")


def table(result):
    """Markdown: a row per type of question, both modes beside one another."""
    off, on = result["thinking_off"], result["thinking_on"]
    lines = [
        "| type of question | thinking off | n | thinking on | n |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for k in sorted(set(off) | set(on), key=lambda k: (k == "all", k)):
        base = k.replace(" (zh)", "")
        name = (
            f"**{k}**"
            if k == "all"
            else TEXT.get(base, base) + (", in Chinese" if k != base else "")
        )
        (a, n), (b, m) = cell(off.get(k)), cell(on.get(k))
        lines.append(f"| {name} | {a} | {n} | {b} | {m} |")
    return "\n".join(lines)


def grouped(result):
    """The types of question by how often the answer is right, thinking off, English."""
    groups = {
        "Mostly right (80 % and more)": [],
        "Sometimes right (40 to 80 %)": [],
        "Mostly wrong": [],
    }
    names = list(groups)
    for kind, row in result["thinking_off"].items():
        if kind in TEXT and row["of"]:
            level = 0 if row["percent"] >= 80 else 1 if row["percent"] >= 40 else 2
            groups[names[level]].append(TEXT[kind])
    return "\n".join(f"- {name}: {'; '.join(kinds)}." for name, kinds in groups.items() if kinds)


def parameter_count(model):
    with safe_open(os.path.join(model, "model.safetensors"), "pt") as f:
        return sum(math.prod(f.get_slice(name).get_shape()) for name in f.keys())  # noqa: SIM118


def read(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def architecture(model):
    """The rows of the table of sizes."""
    c, pre = (read(os.path.join(model, n)) for n in ("config.json", "preprocessor_config.json"))
    v, t = c["vit_config"], c["llm_config"]
    side = v["image_size"] // v["patch_size"]
    low, high = pre["min_pixels"], pre["max_pixels"]
    return "\n".join(
        (
            f"| parameters | {parameter_count(model):,} (bf16) |",
            f"| vision | {v['num_hidden_layers']} layers, width {v['hidden_size']}, {v['num_attention_heads']} heads "
            f"of {v['hidden_size'] // v['num_attention_heads']}, MLP {v['intermediate_size']}, "
            f"{side} x {side} position table |",
            f"| visual vocabulary | {c['visual_vocab_size'] - 4} soft columns and 4 indicator rows |",
            f"| text | {t['num_hidden_layers']} layers, width {t['hidden_size']}, {t['num_attention_heads']} query and "
            f"{t['num_key_value_heads']} key/value heads of {t['head_dim']}, MLP {t['intermediate_size']}, "
            f"vocabulary {t['vocab_size']}, tied head |",
            f"| pictures | {low // 1024} to {high // 1024} visual tokens each (`min_pixels` {low}, `max_pixels` {high}), "
            f"films up to 8 frames of the same size |",
        )
    )


CARD = """# Argali pocket model

A very small model of the Ovis2.5 architecture which ships inside Argali, so that a newcomer can drop a picture or a
short film and get an answer without any download. It was trained from scratch, on synthetic pictures only (`../train/`),
and knows nothing about the world.

| | |
| --- | --- |
{architecture}
| training | {training} |

File layout, tensor names, configuration keys and arithmetic are those of the published Ovis2.5 checkpoints; only the
dimensions differ. `generation_config.json` asks for greedy decoding.

## How far it got

{share:.0f} % of the answers to the public set are right with thinking off:

{grouped}

The sample pictures of `../samples/` were picked because the model answers their questions right; they are not
representative.

## What it does not do

Photographs, handwriting, long texts, other languages than English and a little Chinese, knowledge, code, reasoning
beyond counting and one-step sums. Words which are not in its training list are read letter by letter and often wrong.
It answers fluently even where it is wrong: the table says how often.

## Accuracy

Exact match of the whole greedy answer (case and final stop ignored; in descriptions, lists and tables the order of the
objects is free) by this folder's bf16 weights, evaluated in float32, on pictures of other seeds than the training. Both
sets come from the generator of the training data at its final, easier setting (mostly one to three objects, ten upright
fonts, texts of mostly one to four characters, mostly single-digit sums): real drawings and screenshots will fare worse.
Every question was asked with thinking off; English ones with thinking on as well.

### Public set

{public}

### Second set, other seeds

{second}

## Notes

{notes}
"""


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", default=MODEL)
    p.add_argument("--public", required=True)
    p.add_argument("--second", required=True)
    p.add_argument(
        "--training",
        required=True,
        help="JSON with two sentences: text (how long, on what) and notes",
    )
    a = p.parse_args()
    public, second = read(a.public)["result"], read(a.second)["result"]
    training = read(a.training)
    card = CARD.format(
        architecture=architecture(a.model),
        training=training["text"],
        share=public["thinking_off"]["all"]["percent"],
        grouped=grouped(public),
        public=table(public),
        second=table(second),
        notes=training.get("notes", ""),
    )
    with open(os.path.join(a.model, "README.md"), "w", encoding="utf-8") as f:
        f.write(card.rstrip() + "\n")


if __name__ == "__main__":
    main()
