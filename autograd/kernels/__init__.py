"""Numbers only: numba loops on raw NumPy arrays, arrays and ints in, arrays out.

A kernel knows no Tensor and no gradient rule; it validates nothing, for its caller already has. Arrays come in
C-contiguous. Each function has a plain twin of the same signature in `autograd.kernels.reference`.

numba takes longer to import than the rest of the package together, so this module imports none of the kernels:
an operation imports `autograd.kernels.conv` (or `pool`) when it runs for the first time.
"""
