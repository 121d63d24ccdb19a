"""Tensor: a handle on an n-dimensional array that records what is done to it."""

from __future__ import annotations

import builtins
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import differentiate, dtypes, graph
from .arrays import to_array
from .errors import ArgumentError, DtypeError, GraphError, ShapeError
from .formatting import format_array, with_suffixes
from .graph import ALONE, Hooks, RemovableHandle
from .methods import Methods
from .ops import shape as shape_ops
from .ops.dims import normalize_sizes
from .primitive import Handle, as_handle, make, register_tensor, version_cell

__all__ = ["Tensor"]

# The place of the hooks that are called after accumulation, beside those on the gradient, which go by output index.
_AFTER = -1
# Two threads may sweep graphs that share a leaf; adding to its gradient is read and write in one.
_receive_lock = threading.Lock()


def _unshared(array: np.ndarray) -> bool:
    """Whether an array that one variable holds has its memory for itself: as its owner, or as the owner's only view."""
    base = array.base
    if type(base) is not np.ndarray:
        return base is None
    return base.base is None and base.nbytes == array.nbytes and sys.getrefcount(base) == ALONE + 1  # and the view's


class Tensor(Methods):
    """An n-dimensional array that records what is done to it, so that gradients can flow back.

    Args:
        data: an array or nested lists of numbers, which are copied; or whole numbers, which are sizes: `Tensor(2, 3)`
            is a tensor of that shape to be filled. (`autograd.tensor` takes a number for what it is.)
        dtype: the default dtype, unless given, also for arrays of others; `autograd.tensor` keeps these.
        requires_grad: record operations on this tensor and accumulate its gradient in `.grad`.

    Raises:
        DtypeError: the dtype is not supported, or gradients are asked of one that is not floating.

    Example:
        >>> x = autograd.Tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4., 6.])
    """

    __slots__ = ()
    edges: tuple[Any, ...] = ()  # a leaf is a node without inputs
    kept = None  # for it keeps its value and gradient itself
    keeps_gradient = True

    def __init__(self, *data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        if len(data) == 2 and not isinstance(data[1], int):
            *data, dtype = data  # type: ignore[assignment]
        dtype = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype)
        if len(data) == 1 and not isinstance(data[0], int):
            self._array = to_array(data[0], dtype)
        else:
            self._array = np.zeros(normalize_sizes("Tensor", data) if data else 0, dtype)
        self._edge = self._grad = self._hooks = self._version = self._view = self.name = None
        self._requires_grad = False
        if requires_grad:
            self.requires_grad_()

    # --- its place in the graph

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set whether operations on this leaf are recorded; returns the tensor itself.

        Raises:
            GraphError: the tensor is a result, whose need of a gradient follows from its inputs.
            DtypeError: the dtype is not a floating one.
        """
        if self._edge is not None:
            if not requires_grad:
                raise GraphError("requires_grad_: this tensor is the result of an operation; use detach() instead")
            return self
        if requires_grad and self._array.dtype.kind != "f":
            raise DtypeError(f"requires_grad_: {self.dtype} has no gradients; convert it with .float() first")
        self._requires_grad = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self._edge is None

    @property
    def node(self) -> graph.Node | None:
        """The recorded operation that made this tensor; None for a leaf."""
        return None if self._edge is None else graph.target_of(self._edge)

    @property
    def grad_fn(self) -> graph.Node | None:
        """The recorded operation that made this tensor: `node` under PyTorch's name."""
        return self.node

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient; None before the first backward sweep."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise DtypeError(f"grad: expected a Tensor or None, not {type(value).__name__}")
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ShapeError(
                    f"grad: {value.dtype} {value.shape} does not fit its tensor, {self.dtype} {self.shape}; "
                    "make dtypes and shapes equal"
                )
        self._grad = value

    @property
    def data(self) -> Tensor:
        """A tensor on the same memory, outside the graph. Changes through it are seen by the version counter."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        source = as_handle(value, "data")
        if source.dtype != self.dtype and self._requires_grad and source.dtype.kind != "f":
            raise DtypeError(f"data: {source.dtype} has no gradients, and this tensor requires one")
        self._array = source._array
        self._version = version_cell(source)

    def detach(self) -> Tensor:
        """A tensor on the same memory, outside the graph."""
        result = make(self._array)
        result._version = version_cell(self)
        return result

    def detach_(self) -> Tensor:
        """Take this tensor out of its graph; returns the tensor itself.

        Raises:
            GraphError: it is a view, whose base would stay in the graph.

        Example:
            >>> x = autograd.tensor(2.0, requires_grad=True) * 3
            >>> x.detach_().requires_grad
            False
        """
        if self._view is not None:
            raise GraphError("detach_: this tensor is a view of another one; use detach() instead")
        self._edge, self._requires_grad, self._hooks = None, False, None
        return self

    def is_nonzero(self) -> builtins.bool:
        """Tell whether the only number is not 0."""
        return builtins.bool(self)

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf it depends on.

        Args:
            gradient: the gradient of this tensor; None if it is a single number, whose gradient is 1.
            retain_graph: keep what the graph saved, so that it can be swept again.
            create_graph: record the sweep itself, so that gradients can be differentiated again.
            inputs: accumulate into these leaves alone.

        Raises:
            GraphError: there is no graph, or it was swept already.
            InPlaceError: an array that a rule needs was changed in place.

        Example:
            >>> x = autograd.tensor(3.0, requires_grad=True)
            >>> (x * x).backward()
            >>> x.grad
            tensor(6.)
        """
        gradients = None if gradient is None else [gradient]
        differentiate.backward([self], gradients, retain_graph, create_graph, inputs)

    def receive(self, gradient: Any, create_graph: bool, owned: bool) -> None:
        """Add a gradient to `.grad`; called by the sweep. `owned` says that nobody else holds the array."""
        with _receive_lock:
            held = self._grad
            if create_graph:
                self._grad = shape_ops.CLONE.apply(gradient) if held is None else held + gradient
            elif held is None:
                keep = owned and type(gradient) is np.ndarray and gradient.flags.carray and _unshared(gradient)
                self._grad = make(gradient if keep else np.array(gradient, order="C"))
            elif held._requires_grad or not held._array.flags.writeable:
                self._grad = make(held._array + gradient)
            else:
                held._array += gradient
                version_cell(held)[0] += 1
        if self._hooks is not None and _AFTER in self._hooks:
            for hook in list(self._hooks[_AFTER].functions.values()):
                hook(self)

    @property
    def hooks(self) -> dict[int, Hooks] | None:
        """The hooks of a leaf; those of other tensors live on their node."""
        return self._hooks

    def _own_hooks(self, name: str) -> Hooks:
        if not self._requires_grad:
            raise GraphError(
                f"{name}: this tensor does not require grad, so no gradient will come; call requires_grad_() first"
            )
        if self._edge is None:
            table, key = self._hooks, 0
            if table is None:
                table = self._hooks = {}
        else:
            node, key = self._edge if type(self._edge) is tuple else (self._edge, 0)
            table = node.hooks
            if table is None:
                table = node.hooks = {}
        return table.setdefault(key, Hooks())

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(gradient)` when this tensor's gradient is complete; what it returns replaces the gradient.

        Returns:
            A handle whose `remove()` takes the hook away.

        Raises:
            GraphError: the tensor does not require grad.
            ArgumentError: the hook is no function.

        Example:
            >>> x = autograd.tensor(1.0, requires_grad=True)
            >>> handle = x.register_hook(lambda gradient: gradient * 10)
            >>> (2 * x).backward()
            >>> x.grad
            tensor(20.)
        """
        if not callable(hook):
            raise ArgumentError(f"register_hook: {hook!r:.40} cannot be called; give a function of the gradient")
        return self._own_hooks("register_hook").add(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call `hook(tensor)` after a sweep has added to this leaf's `.grad`, as an optimizer that steps at once does.

        Returns:
            A handle whose `remove()` takes the hook away.

        Raises:
            GraphError: the tensor is no leaf that requires grad.
            ArgumentError: the hook is no function.

        Example:
            >>> x = autograd.tensor(1.0, requires_grad=True)
            >>> handle = x.register_post_accumulate_grad_hook(lambda x: print(x.grad))
            >>> (2 * x).backward()
            tensor(2.)
        """
        if not callable(hook):
            raise ArgumentError(f"register_post_accumulate_grad_hook: {hook!r:.40} cannot be called")
        if self._edge is not None:
            raise GraphError("register_post_accumulate_grad_hook: only leaves accumulate; use register_hook")
        self._own_hooks("register_post_accumulate_grad_hook")
        assert self._hooks is not None
        return self._hooks.setdefault(_AFTER, Hooks()).add(hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this result in `.grad`, as leaves do.

        Example:
            >>> x = autograd.tensor(1.0, requires_grad=True)
            >>> y = 2 * x
            >>> y.retain_grad()
            >>> (y * y).backward()
            >>> y.grad
            tensor(4.)
        """
        if self._edge is not None:
            import weakref

            hooks = self._own_hooks("retain_grad")
            if not any(reference() is self for reference in hooks.retained):
                hooks.retained.append(weakref.ref(self))
        elif not self._requires_grad:
            raise GraphError(
                "retain_grad: this tensor does not require grad, so no gradient will come; call requires_grad_() first"
            )

    # --- its numbers

    def numpy(self, *, force: builtins.bool = False) -> np.ndarray:
        """The numbers as an array on the same memory.

        Args:
            force: `detach().numpy()`, also where the tensor requires grad.

        Raises:
            GraphError: the tensor requires grad; use `detach().numpy()`.
        """
        if self._requires_grad and not force:
            raise GraphError("numpy: this tensor requires grad, and NumPy would not record; use x.detach().numpy()")
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return graph.services.module("numpy_protocols").call_ufunc(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        return graph.services.module("numpy_protocols").call_function(function, arguments, keywords)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        array_api = graph.services.module("array_api")
        if api_version not in (None, "2021.12", "2022.12", array_api.__array_api_version__):
            raise ArgumentError(f"__array_namespace__: version {api_version!r} of the standard is not offered")
        return array_api

    def to_device(self, device: str, /, *, stream: Any = None) -> Tensor:
        """The tensor itself: it is on the CPU already."""
        return self.to(device=device)

    def __dlpack__(self, **keywords: Any) -> Any:
        return self.numpy().__dlpack__(**keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def item(self) -> Any:
        """The only number, as a Python number.

        Raises:
            ShapeError: there is not exactly one.
        """
        if self._array.size != 1:
            raise ShapeError(f"item: x {self.shape} has {self._array.size} numbers, not one; use tolist()")
        return self._array.item()

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self._array.tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind not in "biu":
            raise DtypeError(f"index: a {self.dtype} tensor is no index; use a tensor of integers")
        return int(self.item())

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ShapeError(f"bool: x {self.shape} has {self._array.size} numbers; use x.any() or x.all()")
        return bool(self._array.item())

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise ShapeError("len: a 0-d tensor has no length; use numel()")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise ShapeError("iter: a 0-d tensor cannot be iterated over; use x.item()")
        return (self[k] for k in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool((self._array == (value._array if isinstance(value, Tensor) else value)).any())

    __hash__ = object.__hash__  # by identity, at the speed of C: the sweep looks leaves up

    def __repr__(self) -> str:
        suffixes = []
        empty = self._array.size == 0
        if empty and self.ndim != 1:
            suffixes.append(f"size={self.shape}")
        if self.dtype != dtypes.get_default_dtype() and (empty or self.dtype not in (dtypes.bool_, dtypes.int64)):
            suffixes.append(f"dtype={self.dtype}")
        if self._edge is not None:
            suffixes.append(f"grad_fn=<{graph.target_of(self._edge).plan.op.name}>")
        elif self._requires_grad:
            suffixes.append("requires_grad=True")
        indent = len("tensor(")
        return with_suffixes("tensor(" + format_array(self._array, indent), suffixes, indent)

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0:
            return format(self.item(), spec)
        if spec:
            raise DtypeError(f"format: {spec!r} is for one number, and x is {self.shape}; use item() or tolist()")
        return repr(self)

    def __copy__(self) -> Tensor:
        self._only_leaf("copy")
        result = object.__new__(type(self))
        result.__setstate__(self.__getstate__())
        result._version = version_cell(self)  # the memory is shared
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        self._only_leaf("deepcopy")
        known = memo.get(id(self))
        if known is not None:
            return known
        result = object.__new__(type(self))
        memo[id(self)] = result
        result.__setstate__(self.__getstate__())
        result._array = _copied(self._array, memo)
        if self._version is not None:
            result._version = memo.setdefault(id(self._version), [0])
        if self._grad is not None:
            result._grad = make(np.array(self._grad._array))
        return result

    def _only_leaf(self, name: str) -> None:
        if self._edge is not None:
            raise GraphError(f"{name}: this tensor is the result of an operation; copy x.detach() instead")

    def __getstate__(self) -> dict[str, Any]:
        return {"array": self._array, "requires_grad": self._requires_grad, "name": self.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._array = state["array"]
        self._requires_grad = state["requires_grad"]
        self.name = state["name"]
        self._edge = self._grad = self._hooks = self._version = self._view = None

    def __reduce__(self) -> Any:
        self._only_leaf("pickle")
        return object.__new__, (type(self),), self.__getstate__()


def _copied(array: np.ndarray, memo: dict[int, Any]) -> np.ndarray:
    """A copy that shares memory with the copies of what the array shares memory with."""
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    if whole.base is not None or not (whole.flags.c_contiguous or whole.flags.f_contiguous):
        return np.array(array)
    copy = memo.get(id(whole))
    if copy is None:
        copy = memo[id(whole)] = np.array(whole, order="K")
    offset = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return np.ndarray(array.shape, array.dtype, copy.reshape(-1, order="A").view(), offset, array.strides)


register_tensor(Tensor)
graph.services.wrap = lambda array: make(np.asarray(array))


def _unwrap(value: Any) -> Any:
    return value._array if isinstance(value, Handle) else value


def _check_answer(answer: Any, gradient: Any) -> None:
    if not isinstance(answer, Handle):
        raise DtypeError(f"register_hook: a hook returned {type(answer).__name__}; return a Tensor, or None")
    if answer.shape != gradient.shape:
        raise ShapeError(
            f"register_hook: a hook returned {answer.shape} for a gradient {gradient.shape}; return the same shape"
        )
    if answer.dtype != gradient.dtype:
        raise DtypeError(
            f"register_hook: a hook returned {answer.dtype} for a gradient of {gradient.dtype}; return the same dtype"
        )


graph.services.check_answer = _check_answer
graph.services.unwrap = _unwrap
