"""A multi-layer perceptron of single numbers, built of Values, to be read and drawn.

>>> model = nn.scalar.MLP(2, [3, 1])
>>> out = model([1.0, -2.0])
>>> out.backward()
>>> len(model.parameters())
13
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import autograd
from autograd import Value
from autograd.errors import ArgumentError, ShapeError
from autograd.graph import local

__all__ = ["MLP", "Layer", "Module", "Neuron"]


class Module:
    """What has parameters: neurons, layers and networks."""

    name = ""

    def parameters(self) -> list[Value]:
        """The Values that are trained."""
        return []

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0


class _inside:  # noqa: N801
    """Let what is computed in the `with` block carry the module's name, so that it is drawn in the module's box."""

    __slots__ = ("module", "outer")

    def __init__(self, module: Module) -> None:
        self.module = module

    def __enter__(self) -> None:
        state = local.state
        self.outer = state.scope
        state.scope = (*self.outer, self.module.name or type(self.module).__name__)

    def __exit__(self, *exception: object) -> None:
        local.state.scope = self.outer


class Neuron(Module):
    """`relu(w x + b)`, or without the relu: weights uniform in (-1, 1), bias 0.

    Args:
        nin: the number of inputs.
        nonlin: apply the relu.

    Raises:
        ArgumentError: nin is less than 1.

    Example:
        >>> nn.scalar.Neuron(2)
        ReLUNeuron(2)
    """

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        if nin < 1:
            raise ArgumentError(f"Neuron: nin is {nin}; a neuron needs at least one input")
        drawn = autograd.rand(nin, dtype=autograd.float64).tolist()
        self.w = [Value(2 * number - 1, label=f"w{k}") for k, number in enumerate(drawn)]
        self.b = Value(0.0, label="b")
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Any]) -> Value:
        """The neuron's answer to as many numbers or Values as it has weights."""
        if len(x) != len(self.w):
            raise ShapeError(f"Neuron: {len(x)} inputs do not fit {len(self.w)} weights")
        with _inside(self):
            out = Value.weighted_sum(self.w, x, self.b)
            return out.relu() if self.nonlin else out

    def parameters(self) -> list[Value]:
        """The weights and the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """Neurons side by side, which all see the same inputs.

    Args:
        nin: the number of inputs.
        nout: the number of neurons.
        nonlin: apply the relu.

    Raises:
        ArgumentError: nout is less than 1.
    """

    def __init__(self, nin: int, nout: int, nonlin: bool = True) -> None:
        if nout < 1:
            raise ArgumentError(f"Layer: nout is {nout}; a layer needs at least one neuron")
        self.neurons = [Neuron(nin, nonlin) for _ in range(nout)]
        for k, neuron in enumerate(self.neurons):
            neuron.name = f"neuron {k}"

    def __call__(self, x: Sequence[Any]) -> Any:
        """The answers of all neurons; of a single one without a list."""
        x = [Value.constant(number) for number in x]
        with _inside(self):
            out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """The parameters of all neurons."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(str, self.neurons))}]"


class MLP(Module):
    """Layers one after the other, with relu between them and none at the end.

    Args:
        nin: the number of inputs.
        nouts: the numbers of neurons in the layers.

    Raises:
        ArgumentError: there is no layer.

    Example:
        >>> model = nn.scalar.MLP(3, [4, 4, 1])
        >>> len(model.parameters())
        41
    """

    def __init__(self, nin: int, nouts: Sequence[int]) -> None:
        if not nouts:
            raise ArgumentError("MLP: nouts is empty; give the size of at least one layer")
        sizes = [nin, *nouts]
        self.layers = [Layer(a, b, nonlin=k < len(nouts) - 1) for k, (a, b) in enumerate(pairwise(sizes))]
        for k, layer in enumerate(self.layers):
            layer.name = f"layer {k}"

    def __call__(self, x: Sequence[Any]) -> Any:
        """The last layer's answer: a Value, or a list where it has several neurons."""
        with _inside(self):
            for layer in self.layers:
                out = layer(x)
                x = out if isinstance(out, list) else [out]
        return out

    def parameters(self) -> list[Value]:
        """The parameters of all layers."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(str, self.layers))}]"
