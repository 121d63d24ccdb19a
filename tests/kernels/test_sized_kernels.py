"""Loops that are compiled for one thread and for all: the two ways, and what decides between them."""

import numpy as np
from numba import prange

from autograd.kernels import sized as module
from autograd.kernels.sized import SMALL, sized


@sized
def _double(x, out):
    """A loop of the tests' own."""
    for i in prange(x.size):
        out[i] = 2 * x[i]


def test_both_ways_agree():
    x = np.arange(5.0)
    for nanoseconds in (0, 2 * SMALL):
        out = np.empty(5)
        _double(nanoseconds, x, out)
        np.testing.assert_array_equal(out, 2 * x)


def test_little_work_is_not_launched(monkeypatch):
    launched = []
    monkeypatch.setattr(module, "launch", lambda kernel, *arguments: launched.append(kernel))
    _double(SMALL - 1, np.zeros(1), np.empty(1))
    assert not launched
    _double(SMALL, np.zeros(1), np.empty(1))
    assert launched == [_double.parallel]
    assert _double.single.__name__ != _double.parallel.__name__  # the disk cache tells them apart by name
