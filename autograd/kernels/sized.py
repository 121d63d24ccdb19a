"""Loops that run on one thread where there is little to do, and on all of them where there is much."""

import types
from collections.abc import Callable
from typing import Any

from autograd.kernels.threads import jit, launch

# Nanoseconds of one thread's work below which a launch, of some tens of microseconds, does not pay.
SMALL = 60_000


class sized:  # noqa: N801 - a decorator
    """A loop over `prange`, compiled when first needed: as a plain one for little work, as a parallel one for much.

        @sized
        def double(x, out):
            for i in prange(x.size):
                out[i] = 2 * x[i]

        double(0.3 * x.size, x, out)

    The first argument says about how many nanoseconds one thread takes. Results must not depend on the way taken, so
    sums over the loop's steps are not allowed: each step writes what is its own.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.parallel = jit(parallel=True)(function)
        # The disk cache knows functions by name and not by options, so the other needs another name.
        single = types.FunctionType(
            function.__code__, function.__globals__, f"{function.__name__}_single", function.__defaults__
        )
        single.__qualname__ = f"{function.__qualname__}_single"
        single.__module__ = function.__module__
        self.single = jit()(single)

    def __call__(self, nanoseconds: float, *arguments: Any) -> None:
        if nanoseconds < SMALL:
            self.single(*arguments)
        else:
            launch(self.parallel, *arguments)
