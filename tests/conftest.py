"""What all tests share."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

import autograd


def pytest_configure() -> None:
    """With REQUIRE_PEERS set, PyTorch must be there, so that no comparison with it is skipped unseen; and hypothesis
    does not count it as a failure that the machine is busy.
    """
    if importlib.util.find_spec("hypothesis"):
        from hypothesis import HealthCheck, settings

        settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
        settings.load_profile("busy")
    if os.environ.get("REQUIRE_PEERS"):
        import expecttest  # noqa: F401
        import torch  # noqa: F401


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """PyTorch, to compare with; tests that ask for it are skipped, and counted, where it is absent."""
    return pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed, for inputs."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    """Every test starts from the same state of the package's own generator."""
    state = autograd.get_rng_state()
    autograd.manual_seed(0)
    yield
    autograd.set_rng_state(state)
