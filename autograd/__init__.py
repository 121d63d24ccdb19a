"""Automatic differentiation of NumPy programs: Tensors and Values that record what is done to them.

>>> import autograd
>>> x = autograd.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> y = (x**2).sum()
>>> y.backward()
>>> x.grad
tensor([2., 4., 6.])
"""

from __future__ import annotations

import importlib
from typing import Any

from . import accelerator, amp, backends, compiler, cuda, distributed, errors, fx, graph, jit, ops, sparse
from .allocator import keep_memory as _keep_memory
from .amp import GradScaler, autocast, get_autocast_dtype, is_autocast_cpu_enabled, is_autocast_enabled
from .anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from .checkpointing import checkpoint, checkpoint_sequential
from .compiler import compile
from .creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    empty_permuted,
    empty_strided,
    eye,
    from_numpy,
    full,
    full_like,
    is_complex,
    is_floating_point,
    is_tensor,
    linspace,
    logspace,
    numel,
    ones,
    ones_like,
    scalar_tensor,
    tensor,
    tril_indices,
    triu_indices,
    zeros,
    zeros_like,
)
from .devices import device
from .differentiate import backward, grad
from .dtypes import DType as dtype  # noqa: N813
from .dtypes import bool_ as bool
from .dtypes import (
    can_cast,
    double,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    result_type,
    set_default_dtype,
    short,
    uint8,
)
from .dtypes import float32 as float
from .dtypes import int32 as int
from .exchange import from_dlpack
from .function import Function, once_differentiable, operation
from .graph import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled, topological_order
from .legacy import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    Size,
    asarray,
    bfloat16,
    channels_last,
    channels_last_3d,
    contiguous_format,
    detach,
    e,
    finfo,
    get_default_device,
    iinfo,
    inf,
    is_nonzero,
    is_same_size,
    nan,
    newaxis,
    pi,
    preserve_format,
    set_default_device,
    set_default_tensor_type,
    strided,
    typename,
)
from .legacy import _assert as _assert
from .ops import *  # noqa: F403
from .primitive import Primitive, define, registry
from .profiler import profile
from .random import (
    Generator,
    bernoulli,
    default_generator,
    dropout,
    get_rng_state,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    poisson,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)
from .serialization import load, save
from .settings import (
    are_deterministic_algorithms_enabled,
    get_float32_matmul_precision,
    get_num_interop_threads,
    get_num_threads,
    set_float32_matmul_precision,
    set_flush_denormal,
    set_num_interop_threads,
    set_num_threads,
    set_printoptions,
    use_deterministic_algorithms,
)
from .sparse import mm as spmm
from .sparse import sparse_coo_tensor
from .tensor import Tensor
from .tracing import record
from .value import Value
from .windows import bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window

from .draw import draw  # isort: skip  # the function takes the place of the subpackage of its name

graph.services.module = lambda name: importlib.import_module(f"{__name__}.{name}")

mps = xpu = cuda  # none of them is there, and all answer alike

__version__ = "0.1.0"
# Another distribution installs a package of this name; nn, optim and the command look for this mark.
__distribution__ = "chainrule"


_ABOVE = ("autograd", "hub", "multiprocessing", "nn", "optim", "utils", "version")  # of PyTorch's packages


def __getattr__(name: str) -> Any:
    """Import what few programs need when it is first asked for."""
    if name in ("distributions", "func", "functional", "linalg", "masked", "signal", "special", "testing"):
        return importlib.import_module(f"{__name__}.{name}")
    if name.endswith("_") and not name.startswith("_") and callable(method := getattr(Tensor, name, None)):
        return method  # relu_(x) is x.relu_()
    if name == "vmap":
        return importlib.import_module(f"{__name__}.func").vmap
    hint = "; for scripts that say torch." + name + ", `import nn.compat as torch`" if name in _ABOVE else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


_keep_memory()

__all__ = [
    *ops.__all__,
    "GradScaler",
    "are_deterministic_algorithms_enabled",
    "channels_last",
    "channels_last_3d",
    "compile",
    "compiler",
    "distributed",
    "fx",
    "get_autocast_dtype",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "is_autocast_cpu_enabled",
    "is_autocast_enabled",
    "jit",
    "preserve_format",
    "set_default_tensor_type",
    "sparse",
    "sparse_coo_tensor",
    "spmm",
    "mps",
    "xpu",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "strided",
    "typename",
    "use_deterministic_algorithms",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "Size",
    "accelerator",
    "amp",
    "asarray",
    "autocast",
    "bfloat16",
    "contiguous_format",
    "detach",
    "e",
    "finfo",
    "get_default_device",
    "iinfo",
    "inf",
    "is_nonzero",
    "is_same_size",
    "nan",
    "newaxis",
    "pi",
    "set_default_device",
    "backends",
    "cuda",
    "device",
    "dtype",
    "get_num_threads",
    "inference_mode",
    "set_num_threads",
    "set_printoptions",
    "profile",
    "operation",
    "once_differentiable",
    "set_detect_anomaly",
    "is_anomaly_enabled",
    "detect_anomaly",
    "checkpoint_sequential",
    "checkpoint",
    "Function",
    "Generator",
    "Primitive",
    "Tensor",
    "Value",
    "arange",
    "as_tensor",
    "backward",
    "bartlett_window",
    "bernoulli",
    "blackman_window",
    "bool",
    "can_cast",
    "default_generator",
    "define",
    "double",
    "draw",
    "dropout",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "enable_grad",
    "errors",
    "eye",
    "float",
    "float16",
    "float32",
    "float64",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "get_default_dtype",
    "get_rng_state",
    "grad",
    "half",
    "hamming_window",
    "hann_window",
    "initial_seed",
    "int",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_grad_enabled",
    "is_complex",
    "is_floating_point",
    "is_tensor",
    "kaiser_window",
    "linspace",
    "load",
    "logspace",
    "long",
    "manual_seed",
    "multinomial",
    "no_grad",
    "normal",
    "numel",
    "ones",
    "ones_like",
    "poisson",
    "promote_types",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
    "record",
    "registry",
    "result_type",
    "save",
    "scalar_tensor",
    "seed",
    "set_default_dtype",
    "set_grad_enabled",
    "set_rng_state",
    "short",
    "tensor",
    "topological_order",
    "tril_indices",
    "triu_indices",
    "uint8",
    "zeros",
    "zeros_like",
]
