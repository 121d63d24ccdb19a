"""Functions and operations of a user's own, against PyTorch's where it has them."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import errors
from autograd.primitive import Sample
from autograd.testing import check_primitive, gradcheck, gradgradcheck


def programs(module: Any, base: Any, once: Any) -> dict[str, Any]:
    """The same Function subclasses for ours and for PyTorch: name to a function of two tensors."""

    class Product(base):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any, scale: float) -> Any:
            ctx.save_for_backward(x, w)
            ctx.scale = scale
            return x * w * scale

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            assert ctx.needs_input_grad == (True, True, False)
            return g * w * ctx.scale, g * x * ctx.scale, None

    class SavedOutput(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            out = x.exp()
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (out,) = ctx.saved_tensors
            return g * out

    class Several(base):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, None, w)
            big = x > 1
            ctx.mark_non_differentiable(big)
            return x * x, big, x * w, "text"

        @staticmethod
        def backward(ctx: Any, g1: Any, g2: Any, g3: Any, g4: Any = None) -> Any:
            x, nothing, w = ctx.saved_tensors
            assert nothing is None
            return 2 * x * g1 + w * g3, x * g3

    class Setup(base):
        @staticmethod
        def forward(x: Any, w: Any) -> Any:
            return x.sin() * w

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            return g * x.cos() * w, g * x.sin()

    class Dirty(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.mul_(3)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 3 * g

    class Same(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 7

    class Unbroadcast(base):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            return x + w

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, g

    class NotMaterialized(base):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g1: Any, g2: Any) -> Any:
            assert g1 is None
            return g2 * 3

    def dirty(x: Any, w: Any) -> Any:
        y = x * w
        row = y[0]
        Dirty.apply(y)
        return y * y + row

    def several(x: Any, w: Any) -> Any:
        squares, big, product, text = Several.apply(x, w)
        assert text == "text" and not big.requires_grad
        return squares * product + product

    return {
        "product": lambda x, w: Product.apply(x, w, 2.5) * w,
        "saved output": lambda x, w: SavedOutput.apply(x * w) * x,
        "several": several,
        "one of several": lambda x, w: Several.apply(x, w)[2] * w,
        "setup": lambda x, w: Setup.apply(x, w),
        "dirty": dirty,
        "same": lambda x, w: Same.apply(x) + Same.apply(x * w),
        "unbroadcast": lambda x, w: Unbroadcast.apply(x, w[0]) * w,
        "not materialized": lambda x, w: NotMaterialized.apply(x * w)[1],
    }


NAMES = list(programs(autograd, autograd.Function, autograd.once_differentiable))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_pytorchs(torch: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.uniform(0.5, 1.5, (2, 3)), rng.uniform(0.5, 1.5, (2, 3))
    found = []
    for module, make, grad, base in (
        (autograd, autograd.tensor, autograd.grad, autograd.Function),
        (torch, torch.tensor, torch.autograd.grad, torch.autograd.Function),
    ):
        leaves = [make(a, requires_grad=True) for a in (x, w)]
        out = programs(module, base, None)[name](*leaves)
        slopes = grad((out * make(np.cos(np.arange(6.0)).reshape(2, 3))).sum(), leaves, create_graph=True)
        second = grad(sum((s * s).sum() for s in slopes), leaves, allow_unused=True)
        found.append([out, *slopes, *second])
    for a, b in zip(*found, strict=True):
        ours = np.zeros((2, 3)) if a is None else a.detach().numpy()
        theirs = np.zeros((2, 3)) if b is None else b.detach().numpy()
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


class Cube(autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * g * x**2


def test_it_is_checked_as_any_function() -> None:
    x = autograd.tensor([0.5, -1.5], dtype="float64", requires_grad=True)
    gradcheck(Cube.apply, x)
    gradgradcheck(Cube.apply, x)


def answering(*answer: Any) -> type[autograd.Function]:
    class Answering(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return answer

    return Answering


def test_wrong_answers_are_told() -> None:
    x, y = autograd.ones(2, 3, requires_grad=True), autograd.ones(2, 3, requires_grad=True)
    good = autograd.ones(2, 3)
    for answer, kind, message in (
        ((good,), errors.ArgumentError, r"Answering\.backward: returned 1 gradients, and forward took 2 inputs"),
        ((good, good, good), errors.ArgumentError, "returned 3 gradients"),
        ((good, autograd.ones(3, 2)), errors.ShapeError, r"gradient 1 is \(3, 2\) for an input \(2, 3\)"),
        ((good, autograd.ones(3)), errors.ShapeError, r"gradient 1 is \(3,\)"),
        ((good, 1.0), errors.DtypeError, "gradient 1 is float; return a Tensor"),
    ):
        with pytest.raises(kind, match=message):
            answering(*answer).apply(x, y).sum().backward()
    answering(good, good, None).apply(x, y).sum().backward()
    answering(autograd.ones(4, 2, 3), None).apply(x, y).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[5.0] * 3] * 2

    class Nothing(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return 3

    with pytest.raises(errors.DtypeError, match=r"Nothing\.forward: returned int; return a Tensor"):
        Nothing.apply(x)
    with pytest.raises(NotImplementedError, match="define forward"):
        autograd.Function.apply(x)
    context = autograd.function.FunctionContext((True,))
    with pytest.raises(errors.DtypeError, match="save_for_backward: expected Tensors or None, not float"):
        context.save_for_backward(1.0)


def test_saved_tensors_are_guarded_and_freed() -> None:
    x = autograd.ones(3, requires_grad=True)
    y = x * 2
    out = Cube.apply(y).sum()
    y.add_(1)
    with pytest.raises(errors.InPlaceError, match=r"saved_tensors: a tensor \(3,\) was changed in place after it was"):
        out.backward()
    out = Cube.apply(x).sum()
    out.backward()
    with pytest.raises(errors.GraphError, match="Cube saved are gone"):
        out.backward()


def test_once_differentiable() -> None:
    class Numeric(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return autograd.tensor(x.detach().numpy() ** 2)

        @staticmethod
        @autograd.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return autograd.tensor(g.numpy() * 2 * x.numpy())

    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    (slope,) = autograd.grad(Numeric.apply(x).sum(), x, create_graph=True)
    assert slope.tolist() == [2.0, 4.0]
    with pytest.raises(errors.GraphError, match="marked once_differentiable"):
        slope.sum().backward()


def test_a_call_leaves_no_cycle() -> None:
    gc.collect()
    gc.disable()
    try:
        x = autograd.ones(3, requires_grad=True)
        for function in programs(autograd, autograd.Function, None).values():
            function(autograd.ones(2, 3, requires_grad=True), autograd.ones(2, 3, requires_grad=True))
        gc.collect()  # the classes themselves
        out = Cube.apply(x)
        node = weakref.ref(out.node)
        out.sum().backward()
        del out
        assert node() is None
        programs_are = [Cube.apply(x) for _ in range(3)]
        del programs_are
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_its_picture_shows_its_name() -> None:
    x = autograd.ones(3, requires_grad=True)
    text = autograd.draw(Cube.apply(x) * 2).source
    assert "Cube" in text


def test_results_that_share_memory_with_an_argument_are_not_changed_in_place() -> None:
    class Same(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3

    class View(autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.view(2, 1)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g.view(2) * 3

    for function in (Same, View):
        for changed in ("argument", "result", "view of the result"):
            x = autograd.tensor([1.0, 2.0], requires_grad=True)
            base = x * 1
            result = function.apply(base)
            target = {"argument": base, "result": result, "view of the result": result[0]}[changed]
            with pytest.raises(errors.InPlaceError, match="shares memory with a result of a Function"):
                target.mul_(2)
            result.sum().backward()
            assert x.grad is not None and x.grad.tolist() == [3.0, 3.0]
    with autograd.no_grad():
        Same.apply(x).mul_(2)


# --- records by a decorator


@pytest.fixture
def scaled() -> Any:
    @autograd.operation(
        vjp={"x": lambda g, x, y, power: g * y * power * x ** (power - 1), "y": lambda g, x, power: g * x**power},
        formula="x^power y",
        samples=lambda rng: [Sample((rng.uniform(1, 2, (2, 3)), rng.uniform(1, 2, (2, 3))), (3,))],
    )
    def power_times(x: Any, y: Any, *, power: int = 2) -> Any:
        return x**power * y

    yield power_times
    autograd.registry._records.pop("power_times")
    del autograd.registry.power_times


def test_an_operation_by_decorator(scaled: Any) -> None:
    x = autograd.tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    y = autograd.tensor([3.0, 4.0], dtype="float64", requires_grad=True)
    assert scaled(x, y).tolist() == [3.0, 16.0]
    assert scaled(x, y=y, power=3).tolist() == [3.0, 32.0]
    gradcheck(lambda x, y: scaled(x, y, power=3), (x, y))
    gradgradcheck(lambda x, y: scaled(x, y, power=3), (x, y))
    check_primitive(autograd.registry["power_times"])
    for call in (lambda: scaled(x), lambda: scaled(x, y, 3), lambda: scaled(x, y, exponent=2), lambda: scaled(x, x=y)):
        with pytest.raises(errors.ArgumentError, match="power_times: takes x, y and by name power"):
            call()
    with pytest.raises(errors.ArgumentError, match="there is an operation 'power_times' already"):
        autograd.operation(lambda x: x, name="power_times")
    with pytest.raises(errors.ArgumentError, match="use parameters with names"):
        autograd.operation(lambda *x: x)
