"""Stage 2: the whole model on packed conversations, with the auxiliary heads of stage 1 still
helping.

    python train.py --minutes 80 --out run --ranks 2 --bf16 --init run/vision.pt
    python train.py --minutes 80 --out run --ranks 2 --bf16 --from-export ../model
    python train.py --minutes 28 --out run --init run/vision.pt --device cuda --bf16 --workers 14

The schedule follows the clock, so that a run always ends with its learning rate annealed, whatever
the machine. `run/last.pt` has weights, moving average and optimiser state (--resume continues it).
"""

import argparse
import collections
import os
import random

import data
import fused_layers
import landmarks
import pointers
import torch
import torch.nn.functional as F
from attention import Packing
from auxiliary import Auxiliary
from checkpoint import save, start
from common import Clock, Log, add_process_options, falling, open_pool, setup_process, spawn
from model import (
    IMAGE_BEGIN,
    IMAGE_END,
    INDICATORS,
    VIDEO_BEGIN,
    VIDEO_END,
    Pocket,
    parameter_count,
)
from optimiser import Optimiser
from paths import MODEL
from replay import Replay
from vision_data import vision_batch

SENTINELS = {
    data.IMAGE_BEGIN: IMAGE_BEGIN,
    data.IMAGE_END: IMAGE_END,
    data.VIDEO_BEGIN: VIDEO_BEGIN,
    data.VIDEO_END: VIDEO_END,
}
VISION_SIDE = (
    "visual_tokenizer",
    "aux.",
    "vte",
)  # prefixes of the parameters that --vision-every is about


def embed(model, ids, soft):
    """Token embeddings with indicator rows and soft visual tokens in their places."""
    x = F.embedding(ids.clamp(min=0), model.llm.model.embed_tokens.weight)
    if soft is None:
        return x
    base = model.config.visual_vocab_size - INDICATORS
    rows = torch.zeros_like(ids)
    for sentinel, k in SENTINELS.items():
        rows = torch.where(ids == sentinel, torch.full_like(ids, base + k), rows)
    x = torch.where((rows > 0)[..., None], F.embedding(rows, model.vte.weight), x)
    atoms = (ids == data.ATOM)[..., None].expand_as(x)
    return x.masked_scatter(atoms, soft.to(x.dtype).reshape(-1))


def teach_vision(model, aux, pixels, targets, device):
    """Loss of the auxiliary heads on pictures, and their soft tokens."""
    features, soft, _ = model.encode(torch.from_numpy(pixels).to(device))
    targets = [torch.from_numpy(t).to(device) for t in targets]
    return aux(features.float(), soft.float(), targets)[0], soft


def text_side(text, x, pos, layout, fused):
    """Hidden states [N, H] of one row x after both numbers of layers of landmarks.AFTER and after all,
    the last ones not yet normalised.
    """
    if not fused:
        states = []
        text(x[None], pos[None], Packing(*layout, x.device), states=states)
        return [states[k - 1][0] for k in (*landmarks.AFTER, len(states))]
    out, begin = [], 0
    for end in (*landmarks.AFTER, len(text.layers)):
        x = fused_layers.text_layers(text, text.layers[begin:end], x, pos, layout)
        out.append(x)
        begin = end
    return out


def teach_landmarks(guide, x, halfway, hints, tally):
    """Loss of the heads of landmarks.py."""
    known = torch.from_numpy(hints["known"]).to(x.device)
    ends = torch.from_numpy(hints["ends"]).to(x.device)
    count = len(known) - len(ends)
    hidden = torch.cat((halfway[0][:count], halfway[1][ends]))
    return guide(hidden, known, tally) + guide.before(x[:count], known[:count], tally)


def teach_looking(text, halfway, batch, pos, tally):
    """Loss of the heads of pointers.py."""
    total = 0.0
    for k, looks in enumerate(batch["hints"]["looks"]):
        if len(looks):
            rows, owners, *_ = t = torch.from_numpy(looks).to(pos.device).unbind(1)
            places = torch.stack(t[2:], 1)
            how = rows, owners, places, batch["prefixes"], pos
            loss, right = pointers.loss(text, k, halfway[k], *how)
            total = total + loss
            count = tally["knows_where_" + ("asked", "told")[k]]
            count[0] += right
            count[1] += len(looks)
    return total


def run_batch(model, aux, guide, batch, device, train_vision, tally, weights, fused=False):
    """Loss summed over target tokens with those of the heads, how many tokens there are, and the loss
    without the heads; `tally` collects exactly right answers per type. `weights`: those of the heads
    `aux`, of `guide` and of pointers.py. The batch gets its visual tokens ("soft") and the number of wrong
    answers about each of its prefixes ("wrong").
    """
    ids, pos, label = (torch.from_numpy(batch[k]).to(device) for k in ("ids", "pos", "label"))
    soft, extra = batch.get("soft"), 0.0
    if "pixels" in batch:
        if train_vision and weights[0] and "targets" in batch:
            extra, soft = teach_vision(model, aux, batch["pixels"], batch["targets"], device)
            if "lesson" in batch:
                extra = extra + teach_vision(model, aux, *batch["lesson"], device)[0]
        else:
            with torch.set_grad_enabled(train_vision):
                soft = model.encode(torch.from_numpy(batch["pixels"]).to(device))[1]
        batch["soft"] = soft.detach().to(torch.bfloat16)
    layout = (*batch["prefixes"], batch["lengths"], batch["owners"])
    text, keep = model.llm.model, label != data.IGNORE
    x = embed(model, ids, soft)
    *halfway, h = text_side(text, x, pos, layout, fused)
    labels, h = label[keep], h[keep]
    if fused:
        logits = model.logits(text.norm(fused_layers.filled_up(h)))
        loss, right = fused_layers.CrossEntropy.apply(logits, labels)
    else:
        logits = model.logits(text.norm(h)).float()
        loss = F.cross_entropy(logits, labels, reduction="sum")
        right = logits.argmax(-1) == labels
    told = 0.0
    if weights[1]:
        told = told + weights[1] * teach_landmarks(guide, x, halfway, batch["hints"], tally)
    if weights[2]:
        told = told + weights[2] * teach_looking(text, halfway, batch, pos, tally)
    with torch.no_grad():
        lengths = torch.tensor(batch["lengths"], device=device)
        talk = torch.repeat_interleave(torch.arange(len(lengths), device=device), lengths)
        talk = talk[keep[len(keep) - len(talk) :]]
        wrong = torch.bincount(talk, (~right).float(), len(lengths))
        owners = torch.tensor(batch["owners"], device=device)
        batch["wrong"] = torch.bincount(owners, (wrong > 0).float(), batch["prefixes"][0]).tolist()
        for name, w in zip(batch["types"], wrong.tolist()):
            tally[name][0] += w == 0
            tally[name][1] += 1
    return loss + len(labels) * (weights[0] * extra + told), len(labels), loss.item()


def make_step(args, k, rank):
    """All batches of one step of one process. The kinds and sizes are the same in every
    process, so that nobody waits.
    """
    encoder = data.encoder_of(args.tokenizer)
    kinds = random.Random(args.seed * 7919 + k)
    rng = random.Random((args.seed * 1_000_003 + k) * 64 + rank)
    out = [data.picture_batch(rng, encoder, args.batch, args.asks, args.thinking, kinds)]
    if args.lesson and sees(args, k):
        out[0]["lesson"] = vision_batch(rng.getrandbits(40), args.lesson)
    small = data.films_for(args.batch)
    if kinds.random() < args.films:
        out.append(data.film_batch(rng, encoder, small, data.FILM_ASKS, args.thinking, kinds))
    if kinds.random() < args.films / 8:
        out.append(data.pair_batch(rng, encoder, small, args.thinking, kinds))
    if kinds.random() < args.talk:
        out.append(data.talk_batch(rng, encoder, small, data.TALK_ASKS, args.thinking))
    return out


def sees(args, k):
    """Whether the vision side learns in this step."""
    return args.vision_every > 0 and k % args.vision_every == 0


def is_plain(name):
    """Whether a tally counts answers without thinking."""
    return not name.startswith("knows_") and "+think" not in name


class Counts:
    """What rank 0 reports: totals since the start, loss and right answers since the last line."""

    def __init__(self, pictures=0, tokens=0):
        self.pictures, self.tokens = pictures, tokens
        self.clear()

    def clear(self):
        self.tally = collections.defaultdict(lambda: [0, 0])
        self.replayed = collections.defaultdict(lambda: [0, 0])  # told apart: it is the harder ones
        self.loss = self.targets = 0

    def values(self, norm):
        def share(rows):
            rows = list(rows)
            return sum(a for a, _ in rows) / max(1, sum(n for _, n in rows))

        knows = {k: v for k, v in self.tally.items() if k.startswith("knows_")}
        answers = {k: v for k, v in self.tally.items() if k not in knows}
        plain = {k: v for k, v in answers.items() if is_plain(k)}
        return {
            "pictures": self.pictures,
            "tokens": self.tokens,
            "loss": self.loss / max(1, self.targets),
            "norm": norm,
            "all": share(plain.values()),
            "think": share(v for k, v in answers.items() if "+think" in k),
            "replayed": share(v for k, v in self.replayed.items() if is_plain(k)),
            "knows": share(knows.values()),
            **{k: share([v]) for k, v in sorted(plain.items())},
            **{k: share([v]) for k, v in knows.items()},
        }


def main(rank, args):
    """Trains in this process; returns the loss per target token of every step."""
    setup_process(rank, args)
    device = torch.device(args.device)
    torch.manual_seed(0)
    model = Pocket(fused=args.fused).to(device)
    c = model.config
    aux = Auxiliary(c.vision.hidden_size * c.vision.hidden_stride**2, c.text.hidden_size).to(device)
    guide = landmarks.Landmarks(c.text.hidden_size).to(device)
    last = os.path.join(args.out, "last.pt")
    loaded = start(args, last, {"model": model, "aux": aux, "guide": guide}, device)
    named = [(n, p) for n, p in model.named_parameters() if "post_layernorm" not in n]
    named += [("aux." + n, p) for n, p in aux.named_parameters()]
    named += [("guide." + n, p) for n, p in guide.named_parameters()]
    opt = Optimiser(named, args.ranks, rank)
    ema = {n: p.detach().clone() for n, p in model.named_parameters()}
    clock, counts = Clock(args), Counts()
    if loaded:
        opt.load_state_dict(loaded["opt"])
        ema = loaded["ema"]
        clock, counts = Clock(args, **loaded["clock"]), Counts(**loaded["counts"])
    if rank == 0:
        print("parameters", parameter_count(model), flush=True)
    progress, losses, log = 0.0, [], Log(args) if rank == 0 else None
    # the steps that draw are every n-th one, and where a resumed run begins (see the end)
    pool = open_pool(
        args, lambda k: (args, k * args.reuse, rank), make_step, clock.step // args.reuse
    )
    replay = Replay(args, rank)
    while progress < 1.0:
        opt.zero()
        total = step_loss = 0
        again = replay.is_due(clock.step)
        seeing = sees(args, clock.step) and not again
        guide.apart = clock.step < args.heads_first
        batches = replay.step(clock.step) if again else next(pool)
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16, enabled=args.bf16):
                loss, n, plain = run_batch(
                    model,
                    aux,
                    guide,
                    batch,
                    device,
                    seeing,
                    counts.replayed if "seen" in batch else counts.tally,
                    (args.aux, args.landmarks, args.pointers),
                    args.fused,
                )
            loss.backward()
            total += n
            step_loss += plain
            counts.tokens += len(batch["ids"]) * args.ranks
            counts.pictures += batch["prefixes"][0] * ("targets" in batch) * args.ranks
        replay.keep(clock.step, batches)
        counts.loss += step_loss
        counts.targets += total
        losses.append(step_loss / max(1, total))
        progress, norm = opt.reduce(clock.tick(), total)
        warm = min(1.0, len(losses) / args.warm)
        rate = warm * falling(args, progress)
        opt.step(
            args.lr * rate,
            args.lr_other * rate,
            () if seeing else VISION_SIDE,
            VISION_SIDE,
            args.vision_rate,
        )
        with torch.no_grad():
            d = min(args.ema, clock.step / (clock.step + 20))
            for n, p in model.named_parameters():
                ema[n].lerp_(p, 1 - d)
        if rank == 0 and clock.step % args.log == 0:
            values = counts.values(norm)
            log.write(clock, values)
            print(
                f"{clock.seconds:6.0f}s p {progress:.3f} step {clock.step} "
                + " ".join(f"{k} {v:.3g}" for k, v in values.items()),
                flush=True,
            )
            counts.clear()
        draws = clock.step % args.reuse == 0
        if rank == 0 and (progress >= 1.0 or draws and clock.time_to_save()):
            state = {"model": model.state_dict(), "aux": aux.state_dict(), "ema": ema}
            state["guide"] = guide.state_dict()
            state["clock"] = {"step": clock.step, "seconds": clock.seconds}
            state["counts"] = {"pictures": counts.pictures, "tokens": counts.tokens}
            save({**state, "opt": opt.state_dict()}, last)
    return losses


def parser():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_process_options(p, minutes=80, batch=8, log=50)
    p.add_argument("--tokenizer", default=os.path.join(MODEL, "tokenizer.json"))
    p.add_argument("--asks", type=int, default=7, help="conversations per picture")
    p.add_argument("--thinking", type=float, default=0.18, help="share of them with thinking on")
    p.add_argument("--films", type=float, default=0.5, help="share of steps with films")
    p.add_argument(
        "--talk",
        type=float,
        default=0.4,
        help="share of steps with conversations without a picture as well",
    )
    p.add_argument(
        "--pointers", type=float, default=0.05, help="weight of the heads of pointers.py"
    )
    p.add_argument("--aux", type=float, default=0.03, help="weight of the auxiliary heads")
    p.add_argument(
        "--landmarks", type=float, default=0.01, help="weight of the heads of landmarks.py"
    )
    p.add_argument(
        "--lesson", type=int, default=4, help="crowded pictures for the auxiliary heads alone"
    )
    p.add_argument(
        "--vision-every",
        type=int,
        default=3,
        help="train the vision side in every n-th step only (the text side is the slower learner); "
        "0: never",
    )
    p.add_argument(
        "--reuse",
        type=int,
        default=1,
        help="one step in so many draws; the others ask about pictures of earlier steps again, whose "
        "visual tokens stay as they were: for a vision side that learns little or nothing",
    )
    p.add_argument(
        "--vision-rate",
        type=float,
        default=1.0,
        help="share of the learning rates for the vision side, which has learnt most of it in stage 1",
    )
    p.add_argument(
        "--heads-first",
        type=int,
        default=50,
        help="steps in which the heads of landmarks.py learn apart; 0 where --init has them",
    )
    p.add_argument("--warm", type=int, default=40, help="steps until the full learning rate")
    p.add_argument("--ema", type=float, default=0.99, help="of the moving average, per step")
    return p


if __name__ == "__main__":
    spawn(main, parser().parse_args())
