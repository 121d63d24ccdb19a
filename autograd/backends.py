"""What `torch.backends` answers on a machine that has none but the CPU."""

from __future__ import annotations

from types import SimpleNamespace

__all__ = ["cuda", "cudnn", "mkldnn", "mps"]


class _Absent(SimpleNamespace):
    """A backend that is not there. Its settings can be set and read, and steer nothing."""

    def is_available(self) -> bool:
        """Tell whether the backend can be used: it cannot."""
        return False

    def is_built(self) -> bool:
        """Tell whether the backend is part of this package: it is not."""
        return False


cudnn = _Absent(enabled=True, benchmark=False, deterministic=False, allow_tf32=True)
cuda = _Absent(matmul=SimpleNamespace(allow_tf32=False))
mps = _Absent()
mkldnn = _Absent(enabled=True)
