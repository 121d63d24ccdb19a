"""nn.compat: scripts that were written for PyTorch, with only their imports changed."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import nn.compat
import optim
from autograd.errors import ArgumentError

SCRIPTS = sorted(Path(__file__).with_name("scripts").glob("*.py"))


def translated(source: str) -> str:
    """A script whose import lines name nn.compat in place of torch."""
    source = re.sub(r"^import torch$", "import nn.compat as torch", source, flags=re.M)
    return re.sub(r"^(import|from) torch\b", r"\1 nn.compat", source, flags=re.M)


def names_of(source: str, path: Path) -> dict[str, Any]:
    """What a script defines when it runs."""
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(source, str(path), "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore:.*(torch.cuda.amp|CUDA):")
def test_scripts_give_the_losses_of_torch(
    torch: ModuleType, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = path.read_text()
    changed = translated(source)
    differing = [a for a, b in zip(source.splitlines(), changed.splitlines(), strict=True) if a != b]
    assert differing and all(line.startswith(("import torch", "from torch")) for line in differing)
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        autograd.set_default_dtype(autograd.float64)
        theirs, ours = names_of(source, path), names_of(changed, path)
        expected, model = theirs["build"](), ours["build"]()
        assert repr(model) == repr(expected)
        assert list(model.state_dict()) == list(expected.state_dict())
        model.load_state_dict({name: value.numpy() for name, value in expected.state_dict().items()})
        np.testing.assert_allclose(ours["train"](model), theirs["train"](expected), rtol=1e-8)
        for name, value in expected.state_dict().items():
            np.testing.assert_allclose(model.state_dict()[name].numpy(), value.numpy(), rtol=1e-6, atol=1e-9)
        printed = capsys.readouterr().out.splitlines()
        assert printed[: len(printed) // 2] == printed[len(printed) // 2 :]
    finally:
        torch.set_default_dtype(before)
        torch.set_printoptions(profile="default")
        autograd.set_default_dtype(autograd.float32)
        autograd.set_printoptions(profile="default")


IMPORTS = """
import nn.compat as torch
import nn.compat.nn as nn
import nn.compat.nn.functional as F
import nn.compat.optim as optim
import nn.compat.utils.data as data
from nn.compat import Tensor, nn, optim
from nn.compat.autograd import Function, Variable, gradcheck
from nn.compat.autograd.function import once_differentiable
from nn.compat.cuda.amp import GradScaler, autocast
from nn.compat.amp import GradScaler as Scaler
from nn.compat.linalg import norm
from nn.compat.nn import Linear, functional, init
from nn.compat.nn.init import xavier_uniform_
from nn.compat.nn.parameter import Parameter
from nn.compat.nn.utils import clip_grad_norm_
from nn.compat.optim.lr_scheduler import StepLR
from nn.compat import jit, fx, hub
import nn.compat.distributed as dist
import nn.compat.multiprocessing as mp
from nn.compat.distributions import Categorical
from nn.compat.distributions.normal import Normal
from nn.compat.func import vmap
from nn.compat.jit import Final
from nn.compat.jit.annotations import List
from nn.compat.nn.attention import SDPBackend, sdpa_kernel
from nn.compat.nn.modules.batchnorm import _BatchNorm
from nn.compat.nn.modules.conv import _ConvNd
from nn.compat.nn.modules.loss import _Loss, _WeightedLoss
from nn.compat.nn.modules.utils import _pair
from nn.compat.utils.data.dataloader import default_collate
from nn.compat.utils.data.dataset import Subset
from nn.compat.utils.model_zoo import load_url
from nn.compat.utils.checkpoint import checkpoint
from nn.compat.utils.data import DataLoader, Dataset
"""


def test_import_lines_of_every_kind() -> None:
    names: dict[str, Any] = {}
    exec(IMPORTS, names)
    assert names["nn"] is nn and names["optim"] is optim and names["F"] is nn.functional
    assert names["DataLoader"] is nn.data.DataLoader and names["Tensor"] is autograd.Tensor
    assert names["Variable"](autograd.ones(1), requires_grad=True).requires_grad
    torch = names["torch"]
    assert torch.randn is autograd.randn and torch.nn is nn and torch.utils.data is nn.data
    assert torch.autograd.grad is autograd.grad and torch.__version__ == "2.13.0"
    assert issubclass(nn.Conv2d, names["_ConvNd"]) and issubclass(nn.BatchNorm1d, names["_BatchNorm"])
    assert issubclass(nn.MSELoss, names["_Loss"]) and issubclass(nn.NLLLoss, names["_WeightedLoss"])
    assert not issubclass(nn.MSELoss, names["_WeightedLoss"]) and names["_pair"](2) == (2, 2)
    with pytest.raises(ArgumentError, match="nothing is downloaded"):
        names["load_url"]("https://example.com/resnet18.pth")
    with pytest.raises(AttributeError, match="no attribute 'nowhere'"):
        _ = torch.nowhere
    with pytest.raises(ImportError):
        importlib.import_module("nn.compat.nowhere")


def test_it_is_imported_in_a_fresh_interpreter_without_loading_anything_twice() -> None:
    code = IMPORTS + (
        "import sys, collections\n"
        "loaded = collections.defaultdict(set)\n"
        "for name, module in sys.modules.items():\n"
        "    if name.startswith(('nn', 'optim')): loaded[getattr(module, '__file__', name)].add(id(module))\n"
        "print(max(map(len, loaded.values())), 'numba' in sys.modules, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False False\n"


class Renamed(nn.Linear):
    """A layer that reads and writes its weight under an old name too, as PyTorch's own layers do."""

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *others: Any) -> None:
        if prefix + "kernel" in state_dict:
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")
        super()._load_from_state_dict(state_dict, prefix, *others)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "kernel"] = destination.pop(prefix + "weight")


def test_what_subclasses_override() -> None:
    model = nn.Sequential(Renamed(2, 1), nn.Linear(1, 1))
    state = model.state_dict()
    assert sorted(state) == ["0.bias", "0.kernel", "1.bias", "1.weight"]
    other = nn.Sequential(Renamed(2, 1), nn.Linear(1, 1))
    other.load_state_dict(state)
    assert other[0].weight.tolist() == model[0].weight.tolist() and "0.kernel" in state


def test_subclasses_call_what_the_layers_are_made_of(torch: ModuleType) -> None:
    def standardised(nn: Any) -> Any:
        class Standardised(nn.Conv2d):
            def forward(self, x: Any) -> Any:
                weight = self.weight - self.weight.mean(dim=(1, 2, 3), keepdim=True)
                inner = self._conv_forward(x, weight, self.bias)
                edges = nn.functional.pad(x, self._reversed_padding_repeated_twice, mode="circular")
                return inner + nn.functional.conv2d(edges, weight, stride=self.stride)

        return Standardised(2, 3, 3, stride=2, padding=(1, 2), padding_mode="circular")

    theirs, ours = standardised(torch.nn), standardised(nn)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(1, 2, 5, 6)).astype(np.float32)
    np.testing.assert_allclose(
        ours(autograd.tensor(x)).detach().numpy(), theirs(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )

    class Any4d(nn.modules.batchnorm._BatchNorm):
        def _check_input_dim(self, input: Any) -> None:
            if input.dim() != 4:
                raise ValueError("expected 4 dimensions")

    assert Any4d(2)(autograd.ones(2, 2, 1, 1)).shape == (2, 2, 1, 1)
    with pytest.raises(ValueError, match="expected 4"):
        Any4d(2)(autograd.ones(2, 2))


def test_a_model_takes_orders_that_change_nothing() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    model.compile(fullgraph=True)
    assert autograd.compile(model) is model.to(memory_format=autograd.channels_last)
    assert model.type(autograd.DoubleTensor)[0].weight.dtype == autograd.float64
    with pytest.raises(autograd.errors.DtypeError, match="bfloat16"):
        model.bfloat16()
    x = autograd.tensor([-1.0, 1.0])
    assert nn.functional.leaky_relu_(x, 0.5) is x and x.tolist() == [-0.5, 1.0]
