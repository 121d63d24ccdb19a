"""The operators and methods of Tensor that are operations or say what it is, by family."""

from __future__ import annotations

from ..numpy_names import accept_numpy_names
from .converting import Converting
from .creating import Creating
from .describing import Describing
from .elementwise import Elementwise
from .indexing import Indexing
from .inplace import InPlace
from .logic import Logic
from .operators import Operators
from .products import Products
from .reductions import Reductions
from .reshaping import Reshaping
from .sampling import Sampling
from .shapes import Shapes

__all__ = ["Methods"]


class Methods(
    Describing,
    Operators,
    Elementwise,
    Logic,
    Reductions,
    Shapes,
    Indexing,
    Products,
    InPlace,
    Reshaping,
    Creating,
    Sampling,
    Converting,
):
    """What Tensor inherits: every operator and operation, as a method."""

    __slots__ = ()
    __hash__ = Operators.__hash__


for _family in Methods.__bases__:
    accept_numpy_names(_family)
