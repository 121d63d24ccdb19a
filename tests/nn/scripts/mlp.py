"""Fit a noisy curve with a small network, as in a first tutorial."""

# ruff: noqa

import math

import numpy as np
import torch
from torch import nn, optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
if torch.backends.mps.is_available():
    device = torch.device("mps")
torch.manual_seed(0)
torch.set_printoptions(precision=3)


class Curve(nn.Module):
    def __init__(self, hidden=16):
        super(Curve, self).__init__()
        self.layers = nn.Sequential(
            nn.Linear(1, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(hidden, 1)
        self.scale = nn.Parameter(torch.Tensor(1))
        self.register_buffer("steps", torch.zeros(1, dtype=torch.long))
        self.reset()

    def reset(self):
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                nn.init.zeros_(m.bias)
        nn.init.constant_(self.scale, 1.0)

    def forward(self, x):
        return self.head(self.layers(x)) * self.scale


def build():
    return Curve().to(device)


def train(model):
    noise = np.random.RandomState(0).randn(64, 1) * 0.1
    x = torch.linspace(-math.pi, math.pi, 64).unsqueeze(1).to(device)
    y = torch.sin(x) + torch.from_numpy(noise).type_as(x)
    criterion = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=1e-2, weight_decay=1e-4)
    losses = []
    model.train()
    for epoch in range(40):
        optimizer.zero_grad()
        out = model(x)
        assert out.size() == torch.Size([64, 1]) and out.grad_fn is not None
        loss = criterion(out, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        model.steps += 1
        losses.append(loss.item())
        if (epoch + 1) % 10 == 0:
            print("epoch {:3d}  loss {:.4f}".format(epoch + 1, loss.item()))
    model.eval()
    with torch.no_grad():
        test = model(x[::4])
        error = (test - y[::4]).abs().max()
        losses.append(error.cpu().numpy().item())
        losses.append(test.detach().cpu().view(-1)[0].item())
    assert model.steps.item() == 40 and not torch.isnan(test).any()
    return losses
