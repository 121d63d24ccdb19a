"""Every operation on a few of PyTorch's own samples of it; `compare.py` runs them all."""

from __future__ import annotations

from typing import Any

import pytest

import autograd

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")
pytest.importorskip("expecttest", reason="PyTorch's database of operations needs expecttest (the extra `peer`)")

from . import compare  # noqa: E402

OFFERED = [name for name in compare.database() if compare.ours(name) is not None and name not in compare.ABSENT]


@pytest.mark.parametrize("name", OFFERED)
def test_samples(name: str) -> None:
    outcome = compare.run(name, limit=6, second=True)
    assert outcome.failures == []
    assert outcome.passed + len(outcome.differences) > 0


CHANGING = [name for name in OFFERED if compare.database()[name].inplace_variant is not None]


@pytest.mark.parametrize("name", CHANGING)
def test_in_place(name: str) -> None:
    outcome = compare.run_in_place(name, limit=6)
    assert outcome.failures == []


def test_most_changes_in_place_are_there() -> None:
    there = [name for name in CHANGING if compare.run_in_place(name, limit=1).absent is None]
    assert len(there) >= 115


@pytest.mark.parametrize("name", OFFERED)
def test_wrong_calls_are_refused(name: str) -> None:
    refused, missed = compare.refusals(name)
    assert missed == []
    assert refused > 0 or name in compare.ACCEPTED or not compare.has_wrong_calls(name)


def test_every_known_difference_is_of_an_entry() -> None:
    names = compare.database().keys()
    assert compare.DIFFERENCES.keys() <= names
    assert compare.TOLERANCES.keys() <= names
    assert {n for n in compare.ABSENT if not n.endswith(".*")} <= names


def test_a_wrong_operation_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison fails for a wrong value, gradient, second gradient, shape, dtype, and for what is accepted."""
    right = autograd.sin

    def first_order_alone(x: Any) -> Any:
        return x.detach().cos() * x + (right(x).detach() - x.detach() * x.detach().cos())

    assert compare.run("sin", second=True).verdict == "passed"
    for wrong, said in (
        (lambda x: right(x) * 1.000001, "result 0 is other numbers"),
        (lambda x: right(x).float(), "float32 instead of float64"),
        (lambda x: right(x).unsqueeze(0), "has shape"),
        (lambda x: right(x.detach()), "does not require grad"),
        (lambda x: right(x) + 1e-3 * (x - x.detach()), "gradient 0 is other numbers"),
        (first_order_alone, "second gradient 0 is other numbers"),
        (lambda x: (right(x), right(x)), "2 results instead of 1"),
    ):
        monkeypatch.setattr(autograd, "sin", wrong)
        assert any(said in failure for failure in compare.run("sin", second=True).failures), said
    assert compare.refusals("dot")[1] == []
    monkeypatch.setattr(autograd, "dot", lambda *a, **k: None)
    assert compare.refusals("dot")[1] != []
