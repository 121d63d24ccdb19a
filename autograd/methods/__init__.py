"""The operators and methods of Tensor that are operations, by family, each in one line."""

from __future__ import annotations

from .elementwise import Elementwise
from .indexing import Indexing
from .inplace import InPlace
from .operators import Operators
from .products import Products
from .reductions import Reductions
from .shapes import Shapes

__all__ = ["Methods"]


class Methods(Operators, Elementwise, Reductions, Shapes, Indexing, Products, InPlace):
    """What Tensor inherits: every operator and operation, as a method."""

    __slots__ = ()
    __hash__ = Operators.__hash__
