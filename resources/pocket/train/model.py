"""The Ovis2.5 architecture at pocket size, written for training.

Module names are chosen so that `state_dict()` has exactly the tensor names of the published
checkpoints. All pictures of one batch have the same grid, which keeps the vision side free of
masks.
"""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import fused_layers
import torch
import torch.nn.functional as F
from attention import Packing, attention
from torch import nn


@dataclass
class VisionConfig:
    hidden_size: int = 144
    num_hidden_layers: int = 5
    num_attention_heads: int = 2
    intermediate_size: int = 576
    patch_size: int = 16
    hidden_stride: int = 2
    image_size: int = 256  # 16 x 16 learned positions
    layer_norm_eps: float = 1e-6


@dataclass
class TextConfig:
    hidden_size: int = 192
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 48
    intermediate_size: int = 512
    vocab_size: int = 1536
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1e6
    max_position_embeddings: int = 4096


@dataclass
class PocketConfig:
    vision: VisionConfig = field(default_factory=VisionConfig)
    text: TextConfig = field(default_factory=TextConfig)
    visual_vocab_size: int = 1028  # 1024 soft columns + 4 indicator rows


INDICATORS = 4
IMAGE_BEGIN, IMAGE_END, VIDEO_BEGIN, VIDEO_END = range(4)  # rows visual_vocab_size - 4 + k of vte


# --- vision


@lru_cache(maxsize=64)
def block_order(gh, gw):
    """Patch sequence -> raster index, 2 x 2 blocks first (top-left, top-right, bottom-left,
    bottom-right).
    """
    idx = torch.arange(gh * gw).view(gh // 2, 2, gw // 2, 2)
    return idx.permute(0, 2, 1, 3).reshape(-1)


def patchify(pixels):
    """u8 [B, H, W, 3] -> f32 [B, N, 768] in block order, values u / 127.5 - 1."""
    B, H, W, _ = pixels.shape
    x = pixels.view(B, H // 32, 2, 16, W // 32, 2, 16, 3)
    x = x.permute(0, 1, 4, 2, 5, 7, 3, 6).reshape(B, H * W // 256, 768)
    return x.float() / 127.5 - 1.0


def at_least_f32(x):
    """What half precision is too coarse for; float64 stays, so that reference cases can be judged
    in it.
    """
    return x.to(torch.promote_types(x.dtype, torch.float32))


def rotate_half(x):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((-b, a), dim=-1)


class VisionAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.dim = c.num_attention_heads, c.hidden_size // c.num_attention_heads
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            setattr(self, name, nn.Linear(c.hidden_size, c.hidden_size))

    def forward(self, x, cos, sin):
        B, N, D = x.shape
        q, k, v = (
            p(x).view(B, N, self.heads, self.dim).transpose(1, 2)
            for p in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        o = attention(q.to(v.dtype), k.to(v.dtype), v)
        return self.out_proj(o.transpose(1, 2).reshape(B, N, D))


class VisionMLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc1 = nn.Linear(c.hidden_size, c.intermediate_size)
        self.fc2 = nn.Linear(c.intermediate_size, c.hidden_size)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class VisionLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(c.hidden_size, eps=c.layer_norm_eps)
        self.self_attn = VisionAttention(c)
        self.layer_norm2 = nn.LayerNorm(c.hidden_size, eps=c.layer_norm_eps)
        self.mlp = VisionMLP(c)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.layer_norm1(x), cos, sin)
        return x + self.mlp(self.layer_norm2(x))


class VisionEmbeddings(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.side = c.image_size // c.patch_size
        self.patch_embedding = nn.Conv2d(3, c.hidden_size, c.patch_size, c.patch_size)
        self.position_embedding = nn.Embedding(self.side**2, c.hidden_size)

    def forward(self, patches, gh, gw):
        w = self.patch_embedding.weight
        x = F.linear(patches, w.view(w.shape[0], -1), self.patch_embedding.bias)
        table = self.position_embedding.weight.view(1, self.side, self.side, -1).permute(0, 3, 1, 2)
        pe = F.interpolate(at_least_f32(table), size=(gh, gw), mode="bicubic", align_corners=False)
        return x + pe[0].flatten(1).t()[block_order(gh, gw).to(x.device)].to(x.dtype)


class VisionModel(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config, self.fused = c, False
        self.embeddings = VisionEmbeddings(c)
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(VisionLayer(c) for _ in range(c.num_hidden_layers))
        self.post_layernorm = nn.LayerNorm(
            c.hidden_size, eps=c.layer_norm_eps
        )  # stored, never applied

    def rotary(self, gh, gw, device):
        dim = self.config.hidden_size // self.config.num_attention_heads
        inv = 10000.0 ** (
            -torch.arange(0, dim // 2, 2, dtype=torch.float32, device=device) / (dim // 2)
        )
        order = block_order(gh, gw).to(device)
        row, col = (order // gw).float(), (order % gw).float()
        angle = torch.cat((row[:, None] * inv, col[:, None] * inv), dim=-1)
        angle = torch.cat((angle, angle), dim=-1)
        return angle.cos(), angle.sin()

    def forward(self, patches, gh, gw):
        x = self.embeddings(patches, gh, gw)
        cos, sin = self.rotary(gh, gw, x.device)
        if self.fused:
            return fused_layers.vision_layers(self, x, cos, sin)
        for layer in self.encoder.layers:
            x = layer(x, cos, sin)
        return x


class VisualTokenizer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.vit = nn.Module()
        self.vit.vision_model = VisionModel(c.vision)
        columns = c.visual_vocab_size - INDICATORS
        merged = c.vision.hidden_size * c.vision.hidden_stride**2
        self.head = nn.Sequential(
            nn.Linear(merged, columns, bias=False), nn.LayerNorm(columns, eps=1e-5)
        )

    def forward(self, patches, gh, gw):
        """[B, N, 768] -> merged features [B, N/4, 4 D] and soft assignment [B, N/4, columns]."""
        x = self.vit.vision_model(patches, gh, gw)
        x = x.reshape(x.shape[0], x.shape[1] // 4, -1)
        return x, torch.softmax(at_least_f32(self.head(x)), dim=-1)


# --- text


class Normalise(torch.autograd.Function):
    """x over its root mean square, times a weight. The library's own has no fused backward on the CPU
    and takes ten times as long.
    """

    @staticmethod
    def forward(ctx, x, weight, eps):
        square = torch.linalg.vecdot(x, x).unsqueeze_(-1)
        inverse = square.div_(x.shape[-1]).add_(eps).rsqrt_()
        y = x * inverse
        ctx.save_for_backward(y, weight, inverse)
        return y * weight

    @staticmethod
    def backward(ctx, grad):
        y, weight, inverse = ctx.saved_tensors
        by_weight = (grad * y).flatten(0, -2).sum(0)
        grad = grad * weight
        along = torch.linalg.vecdot(grad, y).unsqueeze_(-1).div_(-y.shape[-1])
        return torch.addcmul(grad, y, along).mul_(inverse), by_weight, None


class RMSNorm(nn.Module):
    def __init__(self, dim, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(dim)), eps

    def forward(self, x):
        return Normalise.apply(at_least_f32(x), self.weight, self.eps)


class TextAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.h, self.kv, self.d = c.num_attention_heads, c.num_key_value_heads, c.head_dim
        self.q_proj = nn.Linear(c.hidden_size, self.h * self.d, bias=False)
        self.k_proj = nn.Linear(c.hidden_size, self.kv * self.d, bias=False)
        self.v_proj = nn.Linear(c.hidden_size, self.kv * self.d, bias=False)
        self.o_proj = nn.Linear(self.h * self.d, c.hidden_size, bias=False)
        self.q_norm, self.k_norm = (
            RMSNorm(c.head_dim, c.rms_norm_eps),
            RMSNorm(c.head_dim, c.rms_norm_eps),
        )

    def forward(self, x, cos, sin, mask, cache=None):
        B, L, _ = x.shape
        q = self.q_norm(self.q_proj(x).view(B, L, self.h, self.d))
        k = self.k_norm(self.k_proj(x).view(B, L, self.kv, self.d))
        v = self.v_proj(x).view(B, L, self.kv, self.d)
        q, k = (
            (q * cos + rotate_half(q) * sin).to(v.dtype),
            (k * cos + rotate_half(k) * sin).to(v.dtype),
        )
        if isinstance(mask, Packing):
            return self.o_proj(mask.attend(q[0], k[0], v[0]).reshape(B, L, -1))
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        if cache is not None:
            if cache:
                k, v = torch.cat((cache["k"], k), dim=2), torch.cat((cache["v"], v), dim=2)
            cache["k"], cache["v"] = k, v
        group = self.h // self.kv
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        o = attention(q, k, v, mask)
        return self.o_proj(o.transpose(1, 2).reshape(B, L, -1))


class TextMLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.up_proj = nn.Linear(c.hidden_size, c.intermediate_size, bias=False)
        self.down_proj = nn.Linear(c.intermediate_size, c.hidden_size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class TextLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.self_attn = TextAttention(c)
        self.post_attention_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.mlp = TextMLP(c)

    def forward(self, x, cos, sin, mask, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class TextModel(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.config = c
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(TextLayer(c) for _ in range(c.num_hidden_layers))
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)

    def forward(self, x, positions, mask, caches=None, states=None):
        """x [B, L, H], positions [B, L], mask bool [L, L_total], None, or the Packing of a single
        row -> normalised hidden states. `states`: a list that takes what every layer makes of them.
        """
        c = self.config
        inv = c.rope_theta ** (
            -torch.arange(0, c.head_dim, 2, dtype=torch.float32, device=x.device) / c.head_dim
        )
        angle = positions[:, :, None, None].float() * inv
        angle = torch.cat((angle, angle), dim=-1)
        cos, sin = angle.cos(), angle.sin()
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, mask, None if caches is None else caches[i])
            if states is not None:
                states.append(x)
        return self.norm(x)


class Pocket(nn.Module):
    def __init__(self, config=None, fused=False):
        """`fused`: the vision layers of fused_layers.py, for training in bfloat16 on a CPU."""
        super().__init__()
        self.config = config or PocketConfig()
        c = self.config
        self.llm = nn.Module()
        self.llm.model = TextModel(c.text)
        self.visual_tokenizer = VisualTokenizer(c)
        self.vte = nn.Embedding(c.visual_vocab_size, c.text.hidden_size)
        self.visual_tokenizer.vit.vision_model.fused = fused
        self.reset()

    def reset(self):
        """Initial weights. A head gain of 4 keeps the visual softmax away from the uniform
        distribution.
        """
        for name, p in self.named_parameters():
            if p.dim() >= 2:
                fan_in = p[0].numel()
                scale = 1.0
                if name.endswith(("out_proj.weight", "fc2.weight")):
                    scale = 0.5
                elif name.endswith(("o_proj.weight", "down_proj.weight")):
                    scale = 0.2
                nn.init.normal_(p, std=scale / math.sqrt(fan_in))
            elif name.endswith("bias"):
                nn.init.zeros_(p)
            elif name.endswith(("q_norm.weight", "k_norm.weight")):
                nn.init.constant_(
                    p, 1.5
                )  # with heads this narrow a gain of 1 cannot point at one token of fifty
        nn.init.normal_(self.llm.model.embed_tokens.weight, std=0.06)
        nn.init.normal_(
            self.visual_tokenizer.vit.vision_model.embeddings.position_embedding.weight, std=0.1
        )
        nn.init.normal_(self.vte.weight, std=0.3)
        nn.init.constant_(self.visual_tokenizer.head[1].weight, 4.0)
        self.look_nearby()

    @torch.no_grad()
    def whiten(self, mean, covariance):
        """Patch embedding = principal components of real patches at equal strength, so that edges
        count as much as plain colour from the first step on.
        """
        conv = self.visual_tokenizer.vit.vision_model.embeddings.patch_embedding
        value, vector = torch.linalg.eigh(torch.as_tensor(covariance, dtype=torch.float64))
        k = conv.weight.shape[0]
        value, vector = value.flip(0)[:k], vector.flip(1)[:, :k]
        w = (vector / (value + 0.02).sqrt()).t()
        conv.weight.copy_(w.reshape(conv.weight.shape).float())
        conv.bias.copy_(-(w @ torch.as_tensor(mean, dtype=torch.float64)).float())
        return value

    @torch.no_grad()
    def look_nearby(self):
        """Start with attention to neighbouring patches. Equal biases in a rotary pair (j, j + 36)
        of q and k add sum_j b^2 cos(distance * frequency_j) to every score: a bell around the
        own patch. It saves the tiny training set from having to discover locality; training may
        undo it.
        """
        layers = self.visual_tokenizer.vit.vision_model.encoder.layers
        strength = [8.0, 7.0, 6.0, 4.0] + [0.0] * len(layers)
        for layer, power in zip(layers, strength):
            a = layer.self_attn
            quarter = a.dim // 4
            for h in range(a.heads):
                first = 0 if h == 0 else 1  # the second head sees a little farther
                for axis in (0, 1):  # 18 row pairs, then 18 column pairs
                    j = h * a.dim + axis * quarter + first
                    a.q_proj.bias[j : j + 5] = power**0.5
                    a.k_proj.bias[j : j + 5] = power**0.5
            if power:
                a.q_proj.weight.mul_(0.4)
                a.k_proj.weight.mul_(0.4)

    def encode(self, pixels):
        """u8 [B, H, W, 3] -> merged features [B, T, 4 D], soft tokens [B, T, H], assignment [B, T,
        columns].
        """
        gh, gw = pixels.shape[1] // 16, pixels.shape[2] // 16
        dtype = self.vte.weight.dtype
        x, p = self.visual_tokenizer(patchify(pixels).to(dtype), gh, gw)
        columns = self.config.visual_vocab_size - INDICATORS
        return x, p.to(dtype) @ self.vte.weight[:columns], p

    def logits(self, hidden):
        return F.linear(hidden, self.llm.model.embed_tokens.weight)


def parameter_count(model):
    return sum(p.numel() for p in model.parameters())
