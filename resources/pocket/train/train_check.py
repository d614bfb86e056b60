"""A tiny run of both stages, stopped and resumed, exported, and gone on with from the export.

    python train_check.py --work DIR

Fails unless the losses fall, the later runs go on where the earlier ones were, and packed
conversations come out as separate ones do. Takes about a minute on two cores; what it trains is
useless and lands in DIR.
"""

import argparse
import collections
import itertools
import os
import random
import shutil
import sys

import data
import export
import fused_layers
import landmarks
import pointers
import torch
import train
import train_vision
from attention import Packing
from auxiliary import Auxiliary
from paths import MODEL
from PIL import Image
from questions import ask
from runtime import Runtime
from scenes import make_picture
from vision_data import fitted


def tell(name, good, detail=""):
    print(f"train-check: {name}: {detail}{'pass' if good else 'FAIL'}")
    return good


def mean(values):
    return sum(values) / len(values)


def falls(name, losses):
    """Compares the first steps with the last ones; at the ends alone one easy batch could decide."""
    k = len(losses) // 4
    first, last = mean(losses[:k]), mean(losses[-k:])
    return tell(
        name, last < 0.9 * first, f"loss {first:.3f} -> {last:.3f} in {len(losses)} steps: "
    )


def goes_on(name, before, after, steps):
    """Whether a later run took so many steps and was nearer to the end of the earlier one than to its
    start.
    """
    k = len(before) // 4
    first, last, now = mean(before[:k]), mean(before[-k:]), mean(after)
    good = len(after) == steps and now < (first + last) / 2
    return tell(name, good, f"loss {now:.3f} in {len(after)} steps: ")


def answers(folder):
    """Whether the exported checkpoint loads and says anything at all about a picture."""
    run = Runtime(folder)
    picture = Image.fromarray(make_picture(random.Random(1), (192, 256), "objects").pixels)
    _, x = run.prompt([run.see([picture])], False, [("What do you see?", None)], False)
    return tell("export and answer", len(run.generate(x, 8)[0]) > 0)


@torch.no_grad()
def packed(folder):
    """Whether a packed row gives what every conversation gives alone behind its picture."""
    run = Runtime(folder)
    model, text = run.model, run.model.llm.model
    batch = data.picture_batch(random.Random(2), run.encoder, 2, 4, 0.5)
    soft = model.encode(torch.from_numpy(batch["pixels"]))[1]
    x = train.embed(model, torch.from_numpy(batch["ids"]), soft)
    packing = Packing(*batch["prefixes"], batch["lengths"], batch["owners"])
    row = text(x[None], torch.from_numpy(batch["pos"])[None], packing)[0]
    rows, prefix = batch["prefixes"]
    at, worst = rows * prefix, 0.0
    for n, k in zip(batch["lengths"], batch["owners"]):
        alone = torch.cat((x[k * prefix : (k + 1) * prefix], x[at : at + n]))[None]
        mask = torch.ones(prefix + n, prefix + n, dtype=torch.bool).tril()
        h = text(alone, torch.arange(prefix + n)[None], mask)[0, prefix:]
        worst = max(worst, float((h - row[at : at + n]).abs().max()))
        at += n
    return tell("packed conversations", worst < 1e-4, f"off by {worst:.1e}: ")


def one_by_one(encoder, kind, told_of):
    """Whether a thought that counts up looks at one after the other: the blocks of told_of(picture), and
    those which the tokens before their numbers and names are told to look at.
    """
    rng = random.Random(4)
    picture = fitted(rng, make_picture(rng, (192, 256), kind), (192, 256))
    blocks = [pointers.block(picture, o.x, o.y) for o in told_of(picture)]
    qa = next(q for q in ask(rng, picture, 20) if q.type in ("describe", "read") and q.lang == "en")
    _, _, answer, offsets = encoder.segment(qa, True)
    _, told = pointers.of_answer(picture, qa, True, answer, offsets)
    looks = [b for k, (b,) in told if offsets[k][0] < answer.index(".")]
    return len(blocks) > 1 and [b for b, _ in itertools.groupby(looks)] == [
        b for b, _ in itertools.groupby(blocks)
    ]


def hints(folder):
    """Whether a question that is about an object is told to look where there is one like it, and thoughts
    at what they tell of.
    """
    encoder = Runtime(folder).encoder
    thoughts = one_by_one(encoder, "groups", lambda p: p.objects)
    thoughts = thoughts and one_by_one(encoder, "text", lambda p: p.glyphs)
    right = compared = 0
    for seed in range(10):
        batch = data.picture_batch(random.Random(seed), encoder, 6, 6, 0.0)
        known, ends, looks = (batch["hints"][k] for k in ("known", "ends", "looks"))
        asked = {end: row for end, row in zip(ends, known[len(known) - len(ends) :])}
        parts = [landmarks.INDEX[k] for k in ("shape", "colour", "size")]
        for end, owner, place, *_ in looks[0]:
            if (asked[end][parts] >= 0).all():
                there = known[owner * batch["prefixes"][1] + place]
                right += (asked[end][parts] == there[parts]).all()
                compared += 1
    good = thoughts and compared > 40 and right == compared
    return tell("hints", good, f"{right} of {compared}, thoughts {thoughts}: ")


def gradients(model, batch, bf16, fused):
    """Of a step with a picture, every gradient."""
    model.zero_grad()
    model.visual_tokenizer.vit.vision_model.fused = fused
    torch.manual_seed(0)
    aux = Auxiliary(4 * model.config.vision.hidden_size, model.config.text.hidden_size)
    guide = landmarks.Landmarks(model.config.text.hidden_size)
    tally = collections.defaultdict(lambda: [0, 0])
    helpers = aux, guide, batch, torch.device("cpu"), True, tally, (0.0, 0.01, 0.05), fused
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        loss = train.run_batch(model, *helpers)[0]
    loss.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def fused(folder):
    """Whether the fused layers are as near to float32 as the library's in bfloat16, gradients included."""
    if not fused_layers.can_build():
        print("train-check: fused layers: skipped, there is no C++ compiler or no ninja")
        return True
    run = Runtime(folder)
    batch = data.picture_batch(random.Random(3), run.encoder, 4, 4, 0.5)
    exact = gradients(run.model, batch, False, False)

    def off(values):
        square = sum(float((values[n] - g).square().sum() / g.square().sum()) for n, g in known)
        return (square / len(known)) ** 0.5

    # the bias of the keys moves all scores alike: its gradient is rounding alone
    known = [(n, g) for n, g in exact.items() if g.norm() > 0 and not n.endswith("k_proj.bias")]
    library = off(gradients(run.model, batch, True, False))
    ours = off(gradients(run.model, batch, True, True))
    return tell("fused layers", ours < 1.1 * library, f"off by {ours:.1e}, else {library:.1e}: ")


def last_step(log):
    with open(log, encoding="utf-8") as f:
        return int(f.readlines()[-1].split("\t")[0])


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--work", required=True)
    a = p.parse_args()
    folder, log = os.path.join(a.work, "model"), os.path.join(a.work, "log.tsv")

    def run(stage, steps, *more):
        common = ["--out", a.work, "--batch", "2", "--threads", "1", "--log", "2"]
        return stage.main(0, stage.parser().parse_args([*common, "--steps", str(steps), *more]))

    vision = run(train_vision, 40)
    more_vision = run(train_vision, 48, "--resume")
    whole = run(train, 40, "--warm", "10", "--init", os.path.join(a.work, "vision.pt"))
    more = run(train, 48, "--warm", "10", "--resume", "--reuse", "2", "--films", "1")
    good = [
        falls("vision side", vision),
        goes_on("vision side, resumed", vision, more_vision, 8),
        falls("whole model", whole),
        goes_on("whole model, resumed", whole, more, 8),
        tell("log of the resumed run", last_step(log) == 48),
    ]
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(MODEL, "tokenizer.json"), folder)
    export.export(os.path.join(a.work, "last.pt"), folder, "model")
    again = run(train, 8, "--warm", "10", "--from-export", folder)
    good += [
        goes_on("whole model, from the export", whole, again, 8),
        answers(folder),
        packed(folder),
        hints(folder),
        fused(folder),
    ]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
