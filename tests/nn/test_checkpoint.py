"""save_checkpoint and load_checkpoint: a run goes on to the bit, also after it was killed at any moment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import optim
from autograd.errors import ArgumentError, FileFormatError

OPTIMIZERS = [
    lambda p: optim.SGD(p, lr=0.001, momentum=0.9, nesterov=True),
    lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    lambda p: optim.AdamW([{"params": list(p), "lr": 0.02}], betas=(0.8, 0.9)),
    lambda p: optim.RMSprop(p, centered=True, momentum=0.5),
    lambda p: optim.Adagrad(p),
]


class Run:
    """A training with everything that has a state."""

    def __init__(self, build: Any, seed: int) -> None:
        autograd.manual_seed(seed)
        self.model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 1))
        self.optimizer = build(self.model.parameters())
        self.schedule = optim.lr_scheduler.StepLR(self.optimizer, 2)
        self.order = autograd.Generator(seed)
        data = nn.data.TensorDataset(autograd.arange(24.0).reshape(8, 3))
        self.loader = nn.data.DataLoader(data, batch_size=4, shuffle=True, generator=self.order)

    def parts(self) -> dict[str, Any]:
        """What a checkpoint is made of."""
        return {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule, "order": self.order}

    def epochs(self, count: int) -> list[float]:
        """The losses of some epochs."""
        losses = []
        for _ in range(count):
            for (x,) in self.loader:
                self.optimizer.zero_grad()
                loss = ((self.model(x) - x[:, :1]) ** 2).mean()
                loss.backward()
                self.optimizer.step()
                losses.append(loss.item())
            self.schedule.step()
        return losses


@pytest.mark.parametrize("build", OPTIMIZERS)
def test_a_run_goes_on_to_the_bit(tmp_path: Path, build: Any) -> None:
    run = Run(build, 0)
    run.epochs(2)
    nn.save_checkpoint(tmp_path / "x", **run.parts(), epoch=2, history={"loss": [0.1, float("nan")], 3: (1, None)})
    expected = run.epochs(3)
    other = Run(build, 1)
    other.epochs(1)
    rest = nn.load_checkpoint(tmp_path / "x", **other.parts())
    assert repr(rest) == repr({"epoch": 2, "history": {"loss": [0.1, float("nan")], 3: (1, None)}})
    assert other.epochs(3) == expected
    for name, value in run.model.state_dict().items():
        np.testing.assert_array_equal(other.model.state_dict()[name].numpy(), value.numpy())


def test_what_no_object_is_given_for_is_returned(tmp_path: Path) -> None:
    run = Run(OPTIMIZERS[0], 0)
    nn.save_checkpoint(tmp_path / "x", **run.parts(), scaler=autograd.amp.GradScaler(), epoch=1)
    rest = nn.load_checkpoint(tmp_path / "x", model=run.model)
    assert sorted(rest) == ["epoch", "optimizer", "order", "scaler", "schedule"]
    Run(OPTIMIZERS[0], 1).optimizer.load_state_dict(rest["optimizer"])
    other = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.Linear(5, 1))
    other.load_state_dict(autograd.load(tmp_path / "x")["model"])


def test_storage_in_half_the_bytes(tmp_path: Path) -> None:
    layer = nn.Linear(2, 1)
    nn.save_checkpoint(tmp_path / "x", dtype="bfloat16", layer=layer)
    other = nn.Linear(2, 1)
    nn.load_checkpoint(tmp_path / "x", layer=other)
    assert other.weight.dtype == autograd.float32
    np.testing.assert_allclose(other.weight.detach().numpy(), layer.weight.detach().numpy(), rtol=2**-8)


def test_what_is_refused(tmp_path: Path) -> None:
    layer = nn.Linear(2, 1)
    with pytest.raises(ArgumentError, match="'rng_state' is the default generator's"):
        nn.save_checkpoint(tmp_path / "x", rng_state=1)
    nn.save_checkpoint(tmp_path / "x", layer=layer, epoch=1)
    before = layer.weight.tolist()
    other = nn.Linear(2, 1)
    with pytest.raises(ArgumentError, match=r"no state 'optimizer' in .*x; there are 'layer', 'epoch'"):
        nn.load_checkpoint(tmp_path / "x", layer=other, optimizer=optim.SGD(layer.parameters(), lr=1))
    with pytest.raises(ArgumentError, match="epoch is a int, into which nothing can be loaded"):
        nn.load_checkpoint(tmp_path / "x", layer=other, epoch=3)
    assert layer.weight.tolist() == before != other.weight.tolist()
    autograd.save(layer.state_dict(), tmp_path / "y")
    with pytest.raises(FileFormatError, match="was not written by save_checkpoint"):
        nn.load_checkpoint(tmp_path / "y", layer=layer)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_run_that_is_killed_a_dozen_times() -> None:
    script = Path(__file__).with_name("kill_and_resume.py")
    done = subprocess.run([sys.executable, script, "12"], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("killed 12 times")
