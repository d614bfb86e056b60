"""What both stages share: processes, drawing workers, the clock that drives the schedule."""

import multiprocessing as mp
import os
import threading
import time

import torch
import torch.distributed as dist


def add_process_options(p, minutes, batch, log):
    """The options that both stages have, with the defaults of this one."""
    p.add_argument("--out", default="run")
    p.add_argument("--minutes", type=float, default=minutes)
    p.add_argument(
        "--steps", type=int, help="end after so many steps instead; the same on every machine"
    )
    p.add_argument("--batch", type=int, default=batch, help="pictures per process and step")
    p.add_argument(
        "--ranks", type=int, default=1, help="data-parallel processes (CPU: one per core)"
    )
    threads = os.cpu_count() or 1
    p.add_argument("--threads", type=int, default=threads, help="of a single process on the CPU")
    p.add_argument(
        "--workers", type=int, default=0, help="drawing processes (0: in the training process)"
    )
    p.add_argument("--device", default="cpu")
    p.add_argument("--bf16", action="store_true")
    p.add_argument(
        "--fused", action="store_true", help="the layers of fused/ (CPU, with --bf16; faster)"
    )
    p.add_argument("--lr", type=float, default=4e-3, help="matrices (Muon)")
    p.add_argument("--lr-other", type=float, default=2e-3, help="everything else (AdamW)")
    p.add_argument(
        "--decay-from", type=float, default=0.4, help="part of the run at the full learning rate"
    )
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--log", type=int, default=log, help="steps between two lines")
    p.add_argument("--resume", action="store_true", help="continue the run in --out")
    p.add_argument("--init", help="checkpoint of another stage to start from")
    p.add_argument("--from-export", help="model folder to start from")
    p.add_argument("--save", type=float, default=2, help="minutes between checkpoints")


def falling(args, progress):
    """The share of the learning rate at this point of the run: all, then less and less."""
    return min(1.0, max(0.02, (1.0 - progress) / (1.0 - args.decay_from)))


class Clock:
    """How far a run is, from 0 to 1: by time, so that it ends annealed on any machine, or by steps. On
    the CPU the time is the processor time that one thread got: a run may be stopped (kill -STOP) or
    stand back behind other work, and is not annealed the earlier for it.
    """

    def __init__(self, args, step=0, seconds=0.0):
        self.minutes, self.steps, self.step, self.seconds = args.minutes, args.steps, step, seconds
        self.now = time.process_time if args.device == "cpu" else time.time
        self.threads = 1 if args.ranks > 1 or args.device != "cpu" else args.threads
        self.last, self.saved, self.save_every = self.now(), time.time(), 60 * args.save

    def tick(self):
        """Counts a step; returns the progress."""
        now = self.now()
        self.step += 1
        self.seconds += (now - self.last) / self.threads
        self.last = now
        return self.step / self.steps if self.steps else self.seconds / (60 * self.minutes)

    def time_to_save(self):
        due = time.time() - self.saved > self.save_every
        if due:
            self.saved = time.time()
        return due


class Log:
    """`log.tsv` beside the checkpoint: one value a line, with its step, the seconds of training so far
    and its name; a resumed run appends.
    """

    def __init__(self, args):
        path = os.path.join(args.out, "log.tsv")
        fresh = not (args.resume and os.path.exists(path))
        self.file = open(path, "w" if fresh else "a", encoding="utf-8")
        if fresh:
            self.file.write("step\tseconds\tname\tvalue\n")

    def write(self, clock, values):
        for name, value in values.items():
            self.file.write(f"{clock.step}\t{clock.seconds:.1f}\t{name}\t{value:.4f}\n")
        self.file.flush()


def follow_parent(parent):
    """End this process when the one which started it is gone."""

    def watch():
        while os.getppid() == parent:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def setup_process(rank, args):
    """Threads, denormals, and the process group when there are several processes."""
    os.makedirs(args.out, exist_ok=True)
    if args.ranks > 1:
        follow_parent(os.getppid())
    if args.device == "cpu":
        torch.set_num_threads(1 if args.ranks > 1 else args.threads)
    else:
        torch.backends.cuda.matmul.allow_tf32 = True
    torch.set_flush_denormal(True)
    if args.ranks > 1:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ["MASTER_PORT"] = str(args.port)
        dist.init_process_group("gloo", rank=rank, world_size=args.ranks)


def spawn(main, args):
    """Run main(rank, args) in args.ranks processes."""
    if args.ranks == 1:
        return main(0, args)
    args.port = 29500 + os.getpid() % 400
    # keep freed memory in the process: returning it costs a page fault for every large temporary
    os.environ.setdefault("MALLOC_MMAP_MAX_", "0")
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", "100000000000")
    os.environ.setdefault("MALLOC_TOP_PAD_", "268435456")
    # and the compiled matrix products: every shape of pictures and films has its own
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "2048")
    torch.multiprocessing.spawn(main, args=(args,), nprocs=args.ranks)
    return None


def _worker(queue, function, jobs, index, count):
    torch.set_num_threads(1)
    k = index
    while True:
        queue.put(function(*jobs(k)))
        k += count


def open_pool(args, jobs, function, start=0):
    """Endless results of function(*jobs(start)), function(*jobs(start + 1)), ... (from worker
    processes the order may differ).
    """
    if not args.workers:
        k = start
        while True:
            yield function(*jobs(k))
            k += 1
    context = mp.get_context("fork")
    queue = context.Queue(maxsize=2 * args.workers)
    for i in range(args.workers):
        worker = (queue, function, jobs, start + i, args.workers)
        context.Process(target=_worker, args=worker, daemon=True).start()
    while True:
        yield queue.get()
