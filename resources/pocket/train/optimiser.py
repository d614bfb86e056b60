"""Muon for the matrices of the transformer blocks, AdamW for everything else, over one flat
gradient buffer.

With several processes (data parallel) the gradient buffer is averaged and the orthogonalisations
are shared out.
"""

import math

import torch
import torch.distributed as dist


def orthogonalise(g, steps=4):
    """Newton-Schulz iteration on a stack of matrices [K, r, c]: returns about U V^T of each. Half
    precision is enough for a direction, and twice as fast.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = g.shape[1] > g.shape[2]
    x = g.transpose(1, 2) if tall else g
    x = (x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)).to(torch.bfloat16)
    for _ in range(steps):
        s = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(s, s, s, beta=b, alpha=c), x, beta=a)
    return (x.transpose(1, 2) if tall else x).to(g.dtype)


class Optimiser:
    def __init__(self, named, world=1, rank=0, weight_decay=0.03):
        self.named = [(n, p) for n, p in named if p.requires_grad]
        self.world, self.rank, self.wd = world, rank, weight_decay
        total = sum(p.numel() for _, p in self.named)
        device = self.named[0][1].device
        self.flat = torch.zeros(
            total + 2, device=device
        )  # two more slots: progress and token count
        self.slots, at = {}, 0
        for n, p in self.named:
            self.slots[n] = (at, at + p.numel())
            p.grad = self.flat[at : at + p.numel()].view_as(p)
            at += p.numel()
        self.total = total
        self.state = {}
        self.groups = {}
        for n, p in self.named:
            if p.dim() == 2 and ".layers." in n:
                self.groups.setdefault(tuple(p.shape), []).append((n, p))
                self.state[n] = {"m": torch.zeros_like(p)}
            else:
                self.state[n] = {"m": torch.zeros_like(p), "v": torch.zeros_like(p)}
        self.update = torch.zeros(total, device=device) if world > 1 else None
        self.steps = 0

    def zero(self):
        self.flat.zero_()

    def reduce(self, progress, weight):
        """Sum over the processes; gradients were summed over tokens, so divide by the number of
        tokens.
        """
        self.flat[-2], self.flat[-1] = progress / self.world, weight
        if self.world > 1:
            dist.all_reduce(self.flat)
        progress, weight = self.flat[-2].item(), max(1.0, self.flat[-1].item())
        g = self.flat[: self.total]
        g.div_(weight)
        norm = g.norm().item()
        if not math.isfinite(norm):
            g.zero_()
        elif norm > 1.0:
            g.mul_(1.0 / norm)
        return progress, norm

    @torch.no_grad()
    def step(self, lr_matrix, lr_other, skip=(), slow=(), share=1.0):
        """`skip`: prefixes of parameters which had no gradient in this step and stay as they are; those of
        `slow` learn with this share of the rates.
        """

        def rate(lr, name):
            return lr * share if slow and name.startswith(slow) else lr

        self.steps += 1
        t = self.steps
        if self.world > 1:
            self.update.zero_()
        groups = (
            {s: [m for m in g if not m[0].startswith(skip)] for s, g in self.groups.items()}
            if skip
            else self.groups
        )
        for shape, members in groups.items():
            for n, p in members:
                self.state[n]["m"].mul_(0.95).add_(p.grad, alpha=0.05)
            mine = [(n, p) for i, (n, p) in enumerate(members) if i % self.world == self.rank]
            if mine:
                u = torch.stack([p.grad * 0.05 + 0.95 * self.state[n]["m"] for n, p in mine])
                u = orthogonalise(u) * (0.2 * math.sqrt(max(shape)))
                for (n, p), x in zip(mine, u):
                    if self.world > 1:
                        a, b = self.slots[n]
                        self.update[a:b] = x.reshape(-1)
                    else:
                        lr = rate(lr_matrix, n)
                        p.mul_(1 - lr * self.wd).sub_(x, alpha=lr)
        if self.world > 1:
            dist.all_reduce(self.update)
            for members in groups.values():
                for n, p in members:
                    a, b = self.slots[n]
                    lr = rate(lr_matrix, n)
                    p.mul_(1 - lr * self.wd).sub_(self.update[a:b].view_as(p), alpha=lr)
        for n, p in self.named:
            s = self.state[n]
            if "v" not in s or (skip and n.startswith(skip)):
                continue
            s["m"].lerp_(p.grad, 0.1)
            s["v"].mul_(0.97).addcmul_(p.grad, p.grad, value=0.03)
            d = (s["v"] / (1 - 0.97**t)).sqrt_().add_(1e-9)
            # sharp attention needs large query and key gains: let them move faster
            p.addcdiv_(
                s["m"] / (1 - 0.9**t),
                d,
                value=-rate(lr_other, n)
                * (4 if n.endswith(("q_norm.weight", "k_norm.weight")) else 1),
            )

    def state_dict(self):
        return {"state": self.state, "steps": self.steps}

    def load_state_dict(self, d):
        for n, s in d["state"].items():
            if n in self.state:
                for k, v in s.items():
                    if self.state[n][k].shape == v.shape:
                        self.state[n][k].copy_(v)
        self.steps = d["steps"]
