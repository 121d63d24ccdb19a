"""The three packages under PyTorch's names, for scripts that say `torch.nn`, `torch.optim` or `torch.utils.data`.

>>> import nn.compat as torch
>>> model = torch.nn.Linear(2, 1)
>>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
>>> loader = torch.utils.data.DataLoader(torch.arange(4), batch_size=2)
>>> torch.autograd.grad(model(torch.ones(2)).sum(), model.bias)
(tensor([1.]),)

Whatever is not listed here is autograd's: `torch.randn` is `autograd.randn`. Imports are changed in the same way:
`from torch.utils.data import DataLoader` becomes `from nn.compat.utils.data import DataLoader`.
"""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import typing
from types import ModuleType
from typing import Any

import autograd as _autograd
import nn
import optim
from autograd import (
    accelerator,
    amp,
    backends,
    compiler,
    cuda,
    distributed,
    distributions,
    fx,
    linalg,
    masked,
    random,
    sparse,
    special,
)
from autograd import func as func
from autograd import jit as _jit
from autograd import signal as signal
from autograd.errors import ArgumentError

__path__: list[str] = []  # names below this module are found in sys.modules, where `_present` puts them


def _namespace(name: str, **entries: Any) -> ModuleType:
    """A module that exists under PyTorch's name alone."""
    module = ModuleType(f"{__name__}.{name}")
    module.__dict__.update(entries)
    return module


def _variable(data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:
    """A Tensor on the same memory, as PyTorch's old `Variable` is."""
    result = data.detach()
    return result.requires_grad_() if requires_grad else result


def _testing() -> ModuleType:
    return importlib.import_module("autograd.testing")


def gradcheck(*arguments: Any, **keywords: Any) -> Any:
    """See `autograd.testing.gradcheck`."""
    return _testing().gradcheck(*arguments, **keywords)


def gradgradcheck(*arguments: Any, **keywords: Any) -> Any:
    """See `autograd.testing.gradgradcheck`."""
    return _testing().gradgradcheck(*arguments, **keywords)


_checkpoint = _namespace(
    "utils.checkpoint",
    checkpoint=_autograd.checkpoint,
    checkpoint_sequential=_autograd.checkpoint_sequential,
)


def _load_from_url(url: str, *arguments: Any, **keywords: Any) -> Any:
    """Download weights.

    Raises:
        ArgumentError: always; nothing is downloaded.
    """
    raise ArgumentError(f"{url}: nothing is downloaded; fetch the weights as safetensors, and read them with load")


class ScriptModule(nn.Module):
    """The base class of compiled modules: a subclass of it is an ordinary module here."""


_model_zoo = _namespace("utils.model_zoo", load_url=_load_from_url)
hub = _namespace("hub", load_state_dict_from_url=_load_from_url, load=_load_from_url)
utils = _namespace("utils", data=nn.data, checkpoint=_checkpoint, model_zoo=_model_zoo)
_jitted = {name: value for name, value in vars(_jit).items() if not name.startswith("__")}
jit = _namespace("jit", **_jitted, ScriptModule=ScriptModule, script_method=_jit.export)

# torch.autograd: what autograd has under these names is meant.
autograd = _namespace(
    "autograd",
    **{
        name: getattr(_autograd, name)
        for name in (
            "Function",
            "backward",
            "detect_anomaly",
            "enable_grad",
            "functional",
            "grad",
            "inference_mode",
            "no_grad",
            "profiler",
            "set_detect_anomaly",
            "set_grad_enabled",
        )
    },
    Variable=_variable,
    gradcheck=gradcheck,
    gradgradcheck=gradgradcheck,
    function=_namespace(
        "autograd.function", Function=_autograd.Function, once_differentiable=_autograd.once_differentiable
    ),
)
_grad_mode = _namespace("autograd.grad_mode", no_grad=_autograd.no_grad, enable_grad=_autograd.enable_grad)
autograd.__dict__["grad_mode"] = _grad_mode
# Scripts ask it for what PyTorch can do: it is the release whose names are presented, not chainrule's own.
__version__ = "2.13.0"
version = _namespace("version", __version__=__version__, cuda=None)


def _present(name: str, module: ModuleType) -> None:
    """Let `import nn.compat.<name>` find a module, and those below it."""
    for loaded, below in list(sys.modules.items()):
        if loaded.startswith(module.__name__ + ".") and not loaded.startswith(__name__):
            sys.modules[f"{__name__}.{name}{loaded.removeprefix(module.__name__)}"] = below
    sys.modules[f"{__name__}.{name}"] = module


for _name, _module in {
    "nn": nn,
    "optim": optim,
    "accelerator": accelerator,
    "amp": amp,
    "backends": backends,
    "cuda": cuda,
    "cuda.amp": amp,
    "func": func,
    "linalg": linalg,
    "masked": masked,
    "compiler": compiler,
    "distributed": distributed,
    "distributions": distributions,
    **{f"distributions.{name}": distributions for name in ("bernoulli", "categorical", "kl", "normal", "uniform")},
    "fx": fx,
    "hub": hub,
    "jit": jit,
    "jit.annotations": typing,
    "multiprocessing": multiprocessing,
    "random": random,
    "signal": signal,
    "sparse": sparse,
    "special": special,
    "mps": cuda,
    "xpu": cuda,
    "utils": utils,
    "utils.data": nn.data,
    "utils.data.dataset": nn.data,
    "utils.data.dataloader": nn.data,
    "utils.data.sampler": nn.data,
    "utils.model_zoo": _model_zoo,
    "utils.checkpoint": _checkpoint,
    "autograd": autograd,
    "autograd.function": autograd.function,
    "autograd.functional": autograd.functional,
    "autograd.grad_mode": _grad_mode,
    "version": version,
}.items():
    _present(_name, _module)


def __getattr__(name: str) -> Any:
    """What PyTorch has at the top is autograd's."""
    if not name.startswith("__"):
        try:
            return getattr(_autograd, name)
        except AttributeError:
            pass
    raise AttributeError(f"module 'nn.compat' has no attribute {name!r}: autograd has none of that name")


def __dir__() -> list[str]:
    return sorted({*globals(), *_autograd.__all__})
