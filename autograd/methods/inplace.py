"""The methods of Tensor that change it in place, in memory and in the graph.

While operations are recorded, a change of a tensor that is part of a graph is a new operation: what the tensor was is
an input of the node that the tensor leads to from now on. Where the tensor is a view, the whole has changed too, and
with the whole every other view of it, so each of them is led to a node that says so.

What cannot be right is refused: a leaf that requires grad, whose gradient would be that of numbers which are gone;
and a rule whose saved array has been changed finds that out when the sweep comes to it (see `graph.Node.pull`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, ops
from ..errors import DtypeError, InPlaceError, ShapeError
from ..graph import local, target_of
from ..ops import arithmetic, reduce, views
from ..ops import index as index_ops
from ..primitive import Handle, as_handle, join_graph, make, op, version_cell

if TYPE_CHECKING:
    from ..tensor import Tensor

__all__ = ["InPlace"]


def _becoming(name: str) -> Callable[..., Any]:
    """The method that overwrites a tensor with what the function of the name gives for it."""

    def method(self: Handle, *arguments: Any, **keywords: Any) -> Any:
        return become(self, f"{name}_", getattr(ops, name), *arguments, **keywords)

    method.__name__ = f"{name}_"
    method.__doc__ = f"`autograd.{name}` in place: the tensor becomes the result, which must have its shape and dtype."
    return method


class InPlace(Handle):
    """Changes in place."""

    __slots__ = ()

    def __iadd__(self, other: Any) -> Tensor:
        return _update(self, "+=", np.add, arithmetic.add, other)

    def __isub__(self, other: Any) -> Tensor:
        return _update(self, "-=", np.subtract, arithmetic.sub, other)

    def __imul__(self, other: Any) -> Tensor:
        return _update(self, "*=", np.multiply, arithmetic.mul, other)

    def __itruediv__(self, other: Any) -> Tensor:
        return _update(self, "/=", np.true_divide, arithmetic.div, other)

    def __setitem__(self, where: Any, value: Any) -> None:
        if joins(self, value):
            _assign_in_graph(self, where, value)
            return
        guard(self, "item assignment", value)
        array = _representable(self, "item assignment", value)
        pattern, indices = index_ops.encode(where, self.shape)
        try:
            index_ops.write(self._array, array, pattern, indices)
        except ValueError:
            raise _unassignable(self, index_ops.pick(self._array, pattern, indices).shape, array) from None
        version_cell(self)[0] += 1

    def add_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """Add in place: `x += alpha * other`."""
        return _update(self, "add_", np.add, arithmetic.add, other if alpha == 1 else other * alpha)

    def sub_(self, other: Any, *, alpha: Any = 1) -> Tensor:
        """Subtract in place: `x -= alpha * other`."""
        return _update(self, "sub_", np.subtract, arithmetic.sub, other if alpha == 1 else other * alpha)

    def mul_(self, other: Any) -> Tensor:
        """Multiply in place: `x *= other`."""
        return _update(self, "mul_", np.multiply, arithmetic.mul, other)

    def div_(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """Divide in place: `x /= other`."""
        if rounding_mode is None:
            return _update(self, "div_", np.true_divide, arithmetic.div, other)
        return become(self, "div_", arithmetic.div, other, rounding_mode=rounding_mode)

    def copy_(self, other: Any, non_blocking: bool = False) -> Tensor:
        """Overwrite with the numbers of another tensor or array, converted to this dtype and broadcast.

        Args:
            other: the numbers.
            non_blocking: has no meaning on a CPU.

        Example:
            >>> x = autograd.zeros(2, 2)
            >>> x[0].copy_(autograd.tensor([1.0, 2.0]))
            tensor([1., 2.])
            >>> x
            tensor([[1., 2.],
                    [0., 0.]])
        """
        if joins(self, other):
            source = as_handle(other, "copy_")
            _fits(self, "copy_", source._array)
            return become(self, "copy_", _replaced, source)
        guard(self, "copy_", other)
        array = as_handle(other, "copy_")._array
        _fits(self, "copy_", array)
        np.copyto(self._array, array, casting="unsafe")
        version_cell(self)[0] += 1
        return self  # type: ignore[return-value]

    def fill_(self, value: Any) -> Tensor:
        """Overwrite with one number."""
        number = _representable(self, "fill_", value)
        if np.ndim(number):
            raise ShapeError(f"fill_: expected one number, not {np.shape(number)}; use copy_ for many")
        if joins(self, value):
            return become(self, "fill_", _replaced, as_handle(value, "fill_"))
        guard(self, "fill_", value)
        self._array[...] = number
        version_cell(self)[0] += 1
        return self  # type: ignore[return-value]

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Tensor:
        """Overwrite the entries whose indices are equal with one number.

        Args:
            fill_value: the number.
            wrap: in a matrix with more rows than columns, begin anew below each square, one row apart.

        Example:
            >>> autograd.zeros(2, 2).fill_diagonal_(1)
            tensor([[1., 0.],
                    [0., 1.]])
        """
        shape = self.shape
        if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
            raise ShapeError(f"fill_diagonal_: x {shape} must be a matrix, or have sizes that are all equal")
        if wrap and len(shape) == 2:
            places = np.arange(0, shape[0] * shape[1], shape[1] + 1)
            self[places // shape[1], places % shape[1]] = fill_value
        else:
            self[(np.arange(min(shape)),) * len(shape)] = fill_value
        return self  # type: ignore[return-value]

    def polygamma_(self, n: int) -> Tensor:
        """`autograd.polygamma` in place."""
        return become(self, "polygamma_", lambda x: ops.polygamma(n, x))

    def zero_(self) -> Tensor:
        """Overwrite with zeros."""
        return self.fill_(0)

    # --- as the functions of their names

    abs_ = _becoming("abs")
    acos_ = _becoming("acos")
    acosh_ = _becoming("acosh")
    addbmm_ = _becoming("addbmm")
    addcdiv_ = _becoming("addcdiv")
    addcmul_ = _becoming("addcmul")
    addmm_ = _becoming("addmm")
    addmv_ = _becoming("addmv")
    addr_ = _becoming("addr")
    asin_ = _becoming("asin")
    asinh_ = _becoming("asinh")
    atan_ = _becoming("atan")
    atan2_ = _becoming("atan2")
    atanh_ = _becoming("atanh")
    baddbmm_ = _becoming("baddbmm")
    bitwise_and_ = _becoming("bitwise_and")
    bitwise_left_shift_ = _becoming("bitwise_left_shift")
    bitwise_not_ = _becoming("bitwise_not")
    bitwise_or_ = _becoming("bitwise_or")
    bitwise_right_shift_ = _becoming("bitwise_right_shift")
    bitwise_xor_ = _becoming("bitwise_xor")
    ceil_ = _becoming("ceil")
    clamp_ = _becoming("clamp")
    clamp_max_ = _becoming("clamp_max")
    clamp_min_ = _becoming("clamp_min")
    clip_ = _becoming("clip")
    copysign_ = _becoming("copysign")
    cos_ = _becoming("cos")
    cosh_ = _becoming("cosh")
    cumprod_ = _becoming("cumprod")
    cumsum_ = _becoming("cumsum")
    deg2rad_ = _becoming("deg2rad")
    digamma_ = _becoming("digamma")
    eq_ = _becoming("eq")
    erf_ = _becoming("erf")
    erfc_ = _becoming("erfc")
    erfinv_ = _becoming("erfinv")
    exp_ = _becoming("exp")
    exp2_ = _becoming("exp2")
    expm1_ = _becoming("expm1")
    float_power_ = _becoming("float_power")
    floor_ = _becoming("floor")
    floor_divide_ = _becoming("floor_divide")
    fmod_ = _becoming("fmod")
    frac_ = _becoming("frac")
    gcd_ = _becoming("gcd")
    ge_ = _becoming("ge")
    gt_ = _becoming("gt")
    heaviside_ = _becoming("heaviside")
    hypot_ = _becoming("hypot")
    i0_ = _becoming("i0")
    igamma_ = _becoming("igamma")
    igammac_ = _becoming("igammac")
    index_add_ = _becoming("index_add")
    index_copy_ = _becoming("index_copy")
    index_fill_ = _becoming("index_fill")
    index_put_ = _becoming("index_put")
    index_reduce_ = _becoming("index_reduce")
    lcm_ = _becoming("lcm")
    ldexp_ = _becoming("ldexp")
    le_ = _becoming("le")
    lerp_ = _becoming("lerp")
    lgamma_ = _becoming("lgamma")
    log_ = _becoming("log")
    log10_ = _becoming("log10")
    log1p_ = _becoming("log1p")
    log2_ = _becoming("log2")
    logical_and_ = _becoming("logical_and")
    logical_not_ = _becoming("logical_not")
    logical_or_ = _becoming("logical_or")
    logical_xor_ = _becoming("logical_xor")
    logit_ = _becoming("logit")
    lt_ = _becoming("lt")
    masked_fill_ = _becoming("masked_fill")
    masked_scatter_ = _becoming("masked_scatter")
    mvlgamma_ = _becoming("mvlgamma")
    nan_to_num_ = _becoming("nan_to_num")
    ne_ = _becoming("ne")
    neg_ = _becoming("neg")
    nextafter_ = _becoming("nextafter")
    pow_ = _becoming("pow")
    put_ = _becoming("put")
    rad2deg_ = _becoming("rad2deg")
    reciprocal_ = _becoming("reciprocal")
    relu_ = _becoming("relu")
    remainder_ = _becoming("remainder")
    renorm_ = _becoming("renorm")
    round_ = _becoming("round")
    rsqrt_ = _becoming("rsqrt")
    scatter_ = _becoming("scatter")
    scatter_add_ = _becoming("scatter_add")
    scatter_reduce_ = _becoming("scatter_reduce")
    sgn_ = _becoming("sgn")
    sigmoid_ = _becoming("sigmoid")
    sign_ = _becoming("sign")
    sin_ = _becoming("sin")
    sinc_ = _becoming("sinc")
    sinh_ = _becoming("sinh")
    sqrt_ = _becoming("sqrt")
    square_ = _becoming("square")
    tan_ = _becoming("tan")
    tanh_ = _becoming("tanh")
    tril_ = _becoming("tril")
    triu_ = _becoming("triu")
    trunc_ = _becoming("trunc")
    xlogy_ = _becoming("xlogy")

    # --- under other names

    absolute_ = abs_
    arccos_ = acos_
    arccosh_ = acosh_
    arcsin_ = asin_
    arcsinh_ = asinh_
    arctan_ = atan_
    arctan2_ = atan2_
    arctanh_ = atanh_
    divide_ = div_
    fix_ = trunc_
    greater_ = gt_
    greater_equal_ = ge_
    less_ = lt_
    less_equal_ = le_
    multiply_ = mul_
    negative_ = neg_
    not_equal_ = ne_
    subtract_ = sub_
    true_divide_ = div_


def guard(x: Handle, name: str, *others: Any) -> None:
    """Raise unless the numbers of `x` may be changed in place.

    Raises:
        InPlaceError: it is a leaf that requires grad, or shows one, or its memory is read-only.
    """
    guard_graph(x, name)
    if not x._array.flags.writeable:
        raise InPlaceError(f"{name}: x {x.shape} is an expanded view or read-only; change a clone() of it")


def guard_graph(x: Handle, name: str) -> None:
    """Raise unless a change of `x` can be told in its graph.

    Raises:
        InPlaceError: it is a leaf that requires grad, or shows one.
    """
    if not local.state.grad_enabled:
        return
    whole = _whole(x)
    if x._version is not None and any(_of_a_function(view(), whole) for view in x._version[1:]):
        raise InPlaceError(
            f"{name}: x {x.shape} shares memory with a result of a Function, whose backward would not know of the "
            "change; return a clone() in its forward"
        )
    if whole._edge is None and whole._requires_grad:
        what = "leaf that requires grad" if whole is x else "view of a leaf that requires grad"
        raise InPlaceError(
            f"{name}: a {what} {x.shape} cannot be changed in place while operations are recorded; use "
            "`with autograd.no_grad():`, or change a clone() of it"
        )
    if whole._requires_grad and not x._requires_grad:
        raise InPlaceError(
            f"{name}: this view {x.shape} was made under no_grad, so the change would not be recorded in what it "
            "shows; make the view where operations are recorded, or change it under no_grad too"
        )


def become(x: Handle, name: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Overwrite `x` with `function(x, ...)`: its memory, its place in the graph, and that of all views of it.

    Args:
        x: the tensor; returned.
        name: of the method, for errors.
        function: any function of operations, out of place.
        arguments: what it is given after `x`.
        keywords: the same by name.

    Raises:
        InPlaceError: see `guard`.
        ShapeError: the result has another shape.
        DtypeError: the result's dtype does not fit that of `x`.
    """
    guard(x, name)
    recorded = joins(x, *arguments, *keywords.values())
    source = _before(x) if recorded else x
    given = [source if a is x else a for a in arguments]
    result = function(source, *given, **keywords)
    if not isinstance(result, Handle) or result.shape != x.shape:
        found = result.shape if isinstance(result, Handle) else f"{len(result)} tensors"
        raise ShapeError(f"{name}: the result {found} does not fit x {x.shape}, whose shape stays")
    if result.dtype != x.dtype:
        if not dtypes.can_cast(result.dtype, x.dtype):
            raise DtypeError(f"{name}: a result of {result.dtype} does not fit x, {x.dtype}; convert x first")
        result = reduce.TO_DTYPE.apply(result, x.dtype)
    np.copyto(x._array, result._array)
    version_cell(x)[0] += 1
    if recorded and result._requires_grad:
        rejoin(x, result)
    return x


def _of_a_function(view: Any, whole: Handle) -> bool:
    """Whether a tensor is a view of `whole` that a Function made, and no operation that could be looked up."""
    return view is not None and view._view is not None and view._view[1] is None and _whole(view) is whole


def joins(x: Handle, *others: Any) -> bool:
    """Whether a change of `x` by others is to be recorded.

    Raises:
        InPlaceError: one of them is mapped over by vmap, and has no numbers here.
    """
    if any(isinstance(o, Handle) and type(o._array) is not np.ndarray for o in (x, *others)):
        raise InPlaceError(
            "in place: inside vmap a tensor stands for one example of many and cannot be changed; compute a new tensor"
        )
    if not local.state.grad_enabled:
        return False
    return x._requires_grad or any(isinstance(o, Handle) and o._requires_grad for o in others)


def _whole(x: Handle) -> Handle:
    """What `x` is a view of, through views of views; itself, if it is none."""
    while x._view is not None:
        x = x._view[0]
    return x


def _before(x: Handle) -> Any:
    """A handle on what `x` was before the change: rules may save its numbers, so they are copied."""
    handle = make(np.array(x._array, order="K"))
    handle._edge = x._edge
    handle._requires_grad = x._requires_grad
    return handle


def rejoin(x: Handle, result: Handle) -> None:
    """Lead `x` to the node of `result`; and, where memory is shared, what it is a view of and all other views."""
    whole = _whole(x)
    if whole is not x:
        chain = []
        view = x
        while view._view is not None:
            view, primitive, attributes = view._view
            assert primitive is not None  # `guard` refuses what a Function made
            chain.append((primitive.name, attributes))
        _lead(whole, lambda: join_graph(views.VIEW_SCATTER, (whole, result), (tuple(reversed(chain)),), whole))

    follow(x, result)
    for reference in version_cell(x)[1:]:  # in the order in which they were made: a view after what it shows
        view = reference()
        if view is not None and view is not x and _whole(view) is whole:
            _lead_view(view)


def follow(x: Handle, result: Handle) -> None:
    """Lead `x` to the node of `result`, if it has one."""

    def join() -> None:
        if result._edge is not None:
            x._edge, x._requires_grad = result._edge, True

    _lead(x, join)


def _lead_view(view: Any) -> None:
    source, primitive, attributes = view._view
    _lead(view, lambda: join_graph(primitive, (source,), attributes, view))


def _lead(x: Any, join: Callable[[], None]) -> None:
    """Give `x` another place in the graph; a gradient that it was to retain is retained there."""
    edge = x._edge
    join()
    if edge is None or edge is x._edge:
        return
    for hooks in (target_of(edge).hooks or {}).values():
        kept = [reference for reference in hooks.retained if reference() is x]
        if kept:
            hooks.retained[:] = [reference for reference in hooks.retained if reference() is not x]
            x.retain_grad()


def _replaced(x: Any, value: Any) -> Any:
    """The value in the shape and dtype of `x`, which has gradient 0."""
    return op.where.apply(np.True_, reduce.TO_DTYPE.apply(value, x.dtype), x)


def _assign_in_graph(x: Any, where: Any, value: Any) -> None:
    guard(x, "item assignment", value)
    _representable(x, "item assignment", value)
    value = as_handle(value, "item assignment")
    pattern, indices = index_ops.encode(where, x.shape)
    if indices is not None:
        become(
            x, "item assignment", lambda source, v: index_ops.assign(source, where, v, name="item assignment"), value
        )
        return
    chosen = index_ops.pick(x._array, pattern).shape
    try:
        np.broadcast_to(value._array, chosen)
    except ValueError:
        raise _unassignable(x, chosen, value._array) from None
    x[where].copy_(value)


def _unassignable(x: Handle, chosen: tuple[int, ...], value: Any) -> ShapeError:
    return ShapeError(
        f"item assignment: a value {np.shape(value)} does not broadcast to the {chosen} numbers chosen "
        f"from x {x.shape}; make the shapes equal"
    )


def _update(x: Any, name: str, ufunc: Callable[..., Any], function: Callable[..., Any], other: Any) -> Any:
    """Change by an arithmetic operation: outside a graph in memory alone, without a copy."""
    operand = other._array if isinstance(other, Handle) else other
    if joins(x, other):
        _fits(x, name, operand if isinstance(operand, (int, float)) else as_handle(operand, name)._array)
        return become(x, name, function, other)
    guard(x, name, other)
    array = x._array
    alike = type(operand) is np.ndarray and operand.dtype is array.dtype and operand.shape == array.shape
    if alike and array.dtype.kind == "f":
        ufunc(array, operand, out=array)
        version_cell(x)[0] += 1
        return x
    operand = operand if isinstance(operand, (int, float)) else as_handle(operand, name)._array
    result = dtypes.result_type(array, operand)
    if not dtypes.can_cast(result, x.dtype) or (ufunc is np.true_divide and x.dtype.kind != "f"):
        raise DtypeError(f"{name}: a result of {result} does not fit x, {x.dtype}; convert x first")
    _fits(x, name, operand)
    try:
        ufunc(array, operand, out=array, casting="unsafe")
    except (TypeError, OverflowError) as error:
        raise DtypeError(f"{name}: not defined for x {x.dtype} and {operand!r:.40}: {error}") from None
    version_cell(x)[0] += 1
    return x


def _fits(x: Handle, name: str, operand: Any) -> None:
    if getattr(operand, "shape", ()) in ((), x.shape):
        return
    try:
        fits = np.broadcast_shapes(x.shape, np.shape(operand)) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name}: an operand {np.shape(operand)} does not broadcast to x {x.shape}, whose shape stays as it "
            "is; reshape the operand, or compute a new tensor"
        )


def _representable(x: Handle, name: str, value: Any) -> Any:
    """An array or number to write into this tensor, checked."""
    if not isinstance(value, (int, float)):
        return as_handle(value, name)._array
    if x.dtype.kind in "iu":
        bounds = np.iinfo(x.dtype)
        if not bounds.min <= value <= bounds.max:
            raise DtypeError(f"{name}: {value} does not fit x, {x.dtype}; convert x first")
    return value
