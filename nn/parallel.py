"""What PyTorch spreads over processes and devices, on the one of each that there is."""

from __future__ import annotations

from typing import Any

from autograd.errors import ArgumentError

from .module import Module
from .normalization import _BatchNorm

__all__ = ["DataParallel", "SyncBatchNorm"]


class DataParallel(Module):
    """A model whose batches PyTorch divides among graphics cards; here, as there without one, it does them itself.

    Args:
        module: the model, kept as `module`, so that the names in `state_dict` begin with "module.".
        device_ids, output_device: have no meaning on a CPU.
        dim: the dimension of the batch.

    Example:
        >>> model = nn.DataParallel(nn.Linear(3, 2))
        >>> model(autograd.ones(5, 3)).shape, list(model.state_dict())
        ((5, 2), ['module.weight', 'module.bias'])
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[Any] = []
        self.dim = dim

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """What the model computes."""
        return self.module(*inputs, **keywords)


class SyncBatchNorm(_BatchNorm):
    """As `BatchNorm1d`, for inputs of any number of dimensions.

    In PyTorch, processes that train one model together share the statistics of their batches. chainrule trains in one
    process, whose batch is the whole, and there this is batch normalisation, in PyTorch too.

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: the share of the new estimate; None for the plain average of all batches seen.
        affine: learn weight and bias.
        track_running_stats: keep running estimates; without them evaluation uses the batch's too.
        process_group: None; there are no others to share with.
        device: "cpu" or None.
        dtype: of parameters and buffers; the default dtype, unless given.
        bias: learn the bias, where affine.

    Raises:
        ArgumentError: a process group is given.
        ShapeError: an input does not fit, or a training batch has fewer than two numbers a feature.

    Shapes:
        input and output (N, C, ...).

    Example:
        >>> nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))[1]
        SyncBatchNorm(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    """

    dims = tuple(range(2, 65))  # as many as an array can have
    expected = "(N, C, ...)"

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if process_group is not None:
            raise ArgumentError(
                "SyncBatchNorm: a process group is given, and chainrule trains in one process; leave it out"
            )
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Put a SyncBatchNorm, with the same parameters and buffers, in place of every BatchNorm here and below.

        Args:
            module: a model, which is changed, or a BatchNorm layer.
            process_group: None; there are no others to share with.

        Returns:
            The model, or the new layer.
        """
        converted = module
        if isinstance(module, _BatchNorm):
            made = cls(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            made.weight, made.bias = module.weight, module.bias
            made.running_mean, made.running_var = module.running_mean, module.running_var
            made.num_batches_tracked = module.num_batches_tracked
            converted = made.train(module.training)
        for name, child in module.named_children():
            converted.register_module(name, cls.convert_sync_batchnorm(child, process_group))
        return converted
