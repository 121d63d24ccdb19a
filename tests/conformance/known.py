"""What is deliberately not PyTorch's: entries that are absent, differences, looser comparisons; each with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Loose:
    """How closely numbers must agree; `atol` is relative to the largest number of the result."""

    rtol: float = 1e-9
    atol: float = 1e-11


@dataclass(frozen=True)
class Difference:
    """Samples that we answer otherwise: a pattern found in what the comparison says, and the reason."""

    pattern: str
    reason: str

    def covers(self, problem: str) -> bool:
        """Whether what the comparison found is this difference."""
        return re.search(self.pattern, problem) is not None


COMPLEX = "complex numbers are not offered"
INTERNAL = "internal to PyTorch, not meant for users"

# Entries without a function of ours, and why; `family.*` stands for all of a namespace.
ABSENT: dict[str, str] = {
    "fft.*": COMPLEX,
    **dict.fromkeys(("complex", "polar", "view_as_complex", "stft"), COMPLEX),
    **dict.fromkeys(("cdouble", "cfloat", "chalf"), COMPLEX),
    "bfloat16": "NumPy has no bfloat16",
}

# Random results, and uninitialised ones: shape and dtype alone can be compared.
SHAPE_ONLY = {
    "rand_like", "randn", "randn_like", "randint", "randint_like", "normal", "normal/in_place", "normal/number_mean",
    "bernoulli", "multinomial", "uniform", "cauchy", "exponential", "geometric", "log_normal", "empty", "empty_like",
    "new_empty", "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.dropout3d",
    "nn.functional.alpha_dropout", "nn.functional.feature_alpha_dropout/with_train", "nn.functional.rrelu",
    "nn.functional.fractional_max_pool2d", "nn.functional.fractional_max_pool3d",
}  # fmt: skip

DIFFERENCES: dict[str, Difference] = {}

TOLERANCES: dict[str, Loose] = {}

# Wrong calls to PyTorch that we take, or refuse with Python's own error: a pattern in what is said, and the reason.
ACCEPTED: dict[str, Difference] = {}
