"""Stage 2: the whole model on packed conversations, with the auxiliary heads of stage 1 still
helping.

    python train.py --minutes 80 --out run --ranks 2 --init run/vision.pt
    python train.py --minutes 28 --out run --init run/vision.pt --device cuda --bf16 --workers 14

The schedule follows the clock, so that a run always ends with its learning rate annealed, whatever
the machine. `run/last.pt` has weights, moving average and optimiser state (--resume continues it).
"""

import argparse
import collections
import json
import multiprocessing as mp
import os
import random
import time
from functools import lru_cache

import data
import torch
import torch.nn.functional as F
from auxiliary import Auxiliary
from common import Clock, add_process_options, open_pool, save, setup_process, spawn
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
from tokenizers import Tokenizer
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


def attention_mask(seg):
    """[B, 1, L, L]: causal, and only the prefix (segment 0) or the own segment."""
    L = seg.shape[1]
    same = seg[:, :, None] == seg[:, None, :]
    prefix = seg[:, None, :] == 0
    causal = torch.ones(L, L, dtype=torch.bool, device=seg.device).tril()
    return ((same | prefix) & causal).unsqueeze(1)


def run_batch(model, aux, batch, device, train_vision, tally, aux_weight):
    """Loss summed over target tokens, and how many there are; `tally` collects exactly right
    answers per type.
    """
    t = {
        k: torch.from_numpy(batch[k]).to(device, non_blocking=True)
        for k in ("ids", "seg", "pos", "label")
    }
    soft, extra = None, 0.0
    if "pixels" in batch:
        pixels = torch.from_numpy(batch["pixels"]).to(device, non_blocking=True)
        with torch.set_grad_enabled(train_vision):
            features, soft, _ = model.encode(pixels)
        if train_vision and "targets" in batch and aux_weight > 0:
            extra, _ = aux(
                features.float(),
                soft.float(),
                [torch.from_numpy(x).to(device) for x in batch["targets"]],
            )
            if "lesson" in batch:
                lesson, targets = batch["lesson"]
                f, s, _ = model.encode(torch.from_numpy(lesson).to(device))
                extra = (
                    extra
                    + aux(f.float(), s.float(), [torch.from_numpy(x).to(device) for x in targets])[
                        0
                    ]
                )
    x = embed(model, t["ids"], soft)
    h = model.llm.model(x, t["pos"], attention_mask(t["seg"]))
    keep = t["label"] != data.IGNORE
    labels = t["label"][keep]
    logits = model.logits(h[keep]).float()
    loss = F.cross_entropy(logits, labels, reduction="sum")
    with torch.no_grad():
        index = torch.arange(len(t["ids"]), device=device)[:, None] * 64 + t["seg"]
        wrong = torch.bincount(
            index[keep], weights=(logits.argmax(-1) != labels).float(), minlength=len(t["ids"]) * 64
        ).tolist()
        for b, types in enumerate(batch["types"]):
            for k, name in enumerate(types):
                tally[name][0] += int(wrong[b * 64 + k + 1] == 0)
                tally[name][1] += 1
    return loss + aux_weight * len(labels) * extra, len(labels), loss.item()


@lru_cache(maxsize=1)
def encoder_of(path):
    return data.Encoder(Tokenizer.from_file(path))


def make_step(args, k, rank, progress):
    """All batches of one step of one process. The kinds are the same in every process, so that
    nobody waits.
    """
    encoder = encoder_of(args.tokenizer)
    kinds = random.Random(args.seed * 7919 + k)
    rng = random.Random((args.seed * 1_000_003 + k) * 64 + rank)
    share = 0.18
    out = [data.picture_batch(rng, encoder, args.batch, args.asks, share)]
    if args.lesson and progress < args.lesson_until and k % args.vision_every == 0:
        out[0]["lesson"] = vision_batch(rng.getrandbits(40), args.lesson)
    small = max(1, args.batch // 5)
    if progress > args.films_from and kinds.random() < 0.45:
        out.append(data.film_batch(rng, encoder, small, 4, share))
    if progress > args.films_from and kinds.random() < 0.12:
        out.append(data.difference_batch(rng, encoder, small, share))
    if kinds.random() < 0.3:
        out.append(data.talk_batch(rng, encoder, max(1, args.batch // 3), 8, share))
    return out


class Counts:
    """What rank 0 reports: totals since the start, loss and right answers since the last line."""

    def __init__(self):
        self.pictures = self.tokens = 0
        self.clear()

    def clear(self):
        self.tally = collections.defaultdict(lambda: [0, 0])
        self.loss = self.targets = 0

    def line(self, seconds, progress, step, norm):
        def share(rows):
            rows = list(rows)
            return 100 * sum(a for a, _ in rows) / max(1, sum(n for _, n in rows))

        plain = {k: v for k, v in self.tally.items() if "+think" not in k}
        words = " ".join(f"{k} {share([v]):.0f}" for k, v in sorted(plain.items()))
        think = share(v for k, v in self.tally.items() if "+think" in k)
        return (
            f"{seconds:6.0f}s p {progress:.3f} step {step} {step / seconds:.2f}/s "
            f"pictures {self.pictures} ({self.pictures / seconds:.1f}/s) tokens {self.tokens / 1e6:.2f}M "
            f"loss {self.loss / max(1, self.targets):.4f} norm {norm:.2f} "
            f"all {share(self.tally.values()):.1f} think {think:.0f} | {words}"
        )


def load(args, path, model, aux, device):
    """Weights of the checkpoint that --resume or --init asks for, or None."""
    if args.resume and os.path.exists(path):
        loaded = torch.load(path, map_location=device)
    elif args.init:
        loaded = torch.load(args.init, map_location=device)
    else:
        return None
    model.load_state_dict(loaded["model"])
    with torch.no_grad():  # the auxiliary heads may have got more outputs since
        for n, p in aux.state_dict().items():
            v = loaded["aux"][n]
            p[tuple(slice(k) for k in v.shape)].copy_(v)
    return loaded


def main(rank, args):
    """Trains in this process; returns the loss per target token of every step."""
    setup_process(rank, args)
    device = torch.device(args.device)
    torch.manual_seed(0)
    model = Pocket().to(device)
    c = model.config
    aux = Auxiliary(c.vision.hidden_size * c.vision.hidden_stride**2, c.text.hidden_size).to(device)
    last = os.path.join(args.out, "last.pt")
    loaded = load(args, last, model, aux, device)
    named = [(n, p) for n, p in model.named_parameters() if "post_layernorm" not in n]
    named += [("aux." + n, p) for n, p in aux.named_parameters()]
    opt = Optimiser(named, args.ranks, rank)
    if loaded and args.resume:
        opt.load_state_dict(loaded["opt"])
    ema = {n: p.detach().clone() for n, p in model.named_parameters()}
    if loaded and "ema" in loaded:
        for n, v in loaded["ema"].items():
            ema[n].copy_(v)
    if rank == 0:
        print("parameters", parameter_count(model), flush=True)
    clock, progress, losses = Clock(args), 0.0, []
    shared = mp.Value("d", 0.0)  # the drawing workers follow the progress
    pool = open_pool(args, lambda k: (args, k, rank, shared.value), make_step)
    counts, saved = Counts(), time.time()
    while progress < 1.0:
        opt.zero()
        total = step_loss = 0
        seeing = len(losses) % args.vision_every == 0
        for batch in next(pool):
            main_kind = "targets" in batch
            see = main_kind and seeing
            with torch.autocast(device.type, torch.bfloat16, enabled=args.bf16):
                loss, n, plain = run_batch(
                    model, aux, batch, device, see, counts.tally, args.aux if see else 0.0
                )
            loss.backward()
            total += n
            step_loss += plain
            counts.tokens += int((batch["seg"] >= 0).sum()) * args.ranks
            counts.pictures += (len(batch["ids"]) if main_kind else 0) * args.ranks
        counts.loss += step_loss
        counts.targets += total
        losses.append(step_loss / max(1, total))
        step = len(losses)
        progress, norm = opt.reduce(clock.progress(step), total)
        shared.value = progress
        warm = min(1.0, step / args.warm)
        falling = max(0.02, (1.0 - progress) / (1.0 - args.decay_from))
        rate = warm * (1.0 if progress < args.decay_from else falling)
        opt.step(args.lr * rate, args.lr_other * rate, () if seeing else VISION_SIDE)
        with torch.no_grad():
            d = min(args.ema, step / (step + 20))
            for n, p in model.named_parameters():
                ema[n].lerp_(p, 1 - d)
        if rank == 0 and step % args.log == 0:
            print(counts.line(clock.seconds(), progress, step, norm), flush=True)
            counts.clear()
        if rank == 0 and (time.time() - saved > args.save * 60 or progress >= 1.0):
            saved = time.time()
            info = {
                "step": step,
                "pictures": counts.pictures,
                "tokens": counts.tokens,
                "seconds": clock.seconds(),
            }
            state = {"model": model.state_dict(), "aux": aux.state_dict(), "ema": ema}
            save({**state, "opt": opt.state_dict(), "info": info}, last)
    if rank == 0:
        done = {"step": len(losses), "pictures": counts.pictures, "tokens": counts.tokens}
        print("done", json.dumps(done), flush=True)
    return losses


def parser():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_process_options(p, minutes=80, batch=5, log=20)
    p.add_argument("--tokenizer", default=os.path.join(MODEL, "tokenizer.json"))
    p.add_argument("--init", help="vision.pt of stage 1, or what align.py made of it")
    p.add_argument("--asks", type=int, default=7, help="conversations per picture")
    p.add_argument("--aux", type=float, default=0.03, help="weight of the auxiliary heads")
    p.add_argument(
        "--lesson",
        type=int,
        default=2,
        help="crowded pictures per step for the auxiliary heads alone",
    )
    p.add_argument("--lesson-until", type=float, default=0.8)
    p.add_argument(
        "--vision-every",
        type=int,
        default=1,
        help="train the vision side in every n-th step only (the text side is the slower learner)",
    )
    p.add_argument("--warm", type=int, default=40, help="steps until the full learning rate")
    p.add_argument("--decay-from", type=float, default=0.55)
    p.add_argument("--films-from", type=float, default=0.1)
    p.add_argument("--ema", type=float, default=0.99)
    p.add_argument("--save", type=float, default=4, help="minutes between checkpoints")
    return p


if __name__ == "__main__":
    spawn(main, parser().parse_args())
