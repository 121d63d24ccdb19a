"""Products of several tensors over chosen dimensions: einsum, tensordot, Kronecker and cross products."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..composites import composite
from ..errors import ArgumentError, ShapeError
from ..primitive import Handle, Sample, as_handle, check_broadcast, op
from .dims import normalize_dim
from .families import values
from .products import matmul, same_dtype

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["chain_matmul", "cross", "einsum", "inner", "kron", "tensordot", "vdot"]

Operand = Any
Shapes = tuple[tuple[int, ...], ...]


# --- einsum
#
# An equation becomes lists of labels, one label for each dimension. Letters are labels as they are; the dimensions
# that an ellipsis stands for are numbered from the back: -1, -2, ...


def _labels(name: str, term: str, ndim: int | None) -> tuple[list[Any], int]:
    """The labels of one term, and for how many dimensions its ellipsis stands (of an output: not known)."""
    term = term.replace(" ", "")
    if term.count(".") not in (0, 3) or (term.count(".") == 3 and "..." not in term):
        raise ArgumentError(f"{name}: {term!r} has dots that are no ellipsis; write '...' once")
    before, _, after = term.partition("...")
    letters = before + after
    if not all(c.isascii() and c.isalpha() for c in letters):
        raise ArgumentError(f"{name}: {term!r} has something that is no letter; use a to z and A to Z")
    hidden = 0
    if "..." in term and ndim is not None:
        hidden = ndim - len(letters)
    if ndim is not None and (hidden < 0 or ("..." not in term and len(letters) != ndim)):
        raise ShapeError(f"{name}: {term!r} does not fit an operand of {ndim} dimensions; give a letter for each")
    middle: list[Any] = list(range(-hidden, 0)) if ndim is not None else ["..."] * ("..." in term)
    return [*before, *middle, *after], hidden


def _parse(equation: str, shapes: Shapes) -> tuple[list[list[Any]], list[Any]]:
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ArgumentError(f"einsum: {equation!r} has {len(terms)} terms for {len(shapes)} operands")
    parsed = [_labels("einsum", term, len(shape)) for term, shape in zip(terms, shapes, strict=True)]
    inputs, most = [p for p, _ in parsed], max(h for _, h in parsed)
    if arrow:
        output, _ = _labels("einsum", right, None)
        if "..." in output:
            place = output.index("...")
            output = [*output[:place], *range(-most, 0), *output[place + 1 :]]
    else:
        flat = [label for labels in inputs for label in labels if isinstance(label, str)]
        output = [*range(-most, 0), *sorted(label for label in set(flat) if flat.count(label) == 1)]
    known = {label for labels in inputs for label in labels}
    for label in output:
        if label not in known or output.count(label) > 1:
            raise ArgumentError(f"einsum: output label {label!r} of {equation!r} must be in one input, and here once")
    return inputs, output


def _from_sublists(operands: Sequence[Any]) -> tuple[str, list[Any]]:
    """The equation and the operands, out of operands each followed by its list of numbers or Ellipsis."""

    def term(numbers: Any) -> str:
        if not isinstance(numbers, (list, tuple)):
            raise ArgumentError(f"einsum: each operand must be followed by a list of numbers, not by {numbers!r:.80}")
        letters = []
        for n in numbers:
            if n is Ellipsis:
                letters.append("...")
            elif isinstance(n, (int, np.integer)) and 0 <= n < 52:
                letters.append(chr((ord("A") if n < 26 else ord("a") - 26) + int(n)))
            else:
                raise ArgumentError(f"einsum: {n!r} in a list of dimensions; use numbers from 0 to 51, or Ellipsis")
        return "".join(letters)

    pairs = len(operands) // 2
    equation = ",".join(term(operands[2 * k + 1]) for k in range(pairs))
    if len(operands) % 2:
        equation += "->" + term(operands[-1])
    return equation, list(operands[0 : 2 * pairs : 2])


def _sizes(equation: str, shapes: Shapes, inputs: list[list[Any]]) -> dict[Any, int]:
    sizes: dict[Any, int] = {}
    for shape, labels in zip(shapes, inputs, strict=True):
        for label, size in zip(labels, shape, strict=True):
            held = sizes.get(label, 1)
            if held != size and 1 not in (held, size):
                raise ShapeError(
                    f"einsum: label {label!r} of {equation!r} has sizes {held} and {size} "
                    f"(operands {', '.join(map(str, shapes))}); "
                    "they must be equal, or 1"
                )
            sizes[label] = size if held == 1 else held
    return sizes


def _without_repeats(x: Any, labels: list[Any]) -> tuple[Any, list[Any]]:
    """The diagonal over every label that an operand has twice."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            n = x.shape[i]
            if x.shape[j] != n:
                raise ShapeError(f"einsum: label {label!r} has sizes {n} and {x.shape[j]} in one operand {x.shape}")
            rest = [d for d in range(x.ndim) if d not in (i, j)]
            x = op.permute.apply(x, (*rest, i, j))
            x = x.reshape(*x.shape[:-2], n * n)[..., :: n + 1]
            labels = [*(labels[d] for d in rest), label]
    return x, labels


def _arranged(x: Any, labels: list[Any], order: Sequence[Any]) -> Any:
    """x with its dimensions in the order of `order`, and size 1 where it lacks one."""
    present = [label for label in order if label in labels]
    if [labels.index(label) for label in present] != list(range(len(labels))):
        x = op.permute.apply(x, tuple([labels.index(label) for label in present]))
    if len(present) == len(order):
        return x
    return op.reshape.apply(x, tuple([x.shape[present.index(label)] if label in present else 1 for label in order]))


def _contract(x: Any, a: list[Any], y: Any, b: list[Any], kept: set[Any]) -> tuple[Any, list[Any]]:
    """The product of two operands, summed over the labels of both that are not kept, as one batched matmul."""
    shared = [label for label in a if label in b]
    size_x = dict(zip(a, x.shape, strict=True))
    size_y = dict(zip(b, y.shape, strict=True))
    # A label of size 1 on one side is broadcast there; it cannot be summed by the product.
    summed = [label for label in shared if label not in kept and size_x[label] == size_y[label]]
    odd = [label for label in shared if label not in kept and size_x[label] != size_y[label]]
    batch = [label for label in shared if label in kept]
    left = [label for label in a if label not in b] + [label for label in odd if size_y[label] == 1]
    right = [label for label in b if label not in a] + [label for label in odd if size_x[label] == 1]
    a_order = [*batch, *left, *summed]
    b_order = [*batch, *summed, *right]
    x, y = _squeezed(x, a, a_order), _squeezed(y, b, b_order)
    if not summed:
        x = _arranged(x, a_order, [*batch, *left, *right])
        y = _arranged(y, b_order, [*batch, *left, *right])
        out = op.mul.apply(x, y)
        return out, [*batch, *left, *right]
    inner = math.prod(size_x[label] for label in summed)
    rows, cols = math.prod(size_x[label] for label in left), math.prod(size_y[label] for label in right)
    batch_x, batch_y = x.shape[: len(batch)], y.shape[: len(batch)]
    out = op.matmul.apply(x.reshape(*batch_x, rows, inner), y.reshape(*batch_y, inner, cols))
    shape = [*out.shape[: len(batch)], *(size_x[label] for label in left), *(size_y[label] for label in right)]
    return op.reshape.apply(out, tuple(shape)), [*batch, *left, *right]


def _squeezed(x: Any, labels: list[Any], order: list[Any]) -> Any:
    """x in the order of its labels in `order`; those that are not there, of size 1, are dropped."""
    gone = [d for d, label in enumerate(labels) if label not in order]
    if gone:
        x = x.reshape(*(size for d, size in enumerate(x.shape) if d not in gone))
        labels = [label for label in labels if label in order]
    return _arranged(x, labels, order)


def _summed(x: Any, labels: list[Any], kept: set[Any]) -> tuple[Any, list[Any]]:
    """Sum over the labels that nothing else has."""
    dims = tuple([d for d, label in enumerate(labels) if label not in kept])
    if not dims:
        return x, labels
    return op.sum.apply(x, dims, False), [label for label in labels if label in kept]


def _path(inputs: list[list[Any]], output: list[Any], sizes: dict[Any, int]) -> list[tuple[int, ...]]:
    """In which order to contract, as pairs of positions."""
    if len(inputs) <= 2:
        return [(0, 1)] if len(inputs) == 2 else []
    numbers = {label: k for k, label in enumerate(sizes)}
    in_turn: list[tuple[int, ...]] = [(0, 1)] * (len(inputs) - 1)
    if len(numbers) > 50 or 0 in sizes.values():
        return in_turn
    operands: list[Any] = []
    for labels in inputs:
        shape = tuple([sizes[label] for label in labels])
        operands += [np.broadcast_to(np.zeros(()), shape), [numbers[label] for label in labels]]
    path = np.einsum_path(*operands, [numbers[label] for label in output], optimize="greedy")[0][1:]
    if any(len(step) != 2 for step in path[:-1]):
        return in_turn
    return [tuple(sorted(step)) for step in path[:-1]] + in_turn[: len(path[-1]) - 1]


@functools.lru_cache(maxsize=256)
def _plan(equation: str, shapes: Shapes) -> tuple[tuple[tuple[Any, ...], ...], tuple[Any, ...], tuple[Any, ...]]:
    """The labels of the operands and of the output, and in which order to contract."""
    inputs, output = _parse(equation, shapes)
    pairs = _path(inputs, output, _sizes(equation, shapes, inputs))
    return tuple(map(tuple, inputs)), tuple(output), tuple(pairs)


def _einsum_samples(rng: np.random.Generator) -> list[Sample]:
    cases: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
        ("ij,jk->ik", ((2, 3), (3, 2))),
        ("bij,bjk", ((2, 2, 3), (2, 3, 2))),
        ("ii->i", ((3, 3),)),
        ("ii", ((3, 3),)),
        ("i,j,k->ijk", ((2,), (3,), (2,))),
        ("...ij,...jk->...ik", ((2, 1, 2, 3), (2, 3, 2))),
        ("ij,kj->ik", ((2, 3), (2, 1))),
        ("ij->", ((2, 3),)),
        ("abc,cd,db->a", ((2, 3, 2), (2, 2), (2, 3))),
        ("ij,jk", ((2, 0), (0, 3))),
    ]
    return [Sample((equation, *(values(rng, s) for s in shapes))) for equation, shapes in cases]


@composite(
    formula="sums of products over labelled dimensions",
    samples=_einsum_samples,
    reference=lambda equation, *operands: np.einsum(equation, *operands),
    error_samples=lambda rng: [
        Sample(("ij,jk", values(rng, (2, 3)), values(rng, (2, 3))), (), ShapeError, "sizes 3 and 2"),
        Sample(("ij", values(rng, (2,))), (), ShapeError, "give a letter for each"),
        Sample(("ij->k", values(rng, (2, 2))), (), ArgumentError, "output label 'k'"),
        Sample(("ij,jk", values(rng, (2, 2))), (), ArgumentError, "2 terms for 1 operands"),
        Sample(("i1", values(rng, (2, 2))), (), ArgumentError, "no letter"),
    ],
)
def einsum(*args: Any) -> Tensor:
    """Sums of products over labelled dimensions: "ij,jk->ik" is the product of two matrices.

    Each operand has a term with a letter for each dimension; a letter that is not in the output is summed over, one
    that an operand has twice takes its diagonal, and "..." stands for any dimensions, which broadcast. Without "->"
    the output has, in alphabetical order, the letters that occur once. Operands are contracted in pairs, each as one
    batched matrix product, in the order of `numpy.einsum_path`.

    Args:
        args: the equation and the operands (or a list of them); or each operand followed by its list of numbers from
            0 to 51 or Ellipsis, and at the end, if wanted, that of the output.

    Returns:
        A Tensor.

    Raises:
        ArgumentError: the equation is wrong.
        ShapeError: it does not fit the operands.

    Example:
        >>> x = autograd.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> autograd.einsum("ij,j->i", x, autograd.tensor([1.0, 1.0]))
        tensor([3., 7.])
        >>> autograd.einsum(x, [0, 0], [])
        tensor(5.)
    """
    if len(args) < 2:
        raise ArgumentError("einsum: give an equation and at least one operand")
    if isinstance(args[0], str):
        equation, given = args[0], list(args[1:])
        if len(given) == 1 and isinstance(given[0], (list, tuple)):
            given = list(given[0])
    else:
        equation, given = _from_sublists(args)
    operands = [as_handle(x, "einsum") for x in given]
    same_dtype("einsum", **{f"operand {k}": x for k, x in enumerate(operands)})
    terms, output, pairs = _plan(equation, tuple([x.shape for x in operands]))
    inputs = [list(labels) for labels in terms]
    for k, x in enumerate(operands):
        operands[k], inputs[k] = _without_repeats(x, inputs[k])
    for step in [*pairs, None]:
        for k in range(len(operands)):
            others = set(output).union(*(labels for j, labels in enumerate(inputs) if j != k))
            operands[k], inputs[k] = _summed(operands[k], inputs[k], others)
        if step is None:
            break
        i, j = step
        y, b = operands.pop(j), inputs.pop(j)
        x, a = operands.pop(i), inputs.pop(i)
        out, labels = _contract(x, a, y, b, set(output).union(*inputs))
        operands.append(out)
        inputs.append(labels)
    out = _arranged(operands[0], inputs[0], output)
    return out.clone() if out is given[0] else out


# --- sums of products over dimensions at the ends


@composite(
    formula="sum over pairs of dimensions of x_..i.. y_..i..",
    samples=lambda rng: [
        Sample((values(rng, (2, 3, 4)), values(rng, (3, 4, 2))), (2,)),
        Sample((values(rng, (2, 3)), values(rng, (2,))), (((0,), (0,)),)),
        Sample((values(rng, (2,)), values(rng, (3,))), (0,)),
    ],
    reference=lambda a, b, dims: np.tensordot(a, b, dims),
    error_samples=lambda rng: [
        Sample((values(rng, (2, 3)), values(rng, (2, 3))), (1,), ShapeError, "sizes 3 and 2"),
        Sample((values(rng, (2, 3)), values(rng, (2, 3))), (3,), ArgumentError, "dims is 3"),
    ],
)
def tensordot(a: Operand, b: Operand, dims: Any = 2) -> Tensor:
    """Sum the products of two Tensors over several dimensions of each.

    Args:
        a, b: Tensors of one dtype.
        dims: how many of the last dimensions of a meet the first ones of b; or two lists of dimensions.

    Returns:
        A Tensor with the remaining dimensions of a, then those of b.

    Raises:
        ArgumentError: there are no such dimensions.
        ShapeError: the sizes of two dimensions that meet differ.

    Example:
        >>> autograd.tensordot(autograd.ones(2, 3, 4), autograd.ones(3, 4, 5), dims=2).shape
        (2, 5)
    """
    x, y = as_handle(a, "tensordot"), as_handle(b, "tensordot")
    same_dtype("tensordot", a=x, b=y)
    if isinstance(dims, Handle):
        dims = dims._array.tolist()
    if isinstance(dims, (int, np.integer)):
        if not 0 <= dims <= min(x.ndim, y.ndim):
            raise ArgumentError(f"tensordot: dims is {dims} for a {x.shape} and b {y.shape}; use 0 or more of both")
        pairs = (range(x.ndim - dims, x.ndim), range(dims))
    elif isinstance(dims, (tuple, list)) and len(dims) == 2:
        pairs = tuple([d] if isinstance(d, (int, np.integer)) else d for d in dims)  # type: ignore[assignment]
    else:
        raise ArgumentError(f"tensordot: dims is {dims!r}; use a number, or two lists of dimensions")
    of_x = [normalize_dim("tensordot", d, x.ndim) for d in pairs[0]]
    of_y = [normalize_dim("tensordot", d, y.ndim) for d in pairs[1]]
    if len(of_x) != len(of_y) or len(set(of_x)) != len(of_x) or len(set(of_y)) != len(of_y):
        raise ArgumentError(f"tensordot: dims {dims!r} must name as many dimensions of a as of b, each once")
    for i, j in zip(of_x, of_y, strict=True):
        if x.shape[i] == 1:
            y = op.sum.apply(y, (j,), True)
        elif y.shape[j] == 1:
            x = op.sum.apply(x, (i,), True)
        if x.shape[i] != y.shape[j]:
            raise ShapeError(
                f"tensordot: dimension {i} of a {x.shape} and {j} of b {y.shape} have sizes {x.shape[i]} and "
                f"{y.shape[j]}; they must be equal, or 1"
            )
    rest_x = [d for d in range(x.ndim) if d not in of_x]
    rest_y = [d for d in range(y.ndim) if d not in of_y]
    inner = math.prod(x.shape[d] for d in of_x)
    shape = [x.shape[d] for d in rest_x] + [y.shape[d] for d in rest_y]
    rows, cols = math.prod(x.shape[d] for d in rest_x), math.prod(y.shape[d] for d in rest_y)
    left = op.permute.apply(x, (*rest_x, *of_x)).reshape(rows, inner)
    right = op.permute.apply(y, (*of_y, *rest_y)).reshape(inner, cols)
    return op.reshape.apply(op.matmul.apply(left, right), tuple(shape))


@composite(
    formula="sum over the last dimension of x y",
    samples=lambda rng: [
        Sample((values(rng, (3,)), values(rng, (3,)))),
        Sample((values(rng, (2, 3)), values(rng, (2, 2, 3)))),
        Sample((values(rng, ()), values(rng, (2,)))),
    ],
    reference=lambda a, b: np.inner(a, b),
    error_samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (3,))), (), ShapeError, "last sizes")],
)
def inner(input: Operand, other: Operand) -> Tensor:
    """Sum the products over the last dimensions of both: for vectors the dot product.

    Args:
        input, other: Tensors of one dtype with equal last sizes; with a 0-d Tensor it is a plain product.

    Returns:
        A Tensor of shape `input.shape[:-1] + other.shape[:-1]`.

    Raises:
        ShapeError: the last sizes differ.

    Example:
        >>> autograd.inner(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0]))
        tensor(11.)
    """
    x, y = as_handle(input, "inner"), as_handle(other, "inner")
    if x.ndim == 0 or y.ndim == 0:
        return op.mul.apply(x, y)
    if x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"inner: the last sizes of {x.shape} and {y.shape} differ; make them equal")
    return tensordot(x, y, ([x.ndim - 1], [y.ndim - 1]))


@composite(
    formula="sum_i x_i y_i",
    samples=lambda rng: [Sample((values(rng, (3,)), values(rng, (3,))))],
    reference=lambda a, b: np.vdot(a, b),
    error_samples=lambda rng: [Sample((values(rng, (2,)), values(rng, (3,))), (), ShapeError, "vdot")],
)
def vdot(input: Operand, other: Operand) -> Tensor:
    """The dot product of two vectors: `sum(x_i y_i)`; of real numbers the same as `dot`.

    Example:
        >>> autograd.vdot(autograd.tensor([1.0, 2.0]), autograd.tensor([3.0, 4.0]))
        tensor(11.)
    """
    x, y = as_handle(input, "vdot"), as_handle(other, "vdot")
    if x.ndim != 1 or y.ndim != 1 or x.shape != y.shape:
        raise ShapeError(f"vdot: {x.shape} and {y.shape} must be vectors of one length")
    same_dtype("vdot", input=x, other=y)
    return matmul(x, y)


@composite(
    formula="each number of x times all of y, in blocks",
    samples=lambda rng: [
        Sample((values(rng, a), values(rng, b)))
        for a, b in (((2, 2), (3, 2)), ((2,), (2, 3)), ((2, 1, 2), (2,)), ((), (2,)))
    ],
    reference=lambda a, b: np.kron(a, b),
)
def kron(input: Operand, other: Operand) -> Tensor:
    """The Kronecker product: every number of `input` times all of `other`, side by side.

    Args:
        input, other: Tensors; the one of fewer dimensions gets leading ones.

    Returns:
        A Tensor whose sizes are the products of theirs.

    Example:
        >>> autograd.kron(autograd.tensor([1.0, 10.0]), autograd.tensor([1.0, 2.0]))
        tensor([ 1.,  2., 10., 20.])
    """
    x, y = as_handle(input, "kron"), as_handle(other, "kron")
    ndim = max(x.ndim, y.ndim)
    a, b = (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - y.ndim) + y.shape
    wide = op.reshape.apply(x, tuple([size for n in a for size in (n, 1)]))
    tiled = op.reshape.apply(y, tuple([size for n in b for size in (1, n)]))
    return op.reshape.apply(op.mul.apply(wide, tiled), tuple([m * n for m, n in zip(a, b, strict=True)]))


def cross_along(name: str, input: Operand, other: Operand, dim: int | None) -> Any:
    """The cross product along `dim`; along the first dimension of size 3 for None."""
    x, y = as_handle(input, name), as_handle(other, name)
    if x.ndim != y.ndim:
        raise ShapeError(f"{name}: {x.shape} and {y.shape} have different numbers of dimensions; make them equal")
    check_broadcast(name, {"input": x._array, "other": y._array})
    if dim is None:
        found = [d for d, size in enumerate(x.shape) if size == 3]
        if not found:
            raise ShapeError(f"{name}: no dimension of {x.shape} has size 3")
        dim = found[0]
    dim = normalize_dim(name, dim, x.ndim)
    if x.ndim == 0 or x.shape[dim] != 3 or y.shape[dim] != 3:
        raise ShapeError(f"{name}: dimension {dim} of {x.shape} and {y.shape} must have size 3")
    same_dtype(name, input=x, other=y)

    def turned(v: Any, by: int) -> Any:
        return op.roll.apply(v, (by,), (dim,))

    return turned(x, -1) * turned(y, -2) - turned(x, -2) * turned(y, -1)


def _cross_samples(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample((values(rng, (2, 3)), values(rng, (2, 3))), keywords={"dim": 1}),
        Sample((values(rng, (1, 3, 2)), values(rng, (2, 3, 2))), keywords={"dim": 1}),
    ]


@composite(
    formula="(x_2 y_3 - x_3 y_2, x_3 y_1 - x_1 y_3, x_1 y_2 - x_2 y_1)",
    samples=_cross_samples,
    reference=lambda a, b, dim: np.cross(a, b, axis=dim),
    error_samples=lambda rng: [Sample((values(rng, (2, 2)), values(rng, (2, 2))), (), ShapeError, "size 3")],
)
def cross(input: Operand, other: Operand, dim: int | None = None) -> Tensor:
    """The cross product of vectors of three numbers.

    Args:
        input, other: Tensors of as many dimensions, which broadcast.
        dim: the dimension of size 3 that is the vector; the first such, unless given.

    Raises:
        ShapeError: the shapes do not fit, or there is no such dimension.

    Example:
        >>> autograd.cross(autograd.tensor([1.0, 0.0, 0.0]), autograd.tensor([0.0, 1.0, 0.0]))
        tensor([0., 0., 1.])
    """
    return cross_along("cross", input, other, dim)


# --- chains of matrices


def chained(name: str, factors: list[Any]) -> Any:
    """The product of matrices in the order that takes the fewest multiplications."""
    for k, x in enumerate(factors):
        if x.ndim != 2:
            raise ShapeError(f"{name}: tensor {k} {x.shape} is no matrix")
        if k and factors[k - 1].shape[1] != x.shape[0]:
            raise ShapeError(
                f"{name}: tensor {k - 1} {factors[k - 1].shape} has {factors[k - 1].shape[1]} columns, and tensor {k} "
                f"{x.shape} has {x.shape[0]} rows; make them equal"
            )
    same_dtype(name, **{f"tensor {k}": x for k, x in enumerate(factors)})
    sizes = [factors[0].shape[0], *(x.shape[1] for x in factors)]
    count = len(factors)
    cost = [[0.0] * count for _ in range(count)]
    cut = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            choices = [(cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i][j], cut[i][j] = min(choices)

    def product(i: int, j: int) -> Any:
        if i == j:
            return factors[i]
        return op.matmul.apply(product(i, cut[i][j]), product(cut[i][j] + 1, j))

    return product(0, count - 1)


def _chain_samples(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(tuple(values(rng, s) for s in shapes))
        for shapes in (((2, 3), (3, 2)), ((2, 3), (3, 1), (1, 2), (2, 2)), ((2, 0), (0, 2)))
    ]


@composite(
    formula="x y z ...",
    samples=_chain_samples,
    reference=lambda *m: np.linalg.multi_dot(m),
    error_samples=lambda rng: [Sample((values(rng, (2, 3)), values(rng, (2, 3))), (), ShapeError, "3 columns")],
)
def chain_matmul(*matrices: Operand) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications.

    Args:
        matrices: of one dtype, each with as many rows as the one before has columns.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> autograd.chain_matmul(autograd.ones(2, 3), autograd.ones(3, 4), autograd.ones(4, 1)).shape
        (2, 1)

    Source: T. H. Cormen and others, Introduction to Algorithms, the matrix-chain problem.
    """
    if not matrices:
        raise ArgumentError("chain_matmul: give at least one matrix")
    factors = [as_handle(x, "chain_matmul") for x in matrices]
    out = chained("chain_matmul", factors)
    return out.clone() if len(factors) == 1 else out
