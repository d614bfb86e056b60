"""Write the model card (README.md of the exported folder) from results of the engine.

    argali-cli eval --questions SET/questions.jsonl --images SET --answers A.jsonl --no-think --json > off.json
    argali-cli eval --questions SET/questions.jsonl --images SET --answers B.jsonl --think --json > on.json
    python make_card.py --first off.json on.json --second ... --training training.json [--public ...]

Two sets that make_eval.py wrote with seeds of their own and, where it is at hand, an older one with types of
question that are out of scope by now.
"""

import argparse
import json
import math
import os

from paths import MODEL
from safetensors import safe_open

TEXT = {
    "describe": "describe a scene or a text",
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
    "unable": "says that it cannot: photographs, charts, two pictures",
    "offtopic": "says that it cannot answer other topics",
    "talk": "small talk about itself",
    "textmath": "sums typed as text",
    "nopicture": "notices that there is no picture",
    "film_move": "film: direction of movement",
    "film_change": "film: change of colour",
    "film_count": "film: objects at the start or end",
    "film_frame": "film: frame in which something happens",
    "film_describe": "film: description",
    "film_colour": "film: colour",
    "film_grow": "film: bigger or smaller",
    "film_appear": "film: what appears",
}


def table(off, on):
    """Markdown: a row per type of question of results of `argali-cli eval --json`."""
    lines = [
        "| type of question | n | thinking off | thinking on |",
        "| --- | ---: | ---: | ---: |",
    ]

    def row(name, n, a, b):
        lines.append(f"| {name} | {n} | {100 * a / n:.0f} % | {100 * b / n:.0f} % |")

    for kind in sorted(k for k in off["types"] if k in TEXT):
        one, other = off["types"][kind], on["types"][kind]
        row(TEXT[kind], one["n"], one["right"], other["right"])
    a, b = (
        [sum(v[x] for k, v in r["types"].items() if k in TEXT) for x in ("n", "right")]
        for r in (off, on)
    )
    row("**all**", a[0], a[1], b[1])
    return "\n".join(lines)


def share(result):
    """Percentage of right answers to the types in scope."""
    rows = [v for k, v in result["types"].items() if k in TEXT]
    return 100 * sum(r["right"] for r in rows) / sum(r["n"] for r in rows)


def grouped(result):
    """The types of question by how often the answer is right."""
    groups = {
        "Nearly always right (95 % and more)": 95,
        "Mostly right (80 to 95 %)": 80,
        "Sometimes right (50 to 80 %)": 50,
        "Mostly wrong": 0,
    }
    lines, above = [], 101
    for name, least in groups.items():
        kinds = [
            TEXT[k]
            for k, v in sorted(result["types"].items())
            if k in TEXT and least <= 100 * v["right"] / v["n"] < above
        ]
        above = least
        if kinds:
            lines.append(f"- {name}: {'; '.join(kinds)}.")
    return "\n".join(lines)


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


OLDER = """### An older set

Made by an earlier version of the generator (ten upright fonts, up to five objects). Its questions about bar charts and about
two pictures are out of scope. Among the rows all the same, as wrong ones, are 19 descriptions, lists and tables of its charts
and 31 questions "Does it say ...?", which it wants answered with yes or no.

{public}

"""


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

{share} of the answers to the first set below are right with thinking off and on:

{grouped}

## What it does not do

Photographs, handwriting, bar charts, several pictures at once, long texts, other languages than English and Chinese,
knowledge, code, reasoning beyond counting and one-step sums. It was taught to say so, and where it was not it answers
fluently even if it is wrong: the tables say how often. Whether a word is the one that is asked about it cannot compare:
"Does it say "FOX"?" is answered with what it says, and without yes or no.

## Accuracy

Exact match of the whole greedy answer (case and final stop ignored; in descriptions, lists and tables the order of the
objects is free), by `argali-cli eval` on this folder. The pictures are of other seeds than the training's.

### First set

`make_eval.py --seed 110001 --pictures 400 --films 100`: the generator as it trains, with up to six objects, 33 fonts, slight
rotation, frames, English and Chinese.

{first}

### Second set

The same with `--seed 120001`.

{second}

{public}## Pictures from elsewhere

{outside}

## Notes

{notes}
"""


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", default=MODEL)
    for name in ("--first", "--second", "--public"):
        p.add_argument(name, required=name != "--public", nargs=2, metavar=("OFF", "ON"))
    p.add_argument(
        "--training",
        required=True,
        help="JSON with three texts: text (how long, on what), outside and notes",
    )
    a = p.parse_args()
    first, second, public = (
        [read(f) for f in files or ()] for files in (a.first, a.second, a.public)
    )
    training = read(a.training)
    card = CARD.format(
        architecture=architecture(a.model),
        training=training["text"],
        share=" and ".join(f"{share(r):.0f} %" for r in first),
        grouped=grouped(first[0]),
        first=table(*first),
        second=table(*second),
        public=OLDER.format(public=table(*public)) if public else "",
        outside=training["outside"],
        notes=training["notes"],
    )
    with open(os.path.join(a.model, "README.md"), "w", encoding="utf-8") as f:
        f.write(card.rstrip() + "\n")


if __name__ == "__main__":
    main()
