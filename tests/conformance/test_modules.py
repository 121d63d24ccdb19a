"""Every module of PyTorch's database on a few of its samples; `compare_modules.py` runs them all."""

from __future__ import annotations

from typing import Any

import pytest

import autograd
import nn

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")
pytest.importorskip("expecttest", reason="PyTorch's database of modules needs expecttest (the extra `peer`)")

from . import compare_modules  # noqa: E402


@pytest.mark.parametrize("name", list(compare_modules.database()))
def test_samples(name: str) -> None:
    outcome = compare_modules.run(name, limit=6)
    if outcome.absent is not None:
        assert name in compare_modules.ABSENT_MODULES
        return
    assert outcome.failures == []
    assert outcome.passed + len(outcome.differences) > 0


def test_every_known_difference_is_of_a_module() -> None:
    names = compare_modules.database().keys()
    assert compare_modules.ABSENT_MODULES.keys() <= names
    assert compare_modules.MODULE_DIFFERENCES.keys() <= names


class _Renamed(nn.Linear):
    def extra_repr(self) -> str:
        return super().extra_repr().replace("features", "sizes")


class _WithoutGradient(nn.Linear):
    def forward(self, input: Any) -> Any:
        return autograd.linear(input, self.weight.detach(), self.bias)


class _Wrong(nn.Linear):
    def forward(self, input: Any) -> Any:
        return super().forward(input) * 1.000001


class _Larger(nn.Linear):
    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.register_buffer("extra", autograd.zeros(1))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (_Renamed, "it prints"),
        (_WithoutGradient, "the gradient by weight is other numbers"),
        (_Wrong, "result 0 is other numbers"),
        (_Larger, "the state is"),
    ],
)
def test_a_wrong_module_is_seen(monkeypatch: pytest.MonkeyPatch, wrong: type, said: str) -> None:
    wrong.__name__ = "Linear"
    monkeypatch.setattr(nn, "Linear", wrong)
    assert any(said in failure for failure in compare_modules.run("Linear").failures)
