"""Numbers only: numba loops on raw NumPy arrays, arrays and ints in, arrays out.

A kernel knows no Tensor and no gradient rule; it validates nothing, for its caller already has. Arrays come in
C-contiguous. Each function has a plain twin of the same signature in `autograd.kernels.reference`.

numba takes longer to import than the rest of the package together, so this module imports none of the kernels:
`kernels.conv` (or `kernels.pool`) is imported when an operation asks for it for the first time.
"""

import importlib
from types import ModuleType


def __getattr__(name: str) -> ModuleType:
    if not name.startswith("_"):
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
