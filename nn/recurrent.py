"""Recurrent networks and their cells."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError

from . import init
from .linear import positive
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

_RUN: dict[str, Callable[..., Any]] = {
    "LSTM": autograd.lstm,
    "GRU": autograd.gru,
    "RNN_TANH": autograd.rnn_tanh,
    "RNN_RELU": autograd.rnn_relu,
}
_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _draw(module: Module, size: int) -> None:
    """Uniform within `1 / sqrt(size)`, for all parameters."""
    bound = 1 / math.sqrt(size)
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


class RNNBase(Module):
    """What the recurrent networks share: parameters by layer and direction, and how sequences are taken.

    Args:
        mode: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype: as
            those of `LSTM`.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if mode not in _RUN:
            raise ArgumentError(f"{name}: mode is {mode!r}; use one of {', '.join(map(repr, _RUN))}")
        positive(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ArgumentError(f"{name}: dropout is {dropout!r}; use a probability from 0 to 1")
        if not 0 <= proj_size < hidden_size or (proj_size and mode != "LSTM"):
            raise ArgumentError(
                f"{name}: proj_size is {proj_size}; use 0, or in an LSTM a size below hidden_size {hidden_size}"
            )
        if dropout and num_layers == 1:
            warnings.warn(
                f"{name}: dropout {dropout} works between layers, and there is one; give num_layers greater than 1",
                stacklevel=3,
            )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        rows, out = _GATES[mode] * hidden_size, proj_size or hidden_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            features = input_size if layer == 0 else out * (2 if bidirectional else 1)
            for suffix in ("", "_reverse")[: 2 if bidirectional else 1]:
                shapes = {"weight_ih": (rows, features), "weight_hh": (rows, out)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}  # type: ignore[dict-item]
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = [f"{label}_l{layer}{suffix}" for label in shapes]
                for label, shape in zip(names, shapes.values(), strict=True):
                    self.register_parameter(label, Parameter(autograd.empty(shape, dtype=dtype, device=device)))
                self._all_weights.append(names)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        _draw(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing is left to do: it lays the weights out for a GPU."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, a list for each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The outputs of the last layer at each step, and the states of all layers at the end."""
        name, lstm = type(self).__name__, self.mode == "LSTM"
        packed = input if isinstance(input, PackedSequence) else None
        x = packed.data if packed is not None else input
        if not isinstance(x, Tensor):
            raise DtypeError(f"{name}: expected a Tensor or a PackedSequence, not {type(x).__name__}")
        single = packed is None and x.ndim == 2
        if x.ndim != (3 if packed is None else 2) and not single:
            raise ShapeError(f"{name}: x {x.shape} must have three dimensions, or two for one sequence")
        if x.shape[-1] != self.input_size:
            raise ShapeError(f"{name}: x {x.shape} has {x.shape[-1]} features, but input_size is {self.input_size}")
        if single:
            x = x.unsqueeze(0 if self.batch_first else 1)
        if packed is not None:
            batch = int(packed.batch_sizes[0])
        else:
            batch = x.shape[0 if self.batch_first else 1]
        states = self._states(hx, x, batch, single)
        if hx is not None and packed is not None and packed.sorted_indices is not None:
            states = [s.index_select(1, packed.sorted_indices) for s in states]
        result = _RUN[self.mode](
            x,
            tuple(states) if lstm else states[0],
            [weight for weights in self.all_weights for weight in weights],
            self.bias,
            self.num_layers,
            self.dropout,
            self.training,
            self.bidirectional,
            self.batch_first and packed is None,
            batch_sizes=None if packed is None else packed.batch_sizes,
        )
        out, last = result[0], list(result[1:])
        if single:
            out = out.squeeze(0 if self.batch_first else 1)
            last = [s.squeeze(1) for s in last]
        if packed is not None:
            if packed.unsorted_indices is not None:
                last = [s.index_select(1, packed.unsorted_indices) for s in last]
            out = PackedSequence(out, *packed[1:])
        return out, tuple(last) if lstm else last[0]

    def _states(self, hx: Any, x: Tensor, batch: int, single: bool) -> list[Tensor]:
        """The first states, (layers * directions, N, size); zeros, unless given."""
        name, lstm = type(self).__name__, self.mode == "LSTM"
        runs = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self.proj_size or self.hidden_size] + [self.hidden_size] * lstm
        if hx is None:
            return [autograd.zeros(runs, batch, size, dtype=x.dtype) for size in sizes]
        if lstm and not (isinstance(hx, (tuple, list)) and len(hx) == 2):
            raise ArgumentError(f"{name}: hx must be a pair (h_0, c_0)")
        states = []
        for label, state, size in zip(("h_0", "c_0"), hx if lstm else [hx], sizes, strict=False):
            if not isinstance(state, Tensor):
                raise DtypeError(f"{name}: {label} is a {type(state).__name__}; give a Tensor")
            shape = (runs, size) if single else (runs, batch, size)
            if state.shape != shape:
                raise ShapeError(f"{name}: {label} {state.shape} must be {shape} for this input")
            states.append(state.unsqueeze(1) if single else state)
        return states

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)


class RNN(RNNBase):
    """Elman's network: `h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)`.

    Args:
        input_size: the features of x.
        hidden_size: the features of h.
        num_layers: how many layers; each takes the outputs of the one before.
        nonlinearity: "tanh" or "relu".
        bias, batch_first, dropout, bidirectional, device, dtype: as those of `LSTM`.

    Raises:
        ArgumentError: a size is not positive, or nonlinearity or dropout is something else.
        ShapeError: an input does not fit.

    Shapes:
        as those of `LSTM`, with one state h, and hidden_size rows in the weights.

    Example:
        >>> out, h = nn.RNN(10, 20, 2)(autograd.randn(5, 3, 10))
        >>> out.shape, h.shape
        ((5, 3, 20), (2, 3, 20))

    Source: Elman 1990, Finding structure in time, Cognitive Science 14.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        mode = _nonlinear("RNN", nonlinearity)
        super().__init__(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )
        self.nonlinearity = nonlinearity


def _nonlinear(name: str, nonlinearity: str) -> str:
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f"{name}: nonlinearity is {nonlinearity!r}; use 'tanh' or 'relu'")
    return f"RNN_{nonlinearity.upper()}"


class LSTM(RNNBase):
    """Long short-term memory: `c_t = f c_(t-1) + i g` and `h_t = o tanh(c_t)`.

    The gates are `i, f, o = sigmoid(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)`, and g the same with tanh; their rows stand
    in the order i, f, g, o. All parameters start uniform within `1 / sqrt(hidden_size)`.

    Args:
        input_size: the features of x.
        hidden_size: the features of c, and of h unless it is projected.
        num_layers: how many layers; each takes the outputs of the one before.
        bias: add b_ih and b_hh.
        batch_first: input and output are (N, L, features), states not.
        dropout: the probability with which what passes between layers is zeroed, in training.
        bidirectional: a second network in each layer goes backwards; the outputs stand side by side.
        proj_size: project h to so many features, `h_t = W_hr (o tanh(c_t))`.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Raises:
        ArgumentError: a size is not positive, dropout is no probability, or proj_size is not below hidden_size.
        ShapeError: an input does not fit.

    Shapes:
        input (L, N, input_size), (L, input_size) of one sequence, or a PackedSequence; h_0 and c_0
        (layers * directions, N, size), zeros unless given; output (L, N, directions * size); h_n and c_n as h_0 and
        c_0. weight_ih_l0 (4 * hidden_size, input_size), weight_hh_l0 (4 * hidden_size, size), the biases
        (4 * hidden_size,), weight_hr_l0 (proj_size, hidden_size), and so on for each layer and direction.

    Example:
        >>> out, (h, c) = nn.LSTM(10, 20, bidirectional=True)(autograd.randn(5, 3, 10))
        >>> out.shape, h.shape, c.shape
        ((5, 3, 40), (2, 3, 20), (2, 3, 20))

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9; the forget gate: Gers,
    Schmidhuber and Cummins 2000; projections: Sak, Senior and Beaufays 2014, arXiv 1402.1128.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )


class GRU(RNNBase):
    """Gated recurrent units: `h_t = (1 - z) n + z h_(t-1)`.

    The gates are `r, z = sigmoid(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)`, and
    `n = tanh(W_ih x_t + b_ih + r (W_hh h_(t-1) + b_hh))`; their rows stand in the order r, z, n.

    Args:
        input_size: the features of x.
        hidden_size: the features of h.
        num_layers, bias, batch_first, dropout, bidirectional, device, dtype: as those of `LSTM`.

    Raises:
        ArgumentError: a size is not positive, or dropout is no probability.
        ShapeError: an input does not fit.

    Shapes:
        as those of `LSTM`, with one state h, and 3 * hidden_size rows in the weights.

    Example:
        >>> out, h = nn.GRU(10, 20, batch_first=True)(autograd.randn(3, 5, 10))
        >>> out.shape, h.shape
        ((3, 5, 20), (1, 3, 20))

    Source: Cho et al. 2014, arXiv 1406.1078, section 2.3; r after the product, as in PyTorch.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )


# --- cells


class RNNCellBase(Module):
    """What the cells share: the parameters of one step.

    Args:
        input_size, hidden_size: the features of x and of the state.
        bias: add b_ih and b_hh.
        num_chunks: how often hidden_size rows the weights have.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        positive(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size

        def make(*shape: int) -> Parameter:
            return Parameter(autograd.empty(shape, dtype=dtype, device=device))

        self.weight_ih = make(rows, input_size)
        self.weight_hh = make(rows, hidden_size)
        self.bias_ih: Parameter | None
        self.bias_hh: Parameter | None
        self.register_parameter("bias_ih", make(rows) if bias else None)
        self.register_parameter("bias_hh", make(rows) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        _draw(self, self.hidden_size)

    def _step(self, function: Callable[..., Any], input: Tensor, states: Any, count: int) -> tuple[Tensor, ...]:
        """Call the function on a batch, with zeros for states that are not given; count says how many there are."""
        name = type(self).__name__
        if input.ndim not in (1, 2) or input.shape[-1] != self.input_size:
            raise ShapeError(f"{name}: x {input.shape} must be (N, {self.input_size}) or ({self.input_size},)")
        single = input.ndim == 1
        shape = (*input.shape[:-1], self.hidden_size)
        if states is None:
            states = [autograd.zeros(shape, dtype=input.dtype)] * count
        elif count == 1:
            states = [states]
        elif not isinstance(states, (tuple, list)) or len(states) != count:
            raise ArgumentError(f"{name}: hx must be a pair (h, c)")
        for state in states:
            if state.shape != shape:
                raise ShapeError(f"{name}: a state {state.shape} must be {shape} for this input")
        if single:
            input, states = input.unsqueeze(0), [state.unsqueeze(0) for state in states]
        given = tuple(states) if count > 1 else states[0]
        found = function(input, given, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        results = found if count > 1 else (found,)
        return tuple([state.squeeze(0) for state in results]) if single else results

    def extra_repr(self) -> str:
        parts = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return parts if nonlinearity == "tanh" else f"{parts}, nonlinearity={nonlinearity}"


class RNNCell(RNNCellBase):
    """One step of `RNN`: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`.

    Args:
        input_size, hidden_size: the features of x and of h.
        bias: add the biases.
        nonlinearity: "tanh" or "relu".
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Shapes:
        x (N, input_size) and h (N, hidden_size), or both without N; weight_ih (hidden_size, input_size), weight_hh
        (hidden_size, hidden_size), bias_ih and bias_hh (hidden_size,).

    Example:
        >>> nn.RNNCell(10, 20)(autograd.randn(3, 10)).shape
        (3, 20)

    Source: Elman 1990, Finding structure in time, Cognitive Science 14.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _nonlinear("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next h."""
        function = autograd.rnn_tanh_cell if self.nonlinearity == "tanh" else autograd.rnn_relu_cell
        return self._step(function, input, hx, 1)[0]


class LSTMCell(RNNCellBase):
    """One step of `LSTM`.

    Args:
        input_size, hidden_size: the features of x, and of h and c.
        bias: add the biases.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Shapes:
        x (N, input_size), h and c (N, hidden_size), or all without N; weight_ih (4 * hidden_size, input_size),
        weight_hh (4 * hidden_size, hidden_size), bias_ih and bias_hh (4 * hidden_size,).

    Example:
        >>> h, c = nn.LSTMCell(10, 20)(autograd.randn(3, 10))
        >>> h.shape, c.shape
        ((3, 20), (3, 20))

    Source: Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The next h and c."""
        return self._step(autograd.lstm_cell, input, hx, 2)  # type: ignore[return-value]


class GRUCell(RNNCellBase):
    """One step of `GRU`.

    Args:
        input_size, hidden_size: the features of x and of h.
        bias: add the biases.
        device: "cpu" or None.
        dtype: of the parameters; the default dtype, unless given.

    Shapes:
        x (N, input_size) and h (N, hidden_size), or both without N; weight_ih (3 * hidden_size, input_size), weight_hh
        (3 * hidden_size, hidden_size), bias_ih and bias_hh (3 * hidden_size,).

    Example:
        >>> nn.GRUCell(10, 20)(autograd.randn(3, 10)).shape
        (3, 20)

    Source: Cho et al. 2014, arXiv 1406.1078, section 2.3.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next h."""
        return self._step(autograd.gru_cell, input, hx, 1)[0]
