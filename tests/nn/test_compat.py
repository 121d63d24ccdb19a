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

SCRIPTS = sorted(Path(__file__).with_name("scripts").glob("*.py"))


def translated(source: str) -> str:
    """A script whose import lines name nn.compat in place of torch."""
    source = re.sub(r"^import torch$", "import nn.compat as torch", source, flags=re.M)
    return re.sub(r"^(import|from) torch\b", r"\1 nn.compat", source, flags=re.M)


def names_of(source: str, path: Path) -> dict[str, Any]:
    """What a script defines when it runs."""
    names: dict[str, Any] = {"__name__": path.stem}
    exec(compile(source, str(path), "exec"), names)
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
from nn.compat.func import vmap
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
    assert torch.autograd.grad is autograd.grad and torch.__version__ == autograd.__version__
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
