"""Gradients of gradients: a differential equation, a penalty on slopes, and a network that learns to adapt."""

# ruff: noqa

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable, grad
from torch.nn.utils.parametrizations import weight_norm


class Smooth(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.SiLU())
        self.head = weight_norm(nn.Linear(width, 1))
        self.rate = nn.Parameter(torch.tensor([0.3]))

    def forward(self, *coordinates):
        return self.head(self.body(torch.cat(coordinates, dim=1)))


class Slopes(nn.Module):
    def __init__(self):
        super().__init__()
        self.field = Smooth()
        self.critic = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 1))
        self.learner = nn.Sequential(nn.Linear(1, 8), nn.ELU(), nn.Linear(8, 1))


def build():
    torch.manual_seed(3)
    return Slopes()


def heat(field, numbers, losses):
    x = torch.tensor(numbers.rand(24, 1), requires_grad=True)
    t = torch.tensor(numbers.rand(24, 1)).requires_grad_(True)
    start = torch.sin(np.pi * x.detach())
    optimizer = torch.optim.LBFGS(field.parameters(), lr=0.7, max_iter=4, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        u = field(x, t)
        ones = torch.ones_like(u)
        u_x, u_t = grad(u, (x, t), grad_outputs=(ones), create_graph=True)
        u_xx = grad(u_x, x, ones, retain_graph=True, create_graph=True, only_inputs=True)[0]
        loss = (u_t - field.rate * u_xx).pow(2).mean() + F.mse_loss(field(x, 0 * t), start)
        loss.backward()
        losses.append(loss.item())
        return loss

    for _ in range(3):
        optimizer.step(closure)


def criticise(critic, numbers, losses):
    optimizer = torch.optim.RMSprop(critic.parameters(), lr=5e-3)
    for _ in range(4):
        real, fake = (Variable(torch.from_numpy(numbers.randn(10, 3) + shift)) for shift in (0, 1))
        share = torch.from_numpy(numbers.rand(10, 1)).expand_as(real)
        between = (share * real + (1 - share) * fake).requires_grad_()
        slope = grad(critic(between).sum(), between, create_graph=True)[0].view(10, -1)
        penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses += [loss.item(), penalty.item()]


def adapt(learner, numbers, losses):
    optimizer = torch.optim.Adam(learner.parameters(), 1e-2)
    names = [name for name, _ in learner.named_parameters()]
    for _ in range(3):
        total = 0.0
        for slope in numbers.uniform(1, 3, 2):
            x, held = torch.linspace(-1, 1, 6).view(-1, 1), torch.linspace(-0.9, 0.9, 5)[:, None]
            fast = dict(zip(names, learner.parameters()))
            for _ in range(2):
                loss = F.mse_loss(torch.func.functional_call(learner, fast, (x,)), slope * x)
                slopes = grad(loss, list(fast.values()), create_graph=True)
                fast = {name: value - 0.1 * g for (name, value), g in zip(fast.items(), slopes)}
            total = total + F.mse_loss(torch.func.functional_call(learner, fast, (held,)), slope * held)
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 5.0)
        optimizer.step()
        losses.append(total.item())


def train(model):
    numbers, losses = np.random.RandomState(0), []
    heat(model.field, numbers, losses)
    criticise(model.critic, numbers, losses)
    adapt(model.learner, numbers, losses)
    return losses
