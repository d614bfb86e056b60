"""Stage 1: the vision side alone, taught by the auxiliary heads.

    python train_vision.py --minutes 12 --out run --ranks 2
    python train_vision.py --minutes 2 --out run --device cuda --bf16

On a CPU one single-threaded process per core is fastest. `run/vision.pt` is what stage 2 starts from.
"""

import argparse
import os

import torch
from auxiliary import Auxiliary
from common import Clock, add_process_options, open_pool, save, setup_process, spawn
from model import Pocket
from optimiser import Optimiser
from vision_data import patch_statistics, vision_batch

NAMES = ["shape", "colour", "size", "cover", "char1", "char2", "char3", "background"]


def main(rank, args):
    """Trains in this process; returns the loss of every step."""
    setup_process(rank, args)
    device = torch.device(args.device)
    torch.manual_seed(0)
    model = Pocket().to(device)
    merged = model.config.vision.hidden_size * model.config.vision.hidden_stride**2
    aux = Auxiliary(merged, model.config.text.hidden_size).to(device)
    path = os.path.join(args.out, "vision.pt")
    loaded = torch.load(path, map_location=device) if args.resume and os.path.exists(path) else None
    if loaded:
        model.load_state_dict(loaded["model"])
        aux.load_state_dict(loaded["aux"])
    else:
        model.whiten(*patch_statistics(0))
    named = [
        (n, p)
        for n, p in model.named_parameters()
        if (n.startswith("visual_tokenizer") or n == "vte.weight") and "post_layernorm" not in n
    ]
    named += [("aux." + n, p) for n, p in aux.named_parameters()]
    opt = Optimiser(named, args.ranks, rank)
    if loaded:
        opt.load_state_dict(loaded["opt"])

    def job(k):
        return args.seed * 1_000_003 + k * args.ranks + rank, args.batch

    clock, progress, losses = Clock(args), 0.0, []
    tally, mean_loss = [[0, 0] for _ in NAMES], 0.0
    pool = open_pool(args, job, vision_batch)
    while progress < 1.0:
        pixels, targets = next(pool)
        opt.zero()
        with torch.autocast(device.type, torch.bfloat16, enabled=args.bf16):
            features, soft, _ = model.encode(torch.from_numpy(pixels).to(device))
            targets = [torch.from_numpy(t).to(device) for t in targets]
            loss, report = aux(features.float(), soft.float(), targets)
        loss.backward()
        losses.append(loss.item())
        step = len(losses)
        progress, norm = opt.reduce(clock.progress(step), 1.0)
        warm = min(1.0, step / (10 if args.resume else 40))
        rate = warm * (1.0 if progress < 0.8 else max(0.1, (1.0 - progress) / 0.2))
        opt.step(args.lr * rate, args.lr_other * rate)
        mean_loss = 0.95 * mean_loss + 0.05 * losses[-1]
        for t, (a, b) in zip(tally, report):
            t[0] += a
            t[1] += b
        if rank == 0 and step % args.log == 0:
            seconds, seen = clock.seconds(), step * args.batch * args.ranks
            parts = " ".join(f"{n} {100 * a / max(1, b):.0f}" for n, (a, b) in zip(NAMES, tally))
            print(
                f"{seconds:6.0f}s step {step} seen {seen} {seen / seconds:.1f}/s "
                f"loss {mean_loss / (1 - 0.95**step):.3f} norm {norm:.2f} {parts}",
                flush=True,
            )
            tally = [[0, 0] for _ in NAMES]
        if rank == 0 and (step % 100 == 0 or progress >= 1.0):
            save(
                {"model": model.state_dict(), "aux": aux.state_dict(), "opt": opt.state_dict()},
                path,
            )
    return losses


def parser():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_process_options(p, minutes=12, batch=12, log=10)
    return p


if __name__ == "__main__":
    spawn(main, parser().parse_args())
