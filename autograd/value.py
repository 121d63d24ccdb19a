"""Value: a node of the graph that holds one number.

    >>> a = Value(2.0, label="a")
    >>> b = Value(-3.0, label="b")
    >>> c = a * b + a
    >>> c.backward()
    >>> a.grad                          # dc/da = b + 1
    -2.0

A Value is handle and node in one: it holds its number, its gradient, the operation that made it and the Values that
went in. The operations and their rules are the very ones that Tensor uses: a rule written as `g * y` works on numbers
as on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from . import differentiate
from .errors import DtypeError, GraphError, ShapeError
from .graph import local, topological_order
from .ops import activation, arithmetic
from .ops.weighted_sum import WEIGHTED_SUM, weighted_total
from .primitive import Handle, Plan, Primitive, appliers, op

__all__ = ["Value"]


new = object.__new__


def _picked(positions: Sequence[int]) -> Callable[[tuple[float, ...]], tuple[float, ...]]:
    """The function that picks what a rule reads out of (inputs, output), as a tuple."""
    if len(positions) < 2:
        first = positions[0] if positions else 0
        return itemgetter(slice(first, first + len(positions)))
    return itemgetter(*positions)


def _binary(primitive: Primitive) -> Callable[[Any, Any], Value]:
    """The operation on two Values or numbers."""
    scalar: Any = primitive.scalar
    plan = primitive.plan((True, True))
    pick = _picked(plan.keep)

    def apply_two(a: Any, b: Any) -> Value:
        if type(a) is not Value:
            if isinstance(a, Handle):
                return NotImplemented
            a = Value(a)
        if type(b) is not Value:
            if isinstance(b, Handle):
                return NotImplemented
            b = Value(b)
        x, y = a.data, b.data
        data = scalar(x, y)
        return record(plan, (a, b), pick((x, y, data)) if plan.keep else (), data)

    return apply_two


def _unary(primitive: Primitive) -> Callable[[Value], Value]:
    """The operation on one Value."""
    scalar: Any = primitive.scalar
    plan = primitive.plan((True,))
    pick = _picked(plan.keep)

    def apply_one(a: Value) -> Value:
        data = scalar(a.data)
        return record(plan, (a,), pick((a.data, data)), data)

    return apply_one


# Stand in the class as they are: a method around each would cost a tenth of the time.
_add, _sub, _mul = _binary(arithmetic.ADD), _binary(arithmetic.SUB), _binary(arithmetic.MUL)
_div, _pow, _relu = _binary(arithmetic.DIV), _binary(arithmetic.POW), _unary(activation.RELU)


class Value:
    """One number that records what is done to it.

    Args:
        data: the number.
        label: a name, for drawing.

    Raises:
        DtypeError: `data` is not a number.

    Example:
        >>> x, y, z = Value(-2.0, label="x"), Value(5.0, label="y"), Value(-4.0, label="z")
        >>> f = (x + y) * z
        >>> f.backward()
        >>> f.data, x.grad, y.grad, z.grad
        (-12.0, -4.0, -4.0, 3.0)
    """

    __slots__ = ("__weakref__", "attributes", "data", "edges", "grad", "label", "plan", "saved", "scope")

    # What the sweep asks of a node.
    keeps_gradient = True
    hooks = kept = shape = dtype = None

    data: float
    grad: Any  # a float; a Value after a sweep with create_graph
    label: str
    edges: tuple[Value, ...]
    plan: Plan | None
    saved: tuple[Any, ...]
    attributes: tuple[Any, ...]
    scope: tuple[str, ...]

    def __init__(self, data: Any, label: str = "") -> None:
        self.data = data if type(data) is float else _to_float(data)
        self.grad = 0.0
        self.label = label
        self.edges = ()
        self.plan = None
        self.saved = ()
        self.attributes = ()
        self.scope = local.state.scope

    @staticmethod
    def constant(number: Any) -> Value:
        """A Value of a number; Values as they are."""
        return number if isinstance(number, Value) else Value(number)

    @property
    def _prev(self) -> tuple[Value, ...]:
        """The Values that this one was computed from, in order; `x + x` has x twice."""
        return self.edges

    @property
    def _op(self) -> str:
        """The sign or name of the operation that made this Value; empty for one given by hand."""
        return self.plan.op.label if self.plan is not None else ""

    def backward(self, *, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Set off the backward sweep: add to the `.grad` of every Value this one depends on.

        Args:
            retain_graph: has no effect; a Value keeps its numbers, and its graph can be swept again.
            create_graph: record the sweep, so that gradients are Values and can be differentiated again.

        Example:
            >>> x = Value(3.0)
            >>> (x**3).backward(create_graph=True)
            >>> slope = x.grad                  # 3 x^2
            >>> differentiate.grad(slope, x)    # 6 x
            (18.0,)
        """
        if create_graph or local.state.watcher is not None:
            differentiate.backward([self], None, True, create_graph)
            return
        order = topological_order([self])
        gradients = dict.fromkeys(order, 0.0)
        gradients[self] = 1.0
        for value in reversed(order):  # each before its inputs: all gradients that reach it have been added
            gradient = gradients[value]
            value.grad = value.grad + gradient
            plan = value.plan
            if plan is not None:
                for edge, part in zip(value.edges, plan.pull(gradient, value.saved, None)):
                    gradients[edge] += part

    def zero_grad(self) -> None:
        """Set this Value's gradient to 0."""
        self.grad = 0.0

    # --- what the sweep asks

    def pull(self, gradient: Any, create_graph: bool, wanted: Any = None) -> Any:
        """Pass the gradient back to the inputs, by the operation's rule."""
        plan = self.plan
        assert plan is not None
        saved = self.saved
        if create_graph:
            saved = tuple(
                self.edges[position]
                if kind == "input"
                else self
                if kind == "output"
                else self.edges
                if kind == "inputs"
                else item
                for (kind, position), item in zip(plan.sources, saved, strict=True)
            )
        parts = plan.pull(gradient, saved, wanted)
        return [None if part is None else Value.constant(part) for part in parts] if create_graph else parts

    def receive(self, gradient: Any, create_graph: bool, owned: bool) -> None:
        """Add to the gradient."""
        if create_graph and not isinstance(self.grad, Value) and self.grad == 0:
            self.grad = gradient  # adding to the 0.0 of before would be one more node to differentiate
        else:
            self.grad = self.grad + gradient

    def release(self) -> None:
        """Nothing to drop: a Value keeps its numbers."""

    # --- arithmetic

    __add__ = _add

    def __radd__(self, other: Any) -> Value:
        return _add(other, self)

    __sub__ = _sub

    def __rsub__(self, other: Any) -> Value:
        return _sub(other, self)

    __mul__ = _mul

    def __rmul__(self, other: Any) -> Value:
        return _mul(other, self)

    __truediv__ = _div

    def __rtruediv__(self, other: Any) -> Value:
        return _div(other, self)

    __pow__ = _pow

    def __rpow__(self, other: Any) -> Value:
        return _pow(other, self)

    def __neg__(self) -> Value:
        return op.neg(self)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return op.abs(self)

    def exp(self) -> Value:
        """`e ** x`."""
        return op.exp(self)

    def log(self) -> Value:
        """The natural logarithm."""
        return op.log(self)

    def sqrt(self) -> Value:
        """The square root."""
        return op.sqrt(self)

    def sin(self) -> Value:
        """The sine of an angle in radians."""
        return op.sin(self)

    def cos(self) -> Value:
        """The cosine of an angle in radians."""
        return op.cos(self)

    def tan(self) -> Value:
        """The tangent of an angle in radians."""
        return op.tan(self)

    def sinh(self) -> Value:
        """The hyperbolic sine."""
        return op.sinh(self)

    def cosh(self) -> Value:
        """The hyperbolic cosine."""
        return op.cosh(self)

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        return op.tanh(self)

    def sigmoid(self) -> Value:
        """`1 / (1 + exp(-x))`, as one node."""
        return op.sigmoid(self)

    def relu(self) -> Value:
        """`max(x, 0)`; its gradient at 0 is 0."""
        return _relu(self)

    def leaky_relu(self, negative_slope: float = 0.01) -> Value:
        """`x` where `x > 0`, else `negative_slope * x`."""
        return op.leaky_relu(self, negative_slope)

    def softplus(self) -> Value:
        """`log(1 + exp(x))`."""
        return op.softplus(self, 1.0, 20.0)

    def abs(self) -> Value:
        """`|x|`; its gradient at 0 is 0."""
        return op.abs(self)

    def maximum(self, other: Any) -> Value:
        """The larger of two; at a tie each gets half of the gradient."""
        return op.maximum(self, other)

    def minimum(self, other: Any) -> Value:
        """The smaller of two; at a tie each gets half of the gradient."""
        return op.minimum(self, other)

    @staticmethod
    def weighted_sum(weights: Sequence[Value], inputs: Sequence[Any], bias: Any = 0.0) -> Value:
        """`bias + w1 x1 + w2 x2 + ...`, as one node: the same number and gradients as from many small ones.

        Args:
            weights: w, one for each input.
            inputs: x, Values or numbers.
            bias: what the sum begins with.

        Raises:
            ShapeError: there are not as many weights as inputs.

        Example:
            >>> w, x = [Value(2.0), Value(-1.0)], [Value(3.0), Value(5.0)]
            >>> out = Value.weighted_sum(w, x, 10.0)
            >>> out.backward()
            >>> out.data, w[0].grad, x[1].grad
            (11.0, 3.0, -1.0)
        """
        if len(weights) != len(inputs):
            raise ShapeError(f"weighted_sum: {len(inputs)} inputs do not fit {len(weights)} weights; give one for each")
        terms = [term if type(term) is Value else Value.constant(term) for term in (*weights, *inputs, bias)]
        numbers = tuple([term.data for term in terms])
        return record(_plan_of_sum(len(terms)), tuple(terms), (numbers,), weighted_total(numbers))

    def __lt__(self, other: Any) -> bool:
        return self.data < number(other)

    def __le__(self, other: Any) -> bool:
        return self.data <= number(other)

    def __gt__(self, other: Any) -> bool:
        return self.data > number(other)

    def __ge__(self, other: Any) -> bool:
        return self.data >= number(other)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        self._only_leaf("deepcopy")
        result = memo[id(self)] = Value(self.data, self.label)
        result.grad = float(self.grad)
        return result

    def __copy__(self) -> Value:
        return self.__deepcopy__({})

    def __reduce__(self) -> Any:
        self._only_leaf("pickle")
        return Value, (self.data, self.label)

    def _only_leaf(self, name: str) -> None:
        if self.edges:
            raise GraphError(f"{name}: this Value is the result of an operation; copy Value(x.data) instead")

    def __float__(self) -> float:
        return self.data

    def __bool__(self) -> bool:
        return self.data != 0

    def __repr__(self) -> str:
        gradient = self.grad.data if isinstance(self.grad, Value) else self.grad
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self.data:.6g}, grad={gradient:.6g}{label})"


def number(value: Any) -> float:
    """The number in a Value; numbers as floats."""
    return value.data if isinstance(value, Value) else _to_float(value)


def _to_float(data: Any) -> float:
    if not isinstance(data, (Value, Handle)) and hasattr(data, "__float__"):
        try:
            return float(data)
        except (TypeError, OverflowError):  # an array of several numbers; a number that is too large
            pass
    raise DtypeError(f"Value: expected a number, not {type(data).__name__}: {data!r:.80}; give one that float() takes")


def record(plan: Plan, inputs: tuple[Value, ...], saved: tuple[Any, ...], data: float) -> Value:
    """The Value of a result, joined to its inputs unless nothing is recorded."""
    state = local.state
    result = new(Value)
    result.data = data
    result.grad = 0.0
    result.label = ""
    result.attributes = ()
    result.scope = state.scope
    if state.grad_enabled:
        result.plan = plan
        result.edges = inputs
        result.saved = saved
    else:
        result.plan = None
        result.edges = result.saved = ()
    return result


_sum_plans: dict[int, Plan] = {}


def _plan_of_sum(count: int) -> Plan:
    """The plan of a weighted sum of so many terms."""
    plan = _sum_plans.get(count)
    if plan is None:
        plan = _sum_plans[count] = WEIGHTED_SUM.plan((True,) * count)
    return plan


def apply(primitive: Primitive, arguments: tuple[Any, ...]) -> Any:
    """Apply an elementwise operation to Values and numbers, and record it."""
    count = len(primitive.inputs)
    attributes = arguments[count:]
    if primitive.scalar is None:
        raise DtypeError(f"{primitive.name}: not defined for a Value, which is one number; use a Tensor")
    inputs = []
    for given in arguments[:count]:
        if type(given) is Value:
            inputs.append(given)
        elif isinstance(given, Handle):
            return NotImplemented
        else:
            inputs.append(Value(given))
    numbers = [value.data for value in inputs]
    data = primitive.scalar(*numbers, *attributes)
    if primitive.vjp is None:
        return data
    plan = primitive.plan((True,) * count)
    result = record(plan, tuple(inputs), plan.save(numbers, (data,), attributes), data)
    result.attributes = attributes
    return result


appliers[Value] = apply
