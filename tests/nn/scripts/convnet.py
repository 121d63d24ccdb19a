"""Classify small synthetic images: a ConvNet, loaders, a schedule, and the loops for training and evaluation."""

# ruff: noqa

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.cuda.amp import GradScaler, autocast
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, Dataset, Subset


class Shapes(Dataset):
    """Bright rows against bright columns."""

    def __init__(self, n, seed, transform=None):
        rng = np.random.RandomState(seed)
        self.images = rng.rand(n, 1, 8, 8).astype(np.float64) * 0.5
        self.labels = rng.randint(0, 2, n)
        for image, label, place in zip(self.images, self.labels, rng.randint(0, 8, n)):
            if label:
                image[0, place, :] += 1
            else:
                image[0, :, place] += 1
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image, label = self.images[index], self.labels[index]
        if self.transform:
            image = self.transform(image)
        return image, label


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 8, 3)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.0)
        self.fc1 = nn.Linear(8 * 3 * 3, 12)
        self.fc2 = nn.Linear(12, 2)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.pool(F.leaky_relu(self.conv2(x), 0.1))
        x = torch.flatten(x, 1)
        x = self.drop(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


def build():
    torch.manual_seed(1)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(1)
    return Net()


def run_epoch(model, device, loader, optimizer, scaler):
    model.train()
    losses = []
    for batch_idx, (data, target) in enumerate(loader):
        data, target = data.to(device, non_blocking=True), target.to(device)
        optimizer.zero_grad(set_to_none=True)
        with autocast(enabled=False):
            output = model(data)
            loss = F.nll_loss(output, target)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        losses.append(loss.item())
        if batch_idx % 2 == 0:
            print(f"[{batch_idx * len(data)}/{len(loader.dataset)}] loss: {loss.item():.6f}")
    return losses


@torch.no_grad()
def evaluate(model, device, loader):
    model.eval()
    test_loss, correct = 0.0, 0
    for data, target in loader:
        data, target = data.to(device), target.to(device)
        output = model(data)
        test_loss += F.nll_loss(output, target, reduction="sum").item()
        pred = output.argmax(dim=1, keepdim=True)
        correct += pred.eq(target.view_as(pred)).sum().item()
    return test_loss / len(loader.dataset), correct / len(loader.dataset)


def train(model):
    device = torch.device("cpu")
    kwargs = {"num_workers": 0, "pin_memory": False}
    train_loader = DataLoader(Shapes(44, 0, lambda x: (x - 0.3) / 0.5), batch_size=16, shuffle=False, **kwargs)
    held = Subset(Shapes(40, 1, lambda x: (x - 0.3) / 0.5), list(range(0, 40, 2)))
    test_loader = DataLoader(held, batch_size=8, **kwargs)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.7)
    scaler = GradScaler(enabled=False)
    losses = []
    for _ in range(3):
        losses += run_epoch(model, device, train_loader, optimizer, scaler)
        losses += evaluate(model, device, test_loader)
        scheduler.step()
        losses.append(scheduler.get_last_lr()[0])
    return losses
