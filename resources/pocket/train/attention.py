"""Attention, and attention among conversations that lie one after the other in one row.

A batch is first the prefixes of all its pictures (of equal length), then their conversations from the
shortest to the longest. A conversation sees the prefix of its picture and itself. Conversations of
about the same length are attended to together, so that little is computed in vain.
"""

import numpy as np
import torch


def attention(q, k, v, mask=None):
    """q, k, v [B, heads, tokens, D], mask bool [tokens of q, tokens of k] -> as q. Written out, because
    at these sizes the library's own kernel takes twice to three times as long backward in bf16.
    """
    scores = q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)
    wide = torch.promote_types(scores.dtype, torch.float32)
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    return torch.softmax(scores, -1, dtype=wide).to(v.dtype) @ v


class Packing:
    """Which tokens of a row see each other."""

    def __init__(self, rows, prefix, lengths, owners, device="cpu"):
        """`rows` prefixes of `prefix` tokens; for every conversation its tokens and its prefix."""
        self.rows, self.prefix, self.groups = rows, prefix, []
        self.causal = torch.ones(prefix, prefix, dtype=torch.bool, device=device).tril()
        lengths, owners = np.asarray(lengths), np.asarray(owners)
        starts = rows * prefix + np.cumsum(lengths) - lengths
        size = max(8, len(lengths) // 8)  # a GPU wants few large calls
        for a in range(0, len(lengths), size):
            n, start = lengths[a : a + size], starts[a : a + size]
            slots = np.arange(n.max())
            index = start[:, None] + np.minimum(slots, n[:, None] - 1)  # the last token fills up
            real = np.flatnonzero(slots < n[:, None])
            mask = torch.ones(len(slots), prefix + len(slots), dtype=torch.bool).tril(prefix)
            parts = (torch.from_numpy(x) for x in (owners[a : a + size], index, real))
            self.groups.append([t.to(device) for t in (*parts, mask)])

    def attend(self, q, k, v):
        """q [N, query heads, D], k and v [N, key heads, D] -> [N, query heads, D]."""
        heads, group = q.shape[1], q.shape[1] // k.shape[1]

        def batched(t, index):  # [...] of the row -> [batch, query heads, tokens, D]
            t = t[index].transpose(1, 2)
            return t if t.shape[1] == heads else t.repeat_interleave(group, dim=1)

        def flat(o):
            return o.transpose(1, 2).reshape(-1, heads, q.shape[2])

        first = torch.arange(self.rows * self.prefix, device=q.device).view(self.rows, -1)
        pk, pv = batched(k, first), batched(v, first)
        out = [flat(attention(batched(q, first), pk, pv, self.causal))]
        for owner, index, real, mask in self.groups:
            gk = torch.cat((pk[owner], batched(k, index)), dim=2)
            gv = torch.cat((pv[owner], batched(v, index)), dim=2)
            out.append(flat(attention(batched(q, index), gk, gv, mask))[real])
        return torch.cat(out)
