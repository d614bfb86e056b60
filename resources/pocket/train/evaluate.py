"""Greedy answers of an exported folder to an evaluation set, exact match per question type.

    python evaluate.py --set EVAL [--model ../model] [--out result.json] [--both] [--limit N]

EVAL is a folder that make_eval.py wrote. --both asks every question with thinking off and, where a
thought is defined, also with thinking on.
"""

import argparse
import collections
import json
import os
import time

import torch
from paths import MODEL
from PIL import Image
from runtime import Runtime, right


def summary(tally):
    """{type: [right, asked]} as a table with percentages and a last row over all types."""
    rows = dict(sorted(tally.items()))
    rows["all"] = [sum(v[i] for v in tally.values()) for i in (0, 1)]
    return {
        k: {"right": r, "of": n, "percent": round(100 * r / max(1, n), 1)}
        for k, (r, n) in rows.items()
    }


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", default=MODEL)
    p.add_argument("--set", required=True)
    p.add_argument("--out")
    p.add_argument("--both", action="store_true")
    p.add_argument("--limit", type=int, help="only the first questions")
    p.add_argument("--show", type=int, default=0, help="print that many wrong answers")
    p.add_argument("--threads", type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    run = Runtime(a.model)
    with open(os.path.join(a.set, "questions.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f][: a.limit]
    tally = {thinking: collections.defaultdict(lambda: [0, 0]) for thinking in (False, True)}
    seen, key, start, answers = [], None, time.time(), []
    for row in rows:
        files = row.get("images") or row.get("frames") or []
        video = "frames" in row
        if key != files:
            key, images = files, [Image.open(os.path.join(a.set, f)) for f in files]
            seen = [run.see(images)] if video else [run.see([im]) for im in images]
        turns = [tuple(t) for t in row["history"]] + [(row["question"], None)]
        modes = [row["thinking"]]
        if a.both:
            modes = [False] + ([True] if row["language"] == "en" else [])
        for thinking in modes:
            thought, text = run.answer(seen, turns, thinking, video)
            ok = right(text, row["answers"], row["type"])
            count = tally[thinking][row["type"] + ("" if row["language"] == "en" else " (zh)")]
            count[0] += ok
            count[1] += 1
            answers.append(
                {
                    "id": row["id"],
                    "thinking": thinking,
                    "thought": thought,
                    "answer": text,
                    "right": ok,
                }
            )
            if not ok and a.show > 0:
                a.show -= 1
                print(
                    f"[{row['id']} {row['type']}{' thinking' if thinking else ''}] {row['question']!r} "
                    f"want {row['answers'][0]!r} got {text!r}"
                    + (f" after {thought!r}" if thought else "")
                )
    result = {"seconds": round(time.time() - start, 1)}
    for thinking, name in ((False, "thinking_off"), (True, "thinking_on")):
        result[name] = summary(tally[thinking])
        print(name)
        for k, v in result[name].items():
            print(f"  {k:20s} {v['right']:5d} / {v['of']:5d}  {v['percent']:5.1f} %")
    if a.out:
        with open(a.out, "w", encoding="utf-8") as f:
            json.dump({"result": result, "answers": answers}, f, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
