"""Transforms of functions, composable: `torch.func`.

>>> from autograd.func import grad, vmap
>>> slopes = vmap(grad(lambda x: x**3))
>>> slopes(autograd.tensor([1.0, 2.0, 3.0]))
tensor([ 3., 12., 27.])
"""

from .modules import functional_call, stack_module_state
from .transforms import grad, grad_and_value, hessian, hvp, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp
from .vmap import vmap  # the function takes the place of the module of its name

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "hvp",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "value_and_grad",
    "vjp",
    "vmap",
]
