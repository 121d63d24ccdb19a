"""The libraries that are compared, imported when first asked for, each under the names that the cases use."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from types import SimpleNamespace
from typing import Any

OURS = "chainrule"
MODULES = {OURS: "autograd", "PyTorch": "torch", "JAX": "jax", "micrograd": "micrograd"}
PEERS = tuple(name for name in MODULES if name != OURS)


def installed(name: str) -> bool:
    """Whether the library can be imported."""
    return importlib.util.find_spec(MODULES[name]) is not None


def version(name: str) -> str:
    """The library's version."""
    module = importlib.import_module(MODULES[name])
    return str(getattr(module, "__version__", ""))


@functools.cache
def load(name: str) -> Any:
    """What the cases need of a library: its tensors, functions, modules and optimizers, and a way back to NumPy."""
    if name == OURS:
        import autograd
        import nn
        import nn.functional as F
        import optim

        array = lambda t: t.detach().numpy().copy()  # noqa: E731
        return SimpleNamespace(name=name, root=autograd, nn=nn, F=F, optim=optim, tensor=_maker(autograd), array=array)
    if name == "PyTorch":
        import torch

        torch.set_num_threads(os.cpu_count() or 1)
        array = lambda t: t.detach().numpy().copy()  # noqa: E731
        return SimpleNamespace(
            name=name,
            root=torch,
            nn=torch.nn,
            F=torch.nn.functional,
            optim=torch.optim,
            tensor=_maker(torch),
            array=array,
        )
    return importlib.import_module(MODULES[name])


def _maker(root: Any) -> Any:
    return lambda array, grad=False: root.tensor(array, requires_grad=grad)
