"""Profiles: counts are exact, times and memory add up."""

from __future__ import annotations

import time

import numpy as np
import pytest

import autograd
import nn
from autograd import errors


def test_counts_times_and_bytes() -> None:
    x = autograd.ones(100, 100, requires_grad=True)
    with autograd.profile() as p:
        y = (x.exp() * x).view(-1)
        y.exp().sum().backward()
    rows = {row.name: row for row in p.rows()}
    assert {name: row.calls for name, row in rows.items()} == {"exp": 2, "mul": 1, "reshape": 1, "sum": 1}
    assert rows["exp"].bytes == 2 * 40_000 and rows["mul"].bytes == 40_000
    assert rows["reshape"].bytes == 0  # a view
    assert all(row.forward > 0 and row.backward > 0 for row in rows.values())
    assert sum(row.total for row in rows.values()) <= p.seconds
    assert [row.total for row in p.rows()] == sorted((row.total for row in p.rows()), reverse=True)


def test_time_is_put_where_it_was_spent() -> None:
    @autograd.operation(vjp={"x": lambda g: slow_gradient(g)}, name="sleepy")
    def sleepy(x: np.ndarray) -> np.ndarray:
        time.sleep(0.02)
        return x * 1

    def slow_gradient(g: np.ndarray) -> np.ndarray:
        time.sleep(0.04)
        return g

    try:
        x = autograd.ones(2, requires_grad=True)
        with autograd.profile() as p:
            (sleepy(x) * 2).sum().backward()
    finally:
        autograd.registry._records.pop("sleepy")
        del autograd.registry.sleepy
    first = p.rows()[0]
    assert first.name == "sleepy"
    assert first.forward >= 0.02 and first.backward >= 0.04


def test_by_module() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    with autograd.profile() as p:
        (model(autograd.ones(5, 4)) ** 2).sum().backward()
    rows = {row.name: row for row in p.rows("module")}
    assert set(rows) == {"Sequential.0", "Sequential.1", "Sequential.2", "(no module)"}
    assert rows["(no module)"].calls == 2
    assert rows["Sequential.0"].backward > 0
    with pytest.raises(errors.ArgumentError, match="use 'operation' or 'module'"):
        p.rows("line")


def test_table() -> None:
    x = autograd.ones(3, requires_grad=True)
    with autograd.profile() as p:
        x.exp().sum().backward()
    lines = str(p).splitlines()
    assert lines[0].split() == ["operation", "calls", "forward", "ms", "backward", "ms", "share", "MB", "of", "results"]
    assert {line.split()[0] for line in lines[1:3]} == {"exp", "sum"}
    assert lines[3].split()[:2] == ["sum", "2"]
    assert lines[-1].endswith("ms in all")


def test_rules_under_create_graph_count_as_backward() -> None:
    x = autograd.tensor(2.0, requires_grad=True)
    with autograd.profile() as p:
        (slope,) = autograd.grad(x**3, x, create_graph=True)
    assert "mul" not in [row.name for row in p.rows()]
    assert next(row for row in p.rows() if row.name == "pow").backward > 0
    assert slope.item() == 12.0


def test_the_numbers_are_the_same_within() -> None:
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    with autograd.profile(), autograd.record():
        y = x * x
        y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 4.0]
    assert y.node is not None and y.node.kept is not None and y.node.kept.values[0].tolist() == [1.0, 4.0]
