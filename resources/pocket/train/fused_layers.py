"""The layers of both sides through fused/: the same functions as in model.py in bfloat16, three times as
fast on a CPU. Built when they are first asked for; that takes a C++ compiler.
"""

import os
import shutil
from functools import lru_cache

import torch
from torch.utils.cpp_extension import load

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fused")


def can_build():
    """Whether what library() takes is here."""
    return shutil.which("c++") is not None and shutil.which("ninja") is not None


@lru_cache(maxsize=1)
def library():
    """The C++ of fused/, compiled for this machine (kept in the cache of torch's extensions)."""
    sources = [
        os.path.join(FOLDER, f) for f in ("module.cpp", "text.cpp", "vision.cpp", "loss.cpp")
    ]
    flags = ["-O3", "-march=native", "-ffast-math", "-std=c++20"]
    return load("pocket_fused", sources, extra_cflags=flags)


def filled_up(x, step=128):
    """x [N, H] with rows of zeros up to a multiple of `step`: the library compiles its matrix products anew
    for every number of rows, which takes longer than computing them.
    """
    return torch.nn.functional.pad(x, (0, 0, 0, -len(x) % step))


class Layers(torch.autograd.Function):
    """x [N, H] -> as x, after the last layer of the "text" or the "vision" `side`; `rest` is what its C++
    functions take after the weights.
    """

    @staticmethod
    def forward(ctx, side, x, cos, sin, rest, *weights):
        ctx.side, ctx.rest = side, (cos, sin, list(weights), *rest)
        y, *ctx.kept = getattr(library(), side + "_forward")(x, *ctx.rest)
        return y

    @staticmethod
    def backward(ctx, grad):
        dx, *dw = getattr(library(), ctx.side + "_backward")(grad, ctx.kept, *ctx.rest)
        return None, dx, None, None, None, *dw


class CrossEntropy(torch.autograd.Function):
    """Sum of the losses of bf16 logits [N, V] at labels [n <= N], and whether each label is the likeliest
    token.
    """

    @staticmethod
    def forward(ctx, logits, labels):
        loss, ctx.grad, right = library().cross_entropy(logits, labels)
        ctx.mark_non_differentiable(right)
        return torch.tensor(loss), right

    @staticmethod
    def backward(ctx, grad, _):
        return ctx.grad * grad.to(ctx.grad.dtype), None


def text_layers(text, layers, x, pos, layout):
    """What some `layers` of `text` (a TextModel) make of one row x [N, H] at positions [N]; `layout` =
    (rows, prefix, lengths, owners) of the Packing.
    """
    c = text.config
    inv = c.rope_theta ** (-torch.arange(0, c.head_dim, 2, dtype=torch.float32) / c.head_dim)
    angle = pos[:, None].float() * inv
    weights = []
    for layer in layers:
        a, m = layer.self_attn, layer.mlp
        weights += [
            layer.input_layernorm.weight,
            torch.cat((a.q_proj.weight, a.k_proj.weight, a.v_proj.weight)),
            a.q_norm.weight,
            a.k_norm.weight,
            a.o_proj.weight,
            layer.post_attention_layernorm.weight,
            torch.cat((m.gate_proj.weight, m.up_proj.weight)),
            m.down_proj.weight,
        ]
    heads = [c.num_attention_heads, c.num_key_value_heads, c.head_dim]
    rest = ([c.hidden_size, *heads, c.intermediate_size], c.rms_norm_eps, *layout)
    angle, count = filled_up(angle), len(x)
    x = filled_up(x.float())
    return Layers.apply("text", x, angle.cos(), angle.sin(), rest, *weights)[:count]


def vision_layers(vision, x, cos, sin):
    """What the layers of `vision` (a VisionModel) make of x [B, patches, H]; cos, sin [patches, D]."""
    c = vision.config
    weights = []
    for layer in vision.encoder.layers:
        a, m = layer.self_attn, layer.mlp
        qkv = (a.q_proj, a.k_proj, a.v_proj)
        weights += [
            *(layer.layer_norm1.weight, layer.layer_norm1.bias),
            *(torch.cat([p.weight for p in qkv]), torch.cat([p.bias for p in qkv])),
            *(a.out_proj.weight, a.out_proj.bias),
            *(layer.layer_norm2.weight, layer.layer_norm2.bias),
            *(m.fc1.weight, m.fc1.bias, m.fc2.weight, m.fc2.bias),
        ]
    half = cos.shape[1] // 2
    rest = (
        [c.hidden_size, c.num_attention_heads, c.intermediate_size, x.shape[1]],
        c.layer_norm_eps,
    )
    cos, sin = cos[:, :half].contiguous(), sin[:, :half].contiguous()
    rows = x.float().reshape(-1, c.hidden_size)
    return Layers.apply("vision", rows, cos, sin, rest, *weights).view(x.shape)
