"""The files of PyTorch's `torch.nn.modules`, for scripts that import from one of them by name.

>>> from nn.modules.utils import _pair
>>> _pair(3)
(3, 3)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import nn

from . import hooks
from .conv import _Convolution, _ConvTranspose
from .dropout import _Dropout
from .loss import Loss, WeightedLoss
from .normalization import _BatchNorm, _InstanceNorm, _Norm
from .pooling import _AvgPool, _MaxPool

__path__: list[str] = []  # names below this module are found in sys.modules, where `_file` puts them


def _file(name: str, **private: Any) -> ModuleType:
    """A module with all layers, and what else scripts import from PyTorch's file of the name."""
    module = ModuleType(f"{__name__}.{name}")
    module.__dict__.update(_layers, **private)
    sys.modules[module.__name__] = module
    return module


def _ntuple(count: int) -> Callable[[Any], tuple[Any, ...]]:
    """The function that repeats one number, and makes a tuple of several."""
    return lambda value: tuple(value) if isinstance(value, Iterable) else (value,) * count


def _without_prefix(state_dict: dict[str, Any], prefix: str) -> None:
    """Take a prefix, as "module.", off the names that begin with it; the order stays."""
    for name in list(state_dict):
        state_dict[name.removeprefix(prefix)] = state_dict.pop(name)


_layers = {name: value for name, value in vars(nn).items() if isinstance(value, type)}
globals().update(_layers)

module = _file("module", **{name: getattr(hooks, name) for name in hooks.__all__ if name.startswith("register_")})
utils = _file(
    "utils",
    _ntuple=_ntuple,
    _single=_ntuple(1),
    _pair=_ntuple(2),
    _triple=_ntuple(3),
    _quadruple=_ntuple(4),
    _reverse_repeat_tuple=lambda values, count: tuple(value for value in reversed(values) for _ in range(count)),
    consume_prefix_in_state_dict_if_present=_without_prefix,
)
batchnorm = _file("batchnorm", _NormBase=_Norm, _BatchNorm=_BatchNorm)
instancenorm = _file("instancenorm", _InstanceNorm=_InstanceNorm)
conv = _file("conv", _ConvNd=_Convolution, _ConvTransposeNd=_ConvTranspose)
loss = _file("loss", _Loss=Loss, _WeightedLoss=WeightedLoss)
dropout = _file("dropout", _DropoutNd=_Dropout)
pooling = _file("pooling", _MaxPoolNd=_MaxPool, _AvgPoolNd=_AvgPool)
for _name in (
    "activation",
    "adaptive",
    "channelshuffle",
    "container",
    "distance",
    "flatten",
    "fold",
    "lazy",
    "linear",
    "normalization",
    "padding",
    "pixelshuffle",
    "rnn",
    "sparse",
    "transformer",
    "upsampling",
):
    globals()[_name] = _file(_name)
