"""A transformer that predicts the next token: one table of embeddings for both ends, warm-up, and greedy writing."""

# ruff: noqa

import inspect
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint


@dataclass
class Sizes:
    tokens: int = 23
    length: int = 12
    layers: int = 3
    heads: int = 2
    width: int = 16


def angles(length, width):
    rates = 1.0 / (100.0 ** (torch.arange(0, width, 2)[: width // 2].float() / width))
    turns = torch.outer(torch.arange(length).float(), rates).to(torch.get_default_dtype())
    return turns.cos(), turns.sin()


def turned(x, cos, sin):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, sizes, fused):
        super().__init__()
        self.heads, self.fused = sizes.heads, fused
        self.qkv = nn.Linear(sizes.width, 3 * sizes.width, bias=False)
        self.project = nn.Linear(sizes.width, sizes.width)
        cos, sin = angles(sizes.length, sizes.width // sizes.heads)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        self.register_buffer("past", torch.tril(torch.ones(sizes.length, sizes.length)).bool()[None, None])

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = (y.view(B, T, self.heads, C // self.heads).transpose(1, 2) for y in self.qkv(x).split(C, dim=-1))
        q, k = turned(q, self.cos[:T], self.sin[:T]), turned(k, self.cos[:T], self.sin[:T])
        if self.fused:
            with sdpa_kernel(SDPBackend.MATH):
                y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            weights = torch.einsum("bhqd,bhkd->bhqk", q, k) / math.sqrt(k.size(-1))
            weights = weights.masked_fill(~self.past[:, :, :T, :T], float("-inf")).softmax(dim=-1)
            y = weights @ v
        return self.project(y.transpose(1, 2).contiguous().view(B, T, C))


class Block(nn.Module):
    def __init__(self, sizes, fused):
        super().__init__()
        self.before, self.after = nn.LayerNorm(sizes.width), nn.RMSNorm(sizes.width, eps=1e-6)
        self.attend = Attention(sizes, fused)
        self.up, self.down = nn.Linear(sizes.width, 4 * sizes.width), nn.Linear(2 * sizes.width, sizes.width)

    def forward(self, x):
        x = x + self.attend(self.before(x))
        gate, value = self.up(self.after(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * value)


class Writer(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        self.table = nn.Embedding(sizes.tokens, sizes.width)
        self.blocks = nn.ModuleList([Block(sizes, fused=bool(k % 2)) for k in range(sizes.layers)])
        self.last = nn.LayerNorm(sizes.width, bias=False)
        self.out = nn.Linear(sizes.width, sizes.tokens, bias=False)
        self.out.weight = self.table.weight
        self.apply(self._draw)

    @torch.no_grad()
    def _draw(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.normal_(mean=0.0, std=0.05)
            if getattr(module, "bias", None) is not None:
                module.bias.data.zero_()

    def forward(self, tokens, targets=None):
        x = self.table(tokens)
        for k, block in enumerate(self.blocks):
            x = checkpoint(block, x, use_reentrant=False) if self.training and k == 1 else block(x)
        scores = self.out(self.last(x))
        if targets is None:
            return scores[:, [-1]], None
        return scores, F.cross_entropy(scores.flatten(0, 1), targets.reshape(-1), ignore_index=-1, label_smoothing=0.1)


def build():
    torch.manual_seed(42)
    return Writer(Sizes())


def optimizer_for(model, lr):
    held = {name: p for name, p in model.named_parameters() if p.requires_grad}
    groups = [
        {"params": [p for p in held.values() if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in held.values() if p.dim() < 2], "weight_decay": 0.0},
    ]
    assert "fused" in inspect.signature(torch.optim.AdamW).parameters
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95))


def train(model):
    sizes, numbers = model.sizes, np.random.RandomState(1)
    text = numbers.randint(0, sizes.tokens, 200).astype(np.uint16)
    optimizer, losses = optimizer_for(model, 1e-2), [sum(p.numel() for p in model.parameters())]
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.8))
    for step in range(6):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * min((step + 1) / 3, 0.5 * (1 + math.cos(math.pi * step / 6)))
        for _ in range(2):
            starts = numbers.randint(0, len(text) - sizes.length - 1, 4)
            x, y = (
                torch.stack([torch.from_numpy(text[i + k : i + k + sizes.length].astype(np.int64)) for i in starts])
                for k in (0, 1)
            )
            y[0, :2] = -1
            _, loss = model(x, y)
            (loss / 2).backward()
            losses.append(loss.item())
        losses.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        average.update_parameters(model)
    model.eval()
    average.eval()
    written = torch.zeros((1, 1), dtype=torch.long)
    with torch.inference_mode():
        for _ in range(10):
            scores, _ = model(written[:, -sizes.length :])
            best, _ = torch.topk(scores[:, -1], 3)
            scores[:, -1][scores[:, -1] < best[:, [-1]]] = -float("inf")
            written = torch.cat((written, scores[:, -1].softmax(-1).argmax(-1, keepdim=True)), dim=1)
        losses.append(average(x, y)[1].item())
    print(written.tolist()[0])
    return losses
