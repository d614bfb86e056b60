"""Stage 1: the vision side alone, taught by the auxiliary heads.

    python train_vision.py --minutes 25 --out run --ranks 2 --bf16
    python train_vision.py --minutes 25 --out run --ranks 2 --bf16 --from-export ../model
    python train_vision.py --minutes 2 --out run --device cuda --bf16

On a CPU one single-threaded process per core is fastest. `run/vision.pt` is what stage 2 starts from
(--resume continues it).
"""

import argparse
import os

import torch
from auxiliary import NAMES, Auxiliary
from checkpoint import save, start
from common import Clock, Log, add_process_options, falling, open_pool, setup_process, spawn
from model import Pocket
from optimiser import Optimiser
from vision_data import patch_statistics, vision_batch

VISION_SIDE = ("visual_tokenizer", "vte.")


def main(rank, args):
    """Trains in this process; returns the loss of every step."""
    setup_process(rank, args)
    device = torch.device(args.device)
    torch.manual_seed(0)
    model = Pocket(fused=args.fused).to(device)
    merged = model.config.vision.hidden_size * model.config.vision.hidden_stride**2
    aux = Auxiliary(merged, model.config.text.hidden_size).to(device)
    path = os.path.join(args.out, "vision.pt")
    loaded = start(args, path, {"model": model, "aux": aux}, device)
    if not (loaded or args.init or args.from_export):
        model.whiten(*patch_statistics(0))
    named = [
        (n, p)
        for n, p in model.named_parameters()
        if (n.startswith("visual_tokenizer") or n == "vte.weight") and "post_layernorm" not in n
    ]
    named += [("aux." + n, p) for n, p in aux.named_parameters()]
    opt = Optimiser(named, args.ranks, rank)
    clock = Clock(args)
    if loaded:
        opt.load_state_dict(loaded["opt"])
        clock = Clock(args, **loaded["clock"])
    # untrained heads on a trained model would only disturb it: they learn alone at first
    heads_first = args.heads_first if args.from_export else 0

    def job(k):
        return args.seed * 1_000_003 + k * args.ranks + rank, args.batch

    progress, losses, log = 0.0, [], Log(args) if rank == 0 else None
    tally, mean_loss = [[0, 0] for _ in NAMES], 0.0
    pool = open_pool(args, job, vision_batch, clock.step)
    while progress < 1.0:
        pixels, targets = next(pool)
        opt.zero()
        see = clock.step >= heads_first
        with torch.autocast(device.type, torch.bfloat16, enabled=args.bf16):
            with torch.set_grad_enabled(see):
                features, soft, _ = model.encode(torch.from_numpy(pixels).to(device))
            targets = [torch.from_numpy(t).to(device) for t in targets]
            loss, report = aux(features.float(), soft.float(), targets)
        loss.backward()
        losses.append(loss.item())
        progress, norm = opt.reduce(clock.tick(), 1.0)
        warm = min(1.0, len(losses) / (10 if loaded else 40))
        rate = warm * falling(args, progress)
        opt.step(args.lr * rate, args.lr_other * rate, () if see else VISION_SIDE)
        mean_loss = 0.95 * mean_loss + 0.05 * losses[-1]
        for t, (a, b) in zip(tally, report):
            t[0] += a
            t[1] += b
        if rank == 0 and clock.step % args.log == 0:
            values = {"loss": mean_loss / (1 - 0.95 ** len(losses)), "norm": norm}
            values.update({n: a / max(1, b) for n, (a, b) in zip(NAMES, tally)})
            log.write(clock, values)
            print(
                f"{clock.seconds:6.0f}s step {clock.step} "
                f"{len(pixels) * args.ranks * clock.step / clock.seconds:.1f} pictures/s "
                + " ".join(f"{n} {v:.3f}" for n, v in values.items()),
                flush=True,
            )
            tally = [[0, 0] for _ in NAMES]
        if rank == 0 and (progress >= 1.0 or clock.time_to_save()):
            state = {"model": model.state_dict(), "aux": aux.state_dict(), "opt": opt.state_dict()}
            save({**state, "clock": {"step": clock.step, "seconds": clock.seconds}}, path)
    return losses


def parser():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_process_options(p, minutes=12, batch=12, log=50)
    p.add_argument(
        "--heads-first",
        type=int,
        default=100,
        help="steps of the auxiliary heads alone after --from-export",
    )
    return p


if __name__ == "__main__":
    spawn(main, parser().parse_args())
