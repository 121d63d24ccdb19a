"""Averages of a model's parameters over its training: stochastic weight averaging, and exponential moving averages.

A model here is anything with `parameters()`, `buffers()`, `state_dict()` and the like, as nn's modules have them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any, ClassVar

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from .lr_scheduler.base import LRScheduler, check_optimizer, each_group, number
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _between_zero_and_one(name: str, decay: float) -> float:
    if not 0 <= decay <= 1:
        raise ArgumentError(f"{name}: decay is {decay!r}; use a number from 0 to 1")
    return decay


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Tensor]:
    """The function `decay * average + (1 - decay) * current`, for `AveragedModel`.

    Raises:
        ArgumentError: decay is not from 0 to 1.
    """
    _between_zero_and_one("get_ema_avg_fn", decay)

    def average(averaged: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        return decay * averaged + (1 - decay) * current

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., None]:
    """The same as `get_ema_avg_fn` for lists of Tensors, which are changed in place.

    Raises:
        ArgumentError: decay is not from 0 to 1.
    """
    _between_zero_and_one("get_ema_multi_avg_fn", decay)
    return _on_lists(get_ema_avg_fn(decay))


def get_swa_avg_fn() -> Callable[..., Tensor]:
    """The function `average + (current - average) / (n + 1)`, for `AveragedModel`: all models count alike."""

    def average(averaged: Tensor, current: Tensor, num_averaged: Tensor | int) -> Tensor:
        return averaged + (current - averaged) / (num_averaged + 1)

    return average


def get_swa_multi_avg_fn() -> Callable[..., None]:
    """The same as `get_swa_avg_fn` for lists of Tensors, which are changed in place."""
    return _on_lists(get_swa_avg_fn())


def _on_lists(average: Callable[..., Tensor]) -> Callable[..., None]:
    def averages(averaged: Iterable[Tensor], current: Iterable[Tensor], num_averaged: Tensor | int) -> None:
        with autograd.no_grad():
            for a, c in zip(averaged, current, strict=True):
                _overwrite(a, average(a.detach(), c.detach(), num_averaged))

    return averages


def _overwrite(place: Tensor, value: Tensor) -> None:
    place.detach().copy_(value.detach().to(place.dtype))


class AveragedModel:
    """A copy of a model whose parameters are averages of those that the model has had.

    Args:
        model: the model; it is copied.
        device: None or "cpu".
        avg_fn: a function from the average, the current value and the number of models so far to the new average.
        multi_avg_fn: one for lists of them, in place; without both, all models count alike (`get_swa_avg_fn`).
        use_buffers: average the buffers too; otherwise they are the model's last.

    Attributes:
        module: the copy.
        n_averaged: the number of models so far, a 0-d Tensor.

    Unlike PyTorch's it is no Module itself, as optim knows nothing of modules: it is called as one, and has the methods
    below; its state dict has the same names ("n_averaged", "module. ...").

    Raises:
        ArgumentError: both functions are given, or another device.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> average = optim.swa_utils.AveragedModel(model, avg_fn=optim.swa_utils.get_ema_avg_fn(0.9))
        >>> average.update_parameters(model)  # the first is copied
        >>> model.bias.data += 1
        >>> average.update_parameters(model)
        >>> average.module.bias + 0.9 == model.bias
        tensor([True])
        >>> average(autograd.zeros(3, 2)).shape
        (3, 1)

    Source: Izmailov, Podoprikhin, Garipov, Vetrov and Wilson 2018, arXiv 1803.05407, algorithm 1; Polyak and Juditsky
    1992 for the moving average.
    """

    def __init__(
        self,
        model: Any,
        device: Any = None,
        avg_fn: Callable[..., Tensor] | None = None,
        multi_avg_fn: Callable[..., None] | None = None,
        use_buffers: bool = False,
    ) -> None:
        if avg_fn is not None and multi_avg_fn is not None:
            raise ArgumentError("AveragedModel: avg_fn and multi_avg_fn exclude each other; give one")
        if device is not None and str(device) != "cpu":
            raise ArgumentError(f"AveragedModel: device is {device!r}; the only one is 'cpu'")
        self.module = deepcopy(model)
        self.n_averaged = autograd.tensor(0)
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model computes."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Any) -> None:
        """Take the model's parameters of now into the average; the first time they are copied.

        Args:
            model: a model built like the first.
        """
        with autograd.no_grad():
            own, now = list(self.module.parameters()), list(model.parameters())
            if self.use_buffers:
                own, now = [*own, *self.module.buffers()], [*now, *model.buffers()]
            own, now = [each.detach() for each in own], [each.detach() for each in now]
            if self.n_averaged.item() == 0:
                for place, value in zip(own, now, strict=True):
                    _overwrite(place, value)
            elif self.avg_fn is None:
                (self.multi_avg_fn or get_swa_multi_avg_fn())(own, now, self.n_averaged)
            else:
                for place, value in zip(own, now, strict=True):
                    _overwrite(place, self.avg_fn(place, value, self.n_averaged))
            if not self.use_buffers:
                for place, value in zip(self.module.buffers(), model.buffers(), strict=True):
                    _overwrite(place, value)
            self.n_averaged += 1

    def parameters(self, recurse: bool = True) -> Iterator[Tensor]:
        """The averages."""
        return self.module.parameters(recurse)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """The averages with their names, which begin with "module."."""
        return ((f"module.{name}", parameter) for name, parameter in self.module.named_parameters())

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """`n_averaged` and the copy's buffers."""
        return chain([self.n_averaged], self.module.buffers(recurse))

    def modules(self) -> Iterator[Any]:
        """The modules of the copy."""
        return self.module.modules()

    @property
    def training(self) -> bool:
        """Whether the copy is in training mode."""
        return self.module.training

    def train(self, mode: bool = True) -> AveragedModel:
        """Set the copy's mode."""
        self.module.train(mode)
        return self

    def eval(self) -> AveragedModel:
        """Set the copy to evaluation mode."""
        return self.train(False)

    def state_dict(self) -> dict[str, Any]:
        """The averages and their number by name; the functions are not in it."""
        inner = {f"module.{name}": value for name, value in self.module.state_dict().items()}
        return {"n_averaged": self.n_averaged, **inner}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave.

        Raises:
            ArgumentError: there is no "n_averaged" in it.
        """
        if "n_averaged" not in state_dict:
            raise ArgumentError('AveragedModel: the state has no "n_averaged"; load a plain model\'s into .module')
        prefix = "module."
        self.module.load_state_dict(
            {name.removeprefix(prefix): value for name, value in state_dict.items() if name.startswith(prefix)}
        )
        self.n_averaged = autograd.tensor(int(state_dict["n_averaged"]))

    def __repr__(self) -> str:
        inner = repr(self.module).replace("\n", "\n  ")
        return f"AveragedModel(\n  (module): {inner}\n)"


def update_bn(loader: Iterable[Any], model: Any, device: Any = None) -> None:
    """Compute the running statistics of batch normalization anew, as averages over all batches of a loader.

    Averaged parameters make other activations than any model before them, so the statistics of training do not fit.

    Args:
        loader: batches, each a Tensor or a tuple or list whose first member is one.
        model: the model; it is run in training mode, and set back to its own.
        device: None or "cpu".

    Example:
        >>> model = nn.Sequential(nn.BatchNorm1d(2))
        >>> optim.swa_utils.update_bn([autograd.ones(4, 2), autograd.zeros(4, 2)], model)
        >>> model[0].running_mean
        tensor([0.5000, 0.5000])
    """
    norms = [m for m in model.modules() if any(base.__name__ == "_BatchNorm" for base in type(m).__mro__)]
    if not norms:
        return
    if device is not None and str(device) != "cpu":
        raise ArgumentError(f"update_bn: device is {device!r}; the only one is 'cpu'")
    momenta = [norm.momentum for norm in norms]
    training = model.training
    with autograd.no_grad():
        model.train()
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        try:
            for batch in loader:
                model(batch[0] if isinstance(batch, (list, tuple)) else batch)
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
            model.train(training)


class SWALR(LRScheduler):
    """Brings the learning rate to a fixed one, at which the models are averaged.

    Args:
        optimizer: whose learning rates are set.
        swa_lr: the learning rate in the end, or one for each group.
        anneal_epochs: in how many epochs.
        anneal_strategy: "cos" or "linear".
        last_epoch: see `LRScheduler`.

    Raises:
        ArgumentError: a setting is not accepted.

    Example:
        >>> optimizer = optim.SGD([autograd.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.75]

    Source: Izmailov, Podoprikhin, Garipov, Vetrov and Wilson 2018, arXiv 1803.05407, section 3.2.
    """

    closed: ClassVar[bool] = False

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(f"SWALR: anneal_strategy is {anneal_strategy!r}; use 'cos' or 'linear'")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ArgumentError(f"SWALR: anneal_epochs is {anneal_epochs}; use a whole number of at least 0")
        for group, lr in zip(optimizer.param_groups, each_group("SWALR", "swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = lr
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far the way is gone, from 0 to 1."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[float]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, end = number(group["lr"]), group["swa_lr"]
            start = end if before == 1 else (lr - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
