"""A training run that is killed again and again, and resumes to exactly what it would have been.

    python tests/nn/kill_and_resume.py 100

starts a small training with a checkpoint after every epoch a hundred times, and kills it with SIGKILL at a random
moment each time, in the arithmetic or in the writing; lets it finish; and compares the last checkpoint, byte by byte,
with that of a run that nobody interrupted.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import autograd
import nn
import nn.functional as F
import optim

EPOCHS_PER_KILL = 30


def train(path: Path, epochs: int) -> None:
    """Train from the checkpoint, where there is one, to the last epoch."""
    autograd.manual_seed(0)
    x = autograd.randn(24, 6)
    data = nn.data.TensorDataset(x, (x[:, 0] * x[:, 1] > 0).long())
    model = nn.Sequential(nn.Linear(6, 40), nn.BatchNorm1d(40), nn.ReLU(), nn.Dropout(0.3), nn.Linear(40, 2))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    order = autograd.Generator(5)
    loader = nn.data.DataLoader(data, batch_size=8, shuffle=True, generator=order)
    parts = {"model": model, "optimizer": optimizer, "schedule": schedule, "order": order}
    rest = nn.load_checkpoint(path, **parts) if path.exists() else {"epoch": 0, "losses": []}
    print(rest["epoch"], flush=True)
    losses = rest["losses"]
    for epoch in range(rest["epoch"], epochs):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        nn.save_checkpoint(path, **parts, epoch=epoch + 1, losses=losses[-30:], best=min(losses[-30:]))
        if epoch == rest["epoch"]:
            print("saved", flush=True)


def started(path: Path, epochs: int) -> tuple[subprocess.Popen[str], int]:
    """A training in a process of its own, when it has told from which epoch it goes on."""
    command = [sys.executable, __file__, "train", str(path), str(epochs)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def main(kills: int) -> None:
    """Train once without interruption, and once with so many."""
    chance = random.Random()
    with tempfile.TemporaryDirectory() as folder:
        epochs = EPOCHS_PER_KILL * kills
        whole, path = Path(folder, "whole.safetensors"), Path(folder, "run.safetensors")
        process, _ = started(whole, epochs)
        assert process.stdout is not None and process.stdout.readline() == "saved\n"
        start = time.monotonic()
        assert process.wait() == 0
        pause = (time.monotonic() - start) / kills
        begun = []
        for _ in range(kills):
            process, epoch = started(path, epochs)
            begun.append(epoch)
            if epoch < epochs and chance.random() < 0.8:  # else also while it reads, and while kernels are loaded
                assert process.stdout is not None and process.stdout.readline() == "saved\n"
            time.sleep(chance.uniform(0, pause))
            process.kill()
            process.communicate()
            if path.exists():
                autograd.load(path)
        process, epoch = started(path, epochs)
        process.communicate()
        assert process.returncode == 0 and begun == sorted(begun)
        assert path.read_bytes() == whole.read_bytes(), "the runs differ"
        torn = len(list(Path(folder).glob("*.part")))
        print(f"killed {kills} times, resumed from {len({*begun, epoch})} different epochs, {torn} times while writing")


if __name__ == "__main__":
    if sys.argv[1] == "train":
        train(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(int(sys.argv[1]))
