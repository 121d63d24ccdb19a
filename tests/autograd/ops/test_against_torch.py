"""Every public operation against PyTorch's of the same name: values, dtypes, and gradients."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd.errors import ChainruleError

from ...conformance import compare
from .cases import BATCH, CASES, CLASSES, IMAGES, NOT_COMPARED, C, Call, R, call

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `peer`)")


# What PyTorch has under another name or as a method, and how it is called there. (Its floor_divide joins the graph
# and then has no derivative; ours stays outside. Its logsumexp over no dimension fails in backward.)
ADAPTED: dict[str, Callable[..., Any]] = {
    "im2col": torch.nn.functional.unfold,
    "col2im": torch.nn.functional.fold,
    "getitem": lambda x, i: x[i],
    "fill_diagonal": lambda x, *rest: x.clone().fill_diagonal_(*rest),
    "view": lambda x, *sizes: x.view(*sizes),
    "expand": lambda x, *sizes: x.expand(*sizes),
    "repeat": lambda x, *times: x.repeat(*times),
    "floor_divide": lambda x, y: x.detach() // (y.detach() if isinstance(y, torch.Tensor) else y),
    "std": lambda x, dim=None, **rest: torch.std(x, dim, **rest),
    "var": lambda x, dim=None, **rest: torch.var(x, dim, **rest),
}

DTYPES = {"float64": (1e-12, 1e-12), "float32": (3e-5, 3e-6)}


def find(name: str) -> Callable[..., Any]:
    """PyTorch's function of that name."""
    if name in ADAPTED:
        return ADAPTED[name]
    for module in (torch.nn.functional, torch, torch.Tensor):
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(name)


def build(value: Any, module: Any, dtype: str, rng: np.random.Generator, leaves: list[Any]) -> Any:
    """An argument for one of the two packages; Tensors of random numbers are noted in `leaves`."""
    if isinstance(value, R):
        array = np.asarray(rng.uniform(value.low, value.high, value.shape)).astype(dtype)
        leaf = module.tensor(array, requires_grad=True)
        leaves.append(leaf)
        return leaf
    if isinstance(value, C):
        array = np.array(value.data)
        return module.tensor(array.astype(value.dtype or (dtype if array.dtype.kind == "f" else array.dtype)))
    if isinstance(value, list) and any(isinstance(v, (R, C)) for v in value):
        return [build(v, module, dtype, rng, leaves) for v in value]
    return value


def run(function: Callable[..., Any], module: Any, case: Call, dtype: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Outputs, their requires_grad, and the gradients of the random inputs."""
    rng, leaves = np.random.default_rng(0), []
    args = [build(a, module, dtype, rng, leaves) for a in case.args]
    kwargs = {k: build(v, module, dtype, rng, leaves) for k, v in case.kwargs}
    if "dtype" in kwargs:
        kwargs["dtype"] = getattr(module, kwargs["dtype"])
    out = function(*args, **kwargs)
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    joined = [o for o in outs if o.requires_grad]
    gradients: list[Any] = [None] * len(leaves)
    if joined:
        seeds = []
        for o in joined:
            numbers = np.cos(np.arange(o.numel()) + 0.5).reshape(tuple(o.shape))
            seeds.append(module.tensor(numbers.astype(str(o.dtype).removeprefix("torch."))))
        found = module.autograd.grad if module is torch else autograd.grad
        gradients = list(found(joined, leaves, seeds, allow_unused=True))
    return outs, [o.requires_grad for o in outs], gradients


def check(ours: Any, theirs: Any, dtype: str, what: str) -> None:
    rtol, atol = DTYPES["float32" if ours.dtype == autograd.float32 else dtype]
    assert str(ours.dtype) == str(theirs.dtype).removeprefix("torch."), f"dtype of {what}"
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert a.shape == b.shape, f"shape of {what}"
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=what)


ALL = [(name, k) for name, calls in CASES.items() for k in range(len(calls))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "k"), ALL)
@pytest.mark.filterwarnings("ignore")  # PyTorch's own deprecations, and numbers that are not there (empty means)
def test_same_as_torch(name: str, k: int, dtype: str) -> None:
    case = CASES[name][k]
    theirs, their_needs, their_gradients = run(find(name), torch, case, dtype)
    ours, our_needs, our_gradients = run(getattr(autograd, name), autograd, case, dtype)
    assert len(ours) == len(theirs)
    for position, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        check(a, b, dtype, f"output {position}")
    assert our_needs == their_needs, "requires_grad of the outputs"
    for position, (a, b) in enumerate(zip(our_gradients, their_gradients, strict=True)):
        if a is None or b is None:
            assert (a is None or not a.numpy().any()) and (b is None or not b.numpy().any())
        else:
            check(a, b, dtype, f"gradient {position}")


def test_nothing_public_is_left_uncompared() -> None:
    public = {
        name
        for name in autograd.__all__
        if inspect.isfunction(getattr(autograd, name)) or inspect.isbuiltin(getattr(autograd, name))
    }
    entries = {name.split("/")[0].rsplit(".", 1)[-1] for name in compare.database() if compare.ours(name) is not None}
    aliases = {name for name in public if getattr(autograd, name).__name__ in public - {name}}
    assert public - set(CASES) - set(NOT_COMPARED) - entries - aliases == set()
    assert set(CASES) & set(NOT_COMPARED) == set()
    assert {name for name in NOT_COMPARED if name != "default_generator"} <= public | {"draw", "save", "load"}
    assert set(CASES) <= public


def test_aliases_are_pytorchs() -> None:
    """What is one function under two names here is so in PyTorch too: the same documentation, or the same numbers."""
    x, y = torch.tensor([0.25, 0.5, -0.75]), torch.tensor([0.5, -0.25, 1.5])
    compared = 0
    for name in autograd.__all__:
        function = getattr(autograd, name)
        original = getattr(torch, function.__name__, None) if inspect.isfunction(function) else None
        if original is None or function.__name__ == name or not hasattr(torch, name):
            continue
        for arguments in ((x,), (x, y)):
            try:
                expected = original(*arguments)
            except (TypeError, RuntimeError):
                continue
            np.testing.assert_array_equal(getattr(torch, name)(*arguments).numpy(), expected.numpy(), err_msg=name)
            compared += 1
    assert compared > 15


def test_every_tensor_method_of_an_operation_gives_what_the_function_gives() -> None:
    """Methods and functions of one name agree on the first cases that have a Tensor first."""
    skipped = {"tensor", "getitem", "where", "zeros_like", "ones_like", "full_like", "meshgrid", "as_tensor"}
    compared = 0
    for name, calls in CASES.items():
        method = getattr(autograd.Tensor, name, None)
        if method is None or name in skipped:
            continue
        for case in calls[:4]:
            if "dtype" in dict(case.kwargs):
                continue
            with np.errstate(all="ignore"):
                ours, _, gradients = run(getattr(autograd, name), autograd, case, "float64")
                others, _, same = run(method, autograd, case, "float64")
            for a, b in zip([*ours, *gradients], [*others, *same], strict=True):
                assert (a is None and b is None) or np.array_equal(
                    a.detach().numpy(), b.detach().numpy(), equal_nan=True
                )
            compared += 1
    assert compared > 200


def test_multiclass_hinge_loss_is_multi_margin_loss_times_the_number_of_classes() -> None:
    rng = np.random.default_rng(0)
    scores, target = rng.normal(size=(4, 5)), np.array([0, 4, 2, 2])
    for margin in (1.0, 0.3):
        x = torch.tensor(scores, requires_grad=True)
        theirs = 5 * torch.nn.functional.multi_margin_loss(x, torch.tensor(target), margin=margin)
        theirs.backward()
        y = autograd.tensor(scores, requires_grad=True)
        ours = autograd.multiclass_hinge_loss(y, autograd.tensor(target), margin)
        ours.backward()
        np.testing.assert_allclose(ours.item(), theirs.item(), rtol=1e-12)
        np.testing.assert_allclose(y.grad.numpy(), x.grad.numpy(), rtol=1e-12)


def test_running_estimates_of_batch_norm() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 3, 2))
    answers = []
    for module, function in ((torch, torch.nn.functional.batch_norm), (autograd, autograd.batch_norm)):
        mean, var = module.tensor(np.array([0.1, 0.2, 0.3])), module.tensor(np.array([1.0, 2.0, 3.0]))
        function(module.tensor(x), mean, var, training=True, momentum=0.3)
        answers.append((mean.numpy(), var.numpy()))
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-13)


# Calls that PyTorch refuses; ours must refuse them too, with an error of its own.
REFUSED: dict[str, list[Call]] = {
    "add": [call(R((2, 3)), R((2,)))],
    "matmul": [call(R((2, 3)), R((2, 3))), call(R(()), R((2,))), call(R((2, 3)), R((4, 3, 2, 2)))],
    "mm": [call(R((2, 3)), R((3,)))],
    "bmm": [call(R((2, 2, 3)), R((3, 3, 2)))],
    "dot": [call(R((2,)), R((3,)))],
    "linear": [call(R((2, 3)), R((4, 2))), call(R((2, 3)), R((4, 3)), R((3,)))],
    "sum": [call(R((2, 3)), 2), call(R((2, 3)), (0, 0)), call(R((2, 3)), -3)],
    "mean": [call(C([1, 2]))],
    "amax": [call(R((0, 2)), 0)],
    "max": [call(R((0, 2)), 0)],
    "argmax": [call(R((0,)))],
    "softmax": [call(R((2, 3)), 2)],
    "cumsum": [call(R((2, 3)), 2)],
    "reshape": [call(R((2, 3)), (4,)), call(R((2, 3)), (-1, 4)), call(R((2, 3)), (-1, -1))],
    "permute": [call(R((2, 3)), (0,)), call(R((2, 3)), (0, 0))],
    "transpose": [call(R((2, 3)), 0, 2)],
    "movedim": [call(R((2, 3)), (0, 1), (0,))],
    "unsqueeze": [call(R((2, 3)), 4)],
    "expand": [call(R((2, 3)), 2, 4), call(R((2, 3)), 3)],
    "repeat": [call(R((2, 3)), 2)],
    "cat": [call([R((2, 3)), R((3, 2))]), call([R((2,)), R((2, 2))])],
    "stack": [call([R((2,)), R((3,))])],
    "split": [call(R((5,)), [2, 2])],
    "chunk": [call(R((5,)), 0)],
    "pad": [call(R((2,)), (1, 1, 1, 1)), call(R((2,)), (-2, -2))],
    "tril": [call(R((3,)))],
    "one_hot": [call(C([0, 3]), 2), call(C([-1])), call(C([0.5]))],
    "gather": [call(R((2, 3)), 1, C([[3]])), call(R((2, 3)), 1, C([0])), call(R((2, 3)), 2, C([[0]]))],
    "getitem": [call(R((2, 3)), 2), call(R((2, 3)), (0, 0, 0)), call(R((2, 3)), C([5]))],
    "conv2d": [
        call(R((1, 2, 4, 4)), R((1, 3, 2, 2))),
        call(R((1, 2, 2, 2)), R((1, 2, 3, 3))),
        call(R((1, 3, 4, 4)), R((2, 1, 2, 2)), groups=2),
        call(IMAGES, R((6, 4, 3, 2)), R((5,))),
        call(IMAGES, R((6, 4, 2, 2)), None, 2, "same"),
        call(IMAGES, R((6, 4, 2, 2)), None, 0),
    ],
    "max_pool2d": [call(R((1, 1, 2, 2)), 3), call(IMAGES, 2, 1, 2), call(R((2, 2)), 2)],
    "avg_pool2d": [call(R((1, 1, 2, 2)), 3), call(IMAGES, 2, 1, 2), call(IMAGES, 2, divisor_override=0)],
    "batch_norm": [
        call(R((1, 3)), None, None, None, None, True),
        call(R((4, 3)), None, None, R((2,)), None, True),
        call(R((4, 3))),
    ],
    "nll_loss": [call(BATCH, C([0, 1])), call(BATCH, C([0, 1, 2, 5])), call(BATCH, CLASSES, reduction="all")],
    "cross_entropy": [call(BATCH, C([0, 1])), call(BATCH, C([0, 1, 2, 5])), call(BATCH, CLASSES, label_smoothing=2.0)],
    "multi_margin_loss": [call(BATCH, CLASSES, 3), call(BATCH, C([0, 1])), call(BATCH, C([0, 1, 2, 5]))],
    "binary_cross_entropy_with_logits": [call(R((2, 3)), R((3,)))],
    "logsumexp": [call(R((2, 3)), 2)],
    "norm": [call(R((2, 3)), 2, 2), call(C([1, 2]))],
    "clamp": [call(R((2, 3)))],
    "tensor": [call([[1, 2], [3]]), call("a")],
    "arange": [call(0, 5, 0), call(0, 5, -1)],
}


@pytest.mark.parametrize(("name", "k"), [(name, k) for name, calls in REFUSED.items() for k in range(len(calls))])
def test_refused_by_both(name: str, k: int) -> None:
    case = REFUSED[name][k]
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError, NotImplementedError)):
        run(find(name), torch, case, "float64")
    with pytest.raises(ChainruleError) as caught:
        run(getattr(autograd, name), autograd, case, "float64")
    assert len(str(caught.value)) > 20
