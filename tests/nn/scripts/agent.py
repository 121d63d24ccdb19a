"""A small agent: policy gradients with a baseline, values from a replay memory, and a slowly moving target."""

# ruff: noqa

import copy
import io
import math
from collections import deque, namedtuple
from typing import Final, List, Optional, Tuple

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor, optim
from torch.distributions import Categorical, Independent, Normal, kl_divergence
from torch.nn.modules.utils import _pair
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

Step = namedtuple("Step", ("state", "action", "reward", "next_state"))


class Noisy(nn.Linear):
    """A linear layer whose weights are disturbed by noise that is kept."""

    scale: Final[float] = 0.1

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, out_features)
        self.spread = nn.Parameter(torch.full((out_features, in_features), self.scale / math.sqrt(in_features)))
        self.register_buffer("noise", torch.Tensor(out_features, in_features).fill_(0.5))
        self.noise[::2] *= -1

    @torch.jit.ignore
    def kept(self) -> Tensor:
        return self.noise

    def forward(self, input: Tensor) -> Tensor:
        torch._assert(input.dim() == 2, "a batch is expected")
        return F.linear(input, self.weight + self.spread * self.kept(), self.bias)


class Agent(nn.Module):
    def __init__(self, state: int = 4, actions: int = 3, width: int = 10) -> None:
        super().__init__()
        self.trunk = nn.ModuleDict({"deep": nn.Linear(state, width), "norm": nn.LayerNorm(width)})
        self.policy, self.value = nn.Linear(width, actions), nn.Linear(width, 1)
        self.move = nn.Linear(width, 4)
        self.q = nn.Sequential(Noisy(*_pair(state)), nn.ReLU(), Noisy(state, actions))
        self.saved: List[Tuple[Tensor, Tensor]] = []

    def forward(self, x: Tensor, greedy: Optional[bool] = None) -> Tuple[Tensor, Tensor, Tensor]:
        h = self.trunk["norm"](F.relu_(self.trunk["deep"](x)))
        return self.policy(h), self.value(h).squeeze(-1), self.move(h)


class Memory(Dataset):
    def __init__(self, size):
        self.steps = deque(maxlen=size)

    def __len__(self):
        return len(self.steps)

    def __getitem__(self, index):
        return self.steps[index]


def collate(steps):
    batch = Step(*zip(*steps))
    alive = torch.tensor(tuple(s is not None for s in batch.next_state), dtype=torch.bool)
    following = torch.stack([s for s in batch.next_state if s is not None])
    return torch.stack(batch.state), torch.tensor(batch.action), torch.tensor(batch.reward), alive, following


def build():
    torch.manual_seed(0)
    return Agent()


def act(model, numbers, losses):
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    schedule = LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 4))
    for episode in range(4):
        rewards = []
        for step in range(6):
            scores, value, move = model(torch.from_numpy(numbers.randn(1, 4)))
            policy = Categorical(logits=scores)
            assert 0 <= policy.sample().item() < 3
            loc, spread = move.chunk(2, dim=-1)
            there = Independent(Normal(loc, F.softplus(spread)), 1)
            plain = Independent(Normal(torch.zeros(2), torch.ones(2)), 1)
            bonus = 0.01 * policy.entropy() - 0.1 * kl_divergence(there, plain)
            action = torch.tensor([step % 3])
            model.saved.append((policy.log_prob(action) + bonus + there.log_prob(loc.detach() + 0.1), value))
            rewards.insert(0, float(numbers.rand()) + (0.9 * rewards[0] if rewards else 0.0))
        returns = torch.tensor(rewards[::-1])
        returns = (returns - returns.mean()) / (returns.std() + np.finfo(np.float32).eps.item())
        parts = [(-gain * (r - v.item()), F.smooth_l1_loss(v, r.view(1))) for (gain, v), r in zip(model.saved, returns)]
        loss = torch.stack([torch.stack([a.sum(), b]).sum() for a, b in parts]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        del model.saved[:]
        losses += [loss.item(), schedule.get_last_lr()[0]]


def remember(model, numbers, losses):
    memory, target = Memory(30), copy.deepcopy(model.q).requires_grad_(False)
    for k in range(40):
        end = None if k % 5 == 0 else torch.tensor(numbers.randn(4))
        memory.steps.append(Step(torch.tensor(numbers.randn(4)), k % 3, numbers.rand(), end))
    loader = DataLoader(memory, batch_size=10, collate_fn=collate, drop_last=True)
    assert len(WeightedRandomSampler([1.0] * len(memory), 5)) == 5 and len(loader) == 3
    optimizer = optim.AdamW(model.q.parameters(), lr=1e-2, amsgrad=True)
    for state, action, reward, alive, following in loader:
        chosen = model.q(state).gather(1, action.unsqueeze(1))
        ahead = torch.zeros(len(alive))
        with torch.no_grad():
            ahead[alive] = target(following).max(1).values
        loss = nn.HuberLoss()(chosen, (reward + 0.9 * ahead).unsqueeze(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), model.q.parameters()):
                slow.lerp_(fast, 0.2)
        losses += [loss.item(), sum(p.abs().sum().item() for p in target.parameters())]


def train(model):
    numbers, losses = np.random.RandomState(0), []
    act(model, numbers, losses)
    remember(model, numbers, losses)
    kept = io.BytesIO()
    torch.save({"model": model.state_dict(), "losses": losses}, kept)
    kept.seek(0)
    checkpoint = torch.load(kept, map_location=torch.device("cpu"))
    print(model.load_state_dict(checkpoint["model"]))
    assert checkpoint["losses"] == losses
    return losses
