"""What is deliberately not PyTorch's: entries that are absent, differences, looser comparisons; each with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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
    **dict.fromkeys(("linalg.eig", "linalg.eigvals"), COMPLEX),
    **dict.fromkeys(("sparse.mm/reduce", "sparse.sampled_addmm"), "sparse tensors are not offered"),
    **dict.fromkeys(("_unsafe_masked_index", "_unsafe_masked_index_put_accumulate"), INTERNAL),
    **dict.fromkeys(("_segment_reduce/lengths", "_segment_reduce/offsets"), INTERNAL),
    "hash_tensor": "its result is uint64, which is not offered",
    "fft.*": COMPLEX,
    **dict.fromkeys(("complex", "polar", "view_as_complex", "stft"), COMPLEX),
    **dict.fromkeys(("cdouble", "cfloat", "chalf"), COMPLEX),
    **dict.fromkeys(("to_sparse",), "sparse tensors are not offered"),
    **dict.fromkeys(
        (
            "jiterator_unary",
            "jiterator_binary",
            "jiterator_4inputs_with_extra_args",
            "jiterator_binary_return_by_ref",
            "jiterator_2inputs_2outputs",
        ),
        "compiles text for a GPU",
    ),
    "bfloat16": "NumPy has no bfloat16",
    "_chunk_cat": INTERNAL,
    **dict.fromkeys(("max_pool2d_with_indices_backward", "_upsample_bilinear2d_aa"), INTERNAL),
    **dict.fromkeys(("grid_sampler_2d", "grid_sampler_3d"), f"{INTERNAL}: nn.functional.grid_sample is there"),
    **dict.fromkeys(
        (
            "native_batch_norm",
            "_native_batch_norm_legit",
            "_batch_norm_with_update",
            "native_layer_norm",
            "native_group_norm",
            "native_dropout_backward",
            "_softmax_backward_data",
            "torch.ops.aten._safe_softmax.default",
        ),
        INTERNAL,
    ),
}

# Random results, and uninitialised ones: shape and dtype alone can be compared.
SHAPE_ONLY = {
    "svd_lowrank", "pca_lowrank",
    "rand_like", "randn", "randn_like", "randint", "randint_like", "normal", "normal/in_place", "normal/number_mean",
    "bernoulli", "multinomial", "uniform", "cauchy", "exponential", "geometric", "log_normal", "empty", "empty_like",
    "new_empty", "new_empty_strided", "empty_strided", "empty_permuted",
    "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.dropout3d",
    "nn.functional.alpha_dropout", "nn.functional.feature_alpha_dropout/with_train", "nn.functional.rrelu",
    "nn.functional.multi_head_attention_forward",
    "nn.functional.fractional_max_pool2d", "nn.functional.fractional_max_pool3d",
}  # fmt: skip

# Entries that are compared as PyTorch's own gradient checks call them: ctc_loss after a log_softmax, since the gradient
# that PyTorch gives by log_probs is the derivative only when that follows; of symmetric and triangular matrices on
# such, since with other numbers in the triangle that is not read PyTorch's gradient has no meaning.
WRAPPED = {
    "nn.functional.ctc_loss", "linalg.cholesky", "linalg.cholesky_ex", "linalg.eigh", "linalg.eigvalsh",
    "linalg.pinv/hermitian", "cholesky_inverse",
}  # fmt: skip


def on_triangle(function: Callable[..., Any], L: Any, upper: bool = False) -> Any:
    """Call with the triangle of L alone, as PyTorch's own check does by functions that take its tensors alone."""
    return function(L.triu() if upper else L.tril(), upper=upper)


# What stands in for the calls of PyTorch's own checks where these take none of our Tensors.
WRAPPERS = {"cholesky_inverse": on_triangle}

DIFFERENCES: dict[str, Difference] = {
    "masked.logaddexp": Difference(
        r"second gradient \d is other numbers: 0.0 instead of nan",
        "the second derivative where both numbers are masked out is 0; PyTorch gives nan",
    ),
    "cholesky_solve": Difference(
        r"gradient 1 is other numbers: -?0\.0 instead of",
        "the triangle of L that is not read has no gradient; PyTorch gives it that of L L^T by all of L",
    ),
    "linalg.norm/subgradients_at_zero": Difference(
        r"second gradient 0 is other numbers: 0\.0 instead of nan", "the second derivative at 0 is 0, not nan"
    ),
    "as_strided/partial_views": Difference(
        r"result 0 is other numbers|reads the numbers",
        "the comparison copies the view and not the memory around it, which we let no view of a part read",
    ),
    "as_strided_scatter": Difference(
        r"gradient 0 is other numbers",
        "PyTorch gives the input the gradient of the places that are replaced; its own gradcheck refuses that",
    ),
}

TOLERANCES: dict[str, Loose] = {
    "nn.functional.hardsigmoid": Loose(rtol=1e-7),  # PyTorch's slope is 1 / 6 rounded to float32
    # PyTorch's numbers are off in the seventh digit beyond 5; ours, SciPy's, agree with the integral of cos(x sin t).
    **dict.fromkeys(
        ("special.bessel_j0", "special.bessel_j1", "special.bessel_y0", "special.bessel_y1"), Loose(1e-9, 1e-6)
    ),
    "special.airy_ai": Loose(1e-9, 1e-8),
    "cov": Loose(rtol=1e-6, atol=1e-6),  # the samples' weights, and so what passes through them, are float32
}

NUMBERS = Difference(r"\((2, 3|2, int64\(3,\)|int64\(3,\), 2)\): accepted", "numbers are taken for 0-d tensors")

# Wrong calls to PyTorch that we take, or refuse with Python's own error: a pattern in what is said, and the reason.
ACCEPTED: dict[str, Difference] = {
    **dict.fromkeys(
        ("gather", "index_select", "kthvalue", "masked_select", "take", "cat", "arange", "bernoulli", "multinomial"),
        Difference(r"unexpected keyword argument 'out'", "there is no out=, and Python refuses it"),
    ),
    **dict.fromkeys(
        (
            "clamp_max",
            "clamp_min",
            "atan2",
            "copysign",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "fmax",
            "fmin",
            "fmod",
            "remainder",
            "rsub",
            "maximum",
            "minimum",
            "max/binary",
            "min/binary",
            "logical_and",
            "logical_or",
            "logical_xor",
            "heaviside",
            "isclose",
            "ldexp",
            "logaddexp",
            "logaddexp2",
            "nextafter",
            "igamma",
            "igammac",
            "pow",
            "float_power",
            "hypot",
            "xlogy",
            "special.xlog1py",
            "special.zeta",
            "special.chebyshev_polynomial_t",
            "special.chebyshev_polynomial_u",
            "special.chebyshev_polynomial_v",
            "special.chebyshev_polynomial_w",
            "special.hermite_polynomial_h",
            "special.hermite_polynomial_he",
            "special.laguerre_polynomial_l",
            "special.legendre_polynomial_p",
            "special.shifted_chebyshev_polynomial_t",
            "special.shifted_chebyshev_polynomial_u",
            "special.shifted_chebyshev_polynomial_v",
            "special.shifted_chebyshev_polynomial_w",
        ),
        NUMBERS,
    ),
    **dict.fromkeys(
        ("amax", "amin", "aminmax"),
        Difference(
            r"within \[0, 64\]|unexpected keyword argument 'out'",
            "NumPy has no array of more than 64 dimensions to call it with; there is no out=, and Python refuses it",
        ),
    ),
    **dict.fromkeys(
        [
            "signal.windows." + name
            for name in (
                "hamming",
                "hann",
                "bartlett",
                "blackman",
                "cosine",
                "exponential",
                "gaussian",
                "kaiser",
                "general_cosine",
                "general_hamming",
                "nuttall",
            )
        ],
        Difference(r"layout=torch.sparse", "the comparison drops the layout; there is only one"),
    ),
    "gradient": Difference(r"meta device", "there are no devices, and so no array of another one"),
    **dict.fromkeys(
        ("__radd__", "__rdiv__", "__rmul__", "__rmod__", "__rpow__", "__rsub__"),
        Difference(r"AttributeError: 'int' object|: accepted", "the method of a number is Python's own"),
    ),
}

# The same for the methods that change a tensor in place.
IN_PLACE_DIFFERENCES: dict[str, Difference] = {
    "addbmm": Difference(r"addbmm_: the result .* does not fit x \((1,)?\)", "PyTorch gives the tensor another shape"),
}

# Modules of PyTorch's database that we do not have, with the reason.
ABSENT_MODULES: dict[str, str] = {}

# Samples of modules that differ on purpose: by module, what stands in the text of the failure, and the reason.
MODULE_DIFFERENCES: dict[str, dict[str, str]] = {}
