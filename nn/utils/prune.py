"""Pruning: parts of a parameter held at 0 by a mask, under the names of `torch.nn.utils.prune`.

A pruned `weight` is learned as the parameter `weight_orig`; before each forward it is computed as `weight_orig *
weight_mask`, where the mask, a buffer, has 0 for what is pruned. Pruning it again prunes what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import autograd
from autograd import Tensor
from autograd.errors import ArgumentError

from ..module import Module
from ..parameter import Parameter

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


class _Masking:
    """The hook that computes a pruned tensor."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, module: Any, inputs: Any = ()) -> None:
        original = getattr(module, self.name + "_orig")
        setattr(module, self.name, original * getattr(module, self.name + "_mask").to(original.dtype))


def _maskings(module: Module) -> dict[int, _Masking]:
    hooks = module.__dict__.get("_hooks")
    before = {} if hooks is None else hooks.before
    return {key: hook.function for key, hook in before.items() if isinstance(hook.function, _Masking)}


class BasePruningMethod:
    """What chooses what to prune: a subclass defines `compute_mask(t, default_mask)`.

    `PRUNING_TYPE` says what it is shown of a tensor that has been pruned before: "unstructured", the numbers that are
    left, in one row; "structured", the slices at dimension `dim` of which something is left; "global", all of it.

    Example:
        >>> class EverySecond(nn.utils.prune.BasePruningMethod):
        ...     def compute_mask(self, t, default_mask):
        ...         mask = default_mask.clone()
        ...         mask.view(-1)[::2] = 0
        ...         return mask
        >>> layer = EverySecond.apply(nn.Linear(4, 1), "weight")
        >>> [name for name, _ in layer.named_buffers()], layer.weight_mask.tolist()
        (['weight_mask'], [[0.0, 1.0, 0.0, 1.0]])
    """

    PRUNING_TYPE = "unstructured"
    dim: int

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        """The mask for importances `t`: 0 for what is pruned, and else what `default_mask` has."""
        raise NotImplementedError(f"{type(self).__name__} has no compute_mask")

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Tensor:
        """A tensor with zeros in the place of what is pruned, outside any module."""
        mask = autograd.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, mask)

    def combined(self, t: Any, mask: Any) -> Tensor:
        """The mask that prunes what the given one leaves."""
        if self.PRUNING_TYPE == "global":
            return self.compute_mask(t, mask)
        if self.PRUNING_TYPE == "structured" and t.ndim > 1:
            dim = self.dim % t.ndim
            left = mask.sum([d for d in range(t.ndim) if d != dim]) != 0
            part: Any = (slice(None),) * dim + (left,)
        else:
            part = mask == 1
        found = mask.clone()
        found[part] = self.compute_mask(t[part], mask[part])
        return found

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Module:
        """Prune a parameter of a module.

        Args:
            module: the owner.
            name: the parameter.
            args: settings of the method.
            importance_scores: what is judged in place of the parameter; of its shape.
            kwargs: settings by name.

        Returns:
            The module.

        Raises:
            ArgumentError: there is no such parameter, or the scores have another shape.
        """
        method = cls(*args, **kwargs)
        pruned = any(masking.name == name for masking in _maskings(module).values())
        original = module._parameters.get(name + "_orig" if pruned else name)
        if original is None:
            raise ArgumentError(f"prune: {type(module).__name__} has no parameter {name!r}")
        scores = original if importance_scores is None else importance_scores
        if scores.shape != original.shape:
            raise ArgumentError(
                f"prune: importance_scores {scores.shape} do not fit {name!r}, {original.shape}; make the shapes equal"
            )
        with autograd.no_grad():
            before = getattr(module, name + "_mask") if pruned else autograd.ones_like(original)
            mask = method.combined(scores.detach(), before)
        if pruned:
            setattr(module, name + "_mask", mask)
            masking = next(masking for masking in _maskings(module).values() if masking.name == name)
        else:
            delattr(module, name)
            module.register_parameter(name + "_orig", original)
            module.register_buffer(name + "_mask", mask)
            masking = _Masking(name)
            module.register_forward_pre_hook(masking)
        masking(module)
        return module


def _count(amount: Any, size: int) -> int:
    """How many of `size` are to be pruned."""
    whole = isinstance(amount, int)
    if not 0 <= amount <= (size if whole else 1):
        raise ArgumentError(f"prune: amount is {amount}; use a share from 0.0 to 1.0, or a number of at most {size}")
    return amount if whole else round(amount * size)


def _without_least(importance: Any, count: int, mask: Any) -> Tensor:
    found = mask.clone()
    if count:
        flat = found.reshape(-1)
        flat[autograd.topk(importance.reshape(-1), count, largest=False).indices] = 0
        found = flat.reshape(mask.shape)
    return found


class Identity(BasePruningMethod):
    """Prunes nothing, and only brings mask and hook into place."""

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        return default_mask


class RandomUnstructured(BasePruningMethod):
    """Prunes numbers at random; `amount` is their share, or how many."""

    def __init__(self, amount: float) -> None:
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        return _without_least(autograd.rand_like(t), _count(self.amount, t.numel()), default_mask)


class L1Unstructured(BasePruningMethod):
    """Prunes the numbers of the least size; `amount` is their share, or how many."""

    def __init__(self, amount: float) -> None:
        self.amount = amount

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        return _without_least(t.abs(), _count(self.amount, t.numel()), default_mask)


class _Structured(BasePruningMethod):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount = amount
        self.dim = dim

    def importance(self, t: Any, others: list[int]) -> Tensor:
        """A number for each slice."""
        raise NotImplementedError

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        if default_mask.ndim < 2:
            raise ArgumentError(f"prune: a tensor {t.shape} has no slices; give one of at least 2 dimensions")
        dim = self.dim % t.ndim
        importance = self.importance(t, [d for d in range(t.ndim) if d != dim])
        kept = _without_least(importance, _count(self.amount, t.shape[dim]), autograd.ones_like(importance))
        return default_mask * kept.reshape([-1 if d == dim else 1 for d in range(t.ndim)])


class RandomStructured(_Structured):
    """Prunes slices at dimension `dim` at random; `amount` is their share, or how many."""

    def importance(self, t: Any, others: list[int]) -> Tensor:
        """Random numbers."""
        return autograd.rand(t.shape[self.dim], dtype=t.dtype)


class LnStructured(_Structured):
    """Prunes the slices at dimension `dim` of the least n-norm; `amount` is their share, or how many."""

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def importance(self, t: Any, others: list[int]) -> Tensor:
        """The norms."""
        return autograd.norm(t, self.n, others)


class CustomFromMask(BasePruningMethod):
    """Prunes what a given mask has 0 for."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Tensor:
        if self.mask.shape != default_mask.shape:
            raise ArgumentError(f"prune: mask {self.mask.shape} does not fit the parameter, {default_mask.shape}")
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module: Module, name: str) -> Module:
    """Bring mask and hook into place without pruning: see `Identity`."""
    return Identity.apply(module, name)


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune numbers of a parameter at random: a share of those that are left, or so many."""
    return RandomUnstructured.apply(module, name, amount)


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Any = None) -> Module:
    """Prune the numbers of the least size of a parameter: a share of those that are left, or so many.

    Example:
        >>> layer = nn.Linear(2, 2)
        >>> with autograd.no_grad():
        ...     layer.weight[:] = autograd.tensor([[1.0, -0.1], [0.2, 3.0]])
        >>> nn.utils.prune.l1_unstructured(layer, "weight", 0.5).weight
        tensor([[1., -0.],
                [0., 3.]], grad_fn=<mul>)
    """
    return L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune slices of a parameter at random: a share of those that are left, or so many."""
    return RandomStructured.apply(module, name, amount, dim)


def ln_structured(module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Any = None) -> Module:
    """Prune the slices of the least n-norm of a parameter: a share of those that are left, or so many."""
    return LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)


def custom_from_mask(module: Module, name: str, mask: Any) -> Module:
    """Prune what a mask has 0 for."""
    return CustomFromMask.apply(module, name, mask)


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Any] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one.

    Args:
        parameters: pairs of module and name.
        pruning_method: the class of the method, an unstructured one.
        importance_scores: from such pairs to what is judged in place of the parameter.
        kwargs: settings of the method.
    """
    places = list(parameters)
    if pruning_method.PRUNING_TYPE != "unstructured":
        raise ArgumentError(f"global_unstructured: {pruning_method.__name__} is not unstructured")
    scores, masks = [], []
    for module, name in places:
        original = getattr(module, name + "_orig", None)
        value = getattr(module, name) if original is None else original
        scores.append((importance_scores or {}).get((module, name), value).detach())
        masks.append(autograd.ones_like(value) if original is None else module.get_buffer(name + "_mask"))
    whole = pruning_method(**kwargs).combined(
        autograd.cat([s.reshape(-1) for s in scores]), autograd.cat([m.reshape(-1) for m in masks])
    )
    parts = autograd.split(whole, [mask.numel() for mask in masks])
    for (module, name), mask, part in zip(places, masks, parts, strict=True):
        custom_from_mask(module, name, part.reshape(mask.shape))


def remove(module: Module, name: str) -> Module:
    """Make a pruned parameter an ordinary one, in which zeros stand for good.

    Raises:
        ArgumentError: it is not pruned.
    """
    for key, masking in _maskings(module).items():
        if masking.name == name:
            masking(module)
            value = getattr(module, name)
            original: Parameter = getattr(module, name + "_orig")
            original.data = value.detach()
            del module._hooks.before[key]  # type: ignore[union-attr]
            for entry in (name, name + "_orig", name + "_mask"):
                delattr(module, entry)
            module.register_parameter(name, original)
            return module
    raise ArgumentError(f"remove: {type(module).__name__} has no pruned {name!r}")


def is_pruned(module: Module) -> bool:
    """Whether anything here or below is pruned.

    Example:
        >>> nn.utils.prune.is_pruned(nn.Linear(2, 2))
        False
    """
    return any(_maskings(below) for below in module.modules())
