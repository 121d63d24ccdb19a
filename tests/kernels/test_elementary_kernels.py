"""exp, log and their like in float32: errors in units in the last place, and what lies at the ends."""

import numpy as np
import pytest
from scipy import special

from autograd.kernels import elementary
from autograd.kernels.threads import jit

PLAIN = {
    "exp": np.exp,
    "exp_of_negative": lambda x: np.where(x < -87.33, 0, np.exp(x)),
    "exp_to_denormal": np.exp,
    "expm1_of_negative": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "softplus": lambda x: np.logaddexp(0, x),
    "scaled_erfc": special.erfcx,
}
# The largest errors, as the module's table says.
ULP = {
    "exp": 1.0,
    "exp_of_negative": 1.0,
    "exp_to_denormal": 1.1,
    "expm1_of_negative": 1.0,
    "log": 1.0,
    "log1p": 1.5,
    "tanh": 1.5,
    "sigmoid": 2.5,
    "softplus": 2.0,
    "scaled_erfc": 5.5,
}
OF_NEGATIVE = {"exp_of_negative", "exp_to_denormal", "expm1_of_negative"}
ENDS = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3e38, -3e38, 1e-30, 88.7, 89.5, -87.5, -104, -1],
                np.float32)  # fmt: skip

LOOPS = {}


def loop(name):
    if name not in LOOPS:
        function = getattr(elementary, name)

        @jit(python=True)
        def run(x, out):
            for i in range(x.size):
                out[i] = function(x[i])

        LOOPS[name] = run
    return LOOPS[name]


def computed(name, x):
    out = np.empty_like(x)
    with np.errstate(all="ignore"):  # which NumPy tells of where kernels are not compiled
        loop(name)(x, out)
    return out


def expected(name, x):
    with np.errstate(all="ignore"):
        return PLAIN[name](x.astype(np.float64))


def domain(name, count):
    rng = np.random.default_rng(0)
    sizes = np.exp(rng.uniform(-60, 88, count))
    x = np.concatenate([rng.uniform(-10, 10, count), sizes, -sizes, rng.uniform(-104, 89, count)]).astype(np.float32)
    if name in OF_NEGATIVE:
        return -np.abs(x)
    if name == "scaled_erfc":
        return np.abs(x)[np.abs(x) <= 10]
    return np.abs(x) if name == "log" else x[x > -1] if name == "log1p" else x


@pytest.mark.parametrize("name", PLAIN)
def test_errors_stay_below_the_documented_ones(name):
    from numba import config

    x = domain(name, 300 if config.DISABLE_JIT else 50_000)
    out, exact = computed(name, x), expected(name, x)
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    normal = np.isfinite(rounded) & (np.abs(rounded) >= np.finfo(np.float32).tiny)
    errors = np.abs(out[normal] - exact[normal]) / np.spacing(np.abs(rounded[normal]))
    assert errors.max() <= ULP[name], x[normal][errors.argmax()]
    tiny = np.isfinite(rounded) & ~normal
    assert np.abs(out[tiny] - exact[tiny]).max(initial=0) <= 2e-45
    np.testing.assert_array_equal(out[np.isinf(rounded)], rounded[np.isinf(rounded)])


@pytest.mark.parametrize("name", PLAIN)
def test_the_ends_are_those_of_numpy(name):
    x = ENDS[(ENDS <= 0) | np.isnan(ENDS)] if name in OF_NEGATIVE else ENDS
    if name == "scaled_erfc":
        x = ENDS[(np.abs(ENDS) < 1e-20) | np.isnan(ENDS)]
    with np.errstate(all="ignore"):
        wanted = expected(name, x).astype(np.float32)
    np.testing.assert_allclose(computed(name, x), wanted, rtol=3e-7, atol=3e-45, equal_nan=True)
