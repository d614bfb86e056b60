"""Auxiliary heads which teach the vision side directly; they are dropped at export."""

import torch.nn.functional as F
from facts import BACKGROUNDS, CHARS, COLOURS, EDGES, SHAPES, SIZES
from torch import nn

PARTS = (
    [len(SHAPES) + 1, len(COLOURS), len(SIZES), len(COLOURS) + 1]
    + [len(CHARS) + 1] * 3
    + [len(BACKGROUNDS) + 1]
    + [len(EDGES) + 1] * 2
)
NAMES = "shape colour size cover char1 char2 char3 background column row".split()
# parts whose only value without a target is -1
ANYWHERE = ("colour", "size", "background", "column", "row")


class Auxiliary(nn.Module):
    def __init__(self, merged, hidden):
        super().__init__()
        self.early = nn.Sequential(nn.LayerNorm(merged), nn.Linear(merged, sum(PARTS)))
        self.late = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, sum(PARTS)))

    def forward(self, features, soft, targets):
        """Mean loss over the parts and the share of right answers where there is something to see."""
        shape, colour, size, cover, chars, *rest = targets
        columns = [shape, colour, size, cover, *chars.unbind(-1), *rest]
        loss, report = 0.0, []
        for weight, out in ((0.4, self.early(features)), (0.6, self.late(soft))):
            report = []
            for name, o, t in zip(NAMES, out.split(PARTS, dim=-1), columns):
                o, t = o.reshape(-1, o.shape[-1]), t.reshape(-1)
                if name in ANYWHERE:
                    keep = t >= 0
                    o, t = o[keep], t[keep]
                    if len(t):
                        loss = loss + weight * F.cross_entropy(o, t)
                else:
                    o, t = o[t >= 0], t[t >= 0]
                    each = F.cross_entropy(o, t, reduction="none")
                    seen = t > 0
                    loss = loss + weight * (
                        each[~seen].mean() + (each[seen].mean() if seen.any() else 0.0)
                    )
                    o, t = o[seen], t[seen]
                report.append(((o.argmax(-1) == t).sum().item(), len(t)))
        return loss, report
