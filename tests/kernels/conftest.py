"""What tests of several kernels use."""

import numba
import pytest


@pytest.fixture(scope="session")
def call():
    """call(function, *arguments) calls a function that is compiled for kernels, or does one thread's share of a kernel.

    Python cannot, and `share_out` runs at most as many threads as there are.
    """
    callers = {}

    def run(function, *arguments):
        if function not in callers:
            callers[function] = numba.njit(lambda *everything: function(*everything))
        return callers[function](*arguments)

    return run
