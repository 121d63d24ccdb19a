"""Graphs too large to draw: what is drawn as one, what is said about it, and that it never hangs."""

import importlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value
from autograd.draw.collapse import collapse, size
from autograd.draw.picture import Names, Picture, read
from autograd.errors import DrawError

from .reading import Box, boxes, operations, titled

render_module = importlib.import_module("autograd.draw.render")


@contextmanager
def inside(*names: str) -> Iterator[None]:
    """Run as if within modules of these names."""
    state = autograd.graph.local.state
    outer = state.scope
    state.scope = (*outer, *names)
    try:
        yield
    finally:
        state.scope = outer


def chain(length: int) -> Value:
    x, b, a = Value(1.0, label="x"), Value(0.9, label="b"), Value(0.1, label="a")
    for _ in range(length):
        x = x * b + a
    return x


def upstream(box: Box) -> set[str]:
    """The names of everything that a box comes from; fails on a ring of arrows."""
    reached: set[str] = set()
    path: list[tuple[Box, Iterator[Box]]] = [(box, iter(box.inputs))]
    active = {box.name}
    while path:
        current, rest = path[-1]
        for source in rest:
            assert source.name not in active, "the arrows form a ring"
            if source.name not in reached:
                active.add(source.name)
                path.append((source, iter(source.inputs)))
                break
        else:
            path.pop()
            active.discard(current.name)
            reached.add(current.name)
    return reached


def counted(picture: Picture) -> tuple[int, int]:
    return sum(item.operations for item in picture.items), sum(item.variables for item in picture.items)


# --- modules


def blocks(number: int) -> tuple[Any, list[Any]]:
    """A tensor through `number` modules of two operations and a weight, within two modules above them."""
    x = autograd.ones(2, 3, requires_grad=True)
    x.name = "x"
    weights = []
    y = x
    for k in range(number):
        weight = autograd.ones(3, 3, requires_grad=True)
        weights.append(weight)
        with inside("Net", "body" if k // 2 % 2 else "stem", str(k)):
            y = (y @ weight).relu()
    return y.sum(), weights


class Root:
    def __init__(self, weights: list[Any]) -> None:
        self.weights = weights

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        yield from ((f"w{k}", weight) for k, weight in enumerate(self.weights))


def test_the_innermost_modules_become_one_box_first():
    y, weights = blocks(4)
    drawing = autograd.draw(y, module=Root(weights), max_nodes=16)
    block = titled(drawing.source, "2")
    assert block.fields == ["2\n2 operations\n9 parameters"]
    assert block.scope == ("Net", "body") and titled(drawing.source, "1").scope == ("Net", "stem")
    assert (
        drawing.notes[0] == "too large to draw whole (9 operations): modules from level 3 on are drawn as one box each"
    )
    assert titled(drawing.source, "x") and titled(drawing.source, "Σ")
    (result,) = [box for box in boxes(drawing.source).values() if block in box.inputs]
    assert result.fields == ["(2, 3) float32"]
    assert "w2" not in drawing.source


def test_then_the_modules_above_them():
    y, weights = blocks(9)
    drawing = autograd.draw(y, module=Root(weights), max_nodes=8)
    assert titled(drawing.source, "Net").fields == ["Net\n18 operations\n81 parameters"]
    assert "modules from level 1 on" in drawing.notes[0]


def test_modules_that_use_each_other_in_turn_make_no_ring():
    # stem and body alternate: drawn as one box each, they would depend on each other.
    y, weights = blocks(8)
    picture = read([y], Names(None, Root(weights)))
    for most in range(8, size(picture)):
        smaller = collapse(picture, most)
        assert size(smaller) <= most
        assert counted(smaller) == counted(picture)
    source = autograd.draw(y, module=Root(weights), max_nodes=12).source
    for name in ("stem", "body"):
        visits = [box for box in boxes(source).values() if box.fields[0].startswith(name)]
        assert [box.fields for box in visits] == [[f"{name}\n4 operations\n18 parameters"]] * 2
    (output,) = [box for box in boxes(source).values() if "penwidth" in box.look]
    assert len(upstream(output)) == len(boxes(source))


def test_two_streams_through_shared_modules_make_no_ring():
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    for _ in range(20):
        with inside("a"):
            x = x.tanh()
        with inside("b"):
            y = y.tanh()
    with inside("b"):
        x = x.exp()
    with inside("a"):
        y = y.exp()
    source = autograd.draw(x + y, max_nodes=20).source
    (output,) = [box for box in boxes(source).values() if "penwidth" in box.look]
    assert {"x", "y"} <= {boxes(source)[name].fields[0] for name in upstream(output) | {output.name}}
    assert len(upstream(output)) == len(boxes(source))


def test_a_module_of_many_labelled_values_has_its_variables_folded():
    x = Value(1.0, label="x")
    with inside("Neuron"):
        total = x
        for k in range(100):
            total = total + Value(float(k), label=f"w{k}")
    drawing = autograd.draw(total, max_nodes=20)
    assert titled(drawing.source, "Neuron").fields == ["Neuron\n100 operations"]
    assert titled(drawing.source, "… 99 more variables …")
    assert "variables that one operation or module uses are folded" in drawing.notes[0]


# --- folds


def test_a_repeated_pattern_is_folded_between_its_first_and_last_time():
    drawing = autograd.draw(chain(98))
    fold = titled(drawing.source, "… 96 more …")
    assert fold.fields == ["… 96 more …\n*  +\n192 operations"]
    assert [box.fields for box in operations(drawing.source)] == [["*"], ["+"], ["*"], ["+"]]
    assert drawing.notes == ["too large to draw whole (196 operations): repeated operations are folded"]
    assert {source.fields[0] for source in fold.inputs} >= {"a", "b"}
    assert repr(drawing) == "<Drawing of 196 operations, 3 variables, collapsed>"


def test_a_small_graph_is_left_alone():
    picture = read([chain(10)], Names(None, None))
    assert collapse(picture, size(picture)) is picture
    assert not autograd.draw(chain(10)).notes


def test_values_at_a_fold_are_those_that_come_out_of_it():
    x = y = Value(1.0, label="x")
    for _ in range(200):
        y = y + x
    source = autograd.draw(y).source
    (result,) = [box for box in boxes(source).values() if titled(source, "… 198 more …") in box.inputs]
    assert result.fields == ["value 200.0", "grad 0.0"]
    (output,) = [box for box in boxes(source).values() if "penwidth" in box.look]
    assert output.fields == ["value 201.0", "grad 0.0"]


def test_many_outputs_and_many_inputs_are_folded():
    source = autograd.draw([Value(float(k)).exp() for k in range(1000)]).source
    assert titled(source, "… 998 more …") and titled(source, "… 992 more results …")
    leaves = [autograd.ones(1, requires_grad=True) for _ in range(500)]
    drawing = autograd.draw(autograd.cat(leaves))
    assert titled(drawing.source, "… 498 more variables …")
    (cat,) = operations(drawing.source)
    assert len(cat.inputs) == 3
    (cat,) = operations(autograd.draw(autograd.cat(leaves[:1] * 500)).source)
    assert "500 times" in autograd.draw(autograd.cat(leaves[:1] * 500)).source


def test_a_leaf_that_was_asked_for_is_not_folded():
    x, y = Value(2.0, label="middle"), chain(50)
    y = y * x
    for _ in range(100):
        y = y.tanh()
    source = autograd.draw([y, x], max_nodes=12).source
    assert titled(source, "middle").inputs == [] and "penwidth" in titled(source, "middle").look
    assert "middle" not in autograd.draw(y, max_nodes=12).source


def random_graph(number: int, seed: int, scoped: bool) -> Value:
    choose = random.Random(seed)
    values = [Value(choose.random(), label=f"v{k}") for k in range(4)]
    for _ in range(number):
        path = [choose.choice("ab") for _ in range(choose.randrange(4))] if scoped else []
        with inside(*path):
            a, b = choose.choice(values[-12:]), choose.choice(values[-12:])
            values.append(choose.choice([lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a.tanh()])(a, b))
    return sum(values[-3:], Value(0.0))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 150), st.integers(0, 10**6), st.booleans(), st.integers(8, 120))
def test_any_graph_fits_keeps_count_and_has_no_ring(number, seed, scoped, most):
    picture = read([random_graph(number, seed, scoped)], Names(None, None))
    smaller = collapse(picture, most)
    assert counted(smaller) == counted(picture)
    for k, item in enumerate(smaller.items):
        assert all(position < k for position, _ in item.inputs)
        assert all(index < len(smaller.items[position].outputs) for position, index in item.inputs)
    assert size(smaller) <= max(most, 24)
    assert (smaller is picture) == (size(picture) <= most)
    assert bool(smaller.collapsed) == (smaller is not picture)


def test_a_chain_of_100_000_operations_is_drawn_in_seconds():
    x = autograd.ones(2, 2, requires_grad=True)
    y = x
    for _ in range(50_000):
        y = y * x + x
    start = time.process_time()
    drawing = autograd.draw(y)
    svg = drawing._repr_svg_()
    assert time.process_time() - start < 20  # it takes 2, unless it grows faster than the graph
    assert "99,996 operations" in svg.replace("\xa0", " ").replace("&#160;", " ")


def test_deep_modules_and_graphs_need_no_recursion():
    x = Value(1.0)
    with inside(*(f"level {k}" for k in range(50))):
        y = x.exp()
    autograd.draw(y).render("svg")
    with inside(*["deep"] * 3000):
        y = x.exp()
    assert autograd.draw(y).source.count("subgraph") == 3000


# --- what the layout refuses


def test_what_cannot_be_laid_out_is_collapsed_further_and_says_so(monkeypatch):
    y = chain(20)
    drawing = autograd.draw(y)
    assert drawing.notes == []
    real, tried = render_module.render, []

    def refuse(source: str, format: str, **options: Any) -> bytes:
        tried.append(len(boxes(source)))
        if tried[-1] > 40:
            raise render_module.LayoutTooLarge("the graph is too large to lay out")
        return real(source, format, **options)

    monkeypatch.setattr(render_module, "render", refuse)
    svg = drawing._repr_svg_()
    assert len(tried) > 1 and tried == sorted(tried, reverse=True) and tried[-1] <= 40
    assert "too large to draw whole (40 operations)" in drawing.notes[0]
    assert drawing.notes[0] in svg.replace("\xa0", " ").replace("&#160;", " ")
    assert drawing._repr_svg_() == svg


def test_a_layout_that_always_fails_ends_in_its_error(monkeypatch):
    def refuse(source: str, format: str, **options: Any) -> bytes:
        raise render_module.LayoutTooLarge("took longer")

    monkeypatch.setattr(render_module, "render", refuse)
    with pytest.raises(DrawError, match="took longer"):
        autograd.draw(chain(300)).render("svg")


def test_collapsing_twice_says_both_things():
    with inside("Net"):
        x = y = Value(1.0, label="x")
        for k in range(6):
            with inside(str(k)):
                y = (y * x).tanh() + x
    for _ in range(60):
        y = y * x + x
    once = collapse(read([y], Names(None, None)), 40)
    assert list(once.collapsed.values()) == [
        "modules from level 1 on are drawn as one box each",
        "repeated operations are folded",
    ]
    twice = collapse(once, 8)
    assert list(twice.collapsed.values())[:2] == list(once.collapsed.values()) and len(twice.collapsed) == 3
    assert counted(twice) == counted(once) == (138, 1)
    assert size(twice) <= 8
