"""The operations by family: their records, and the public functions over them."""

from . import (
    activation,
    comparison,
    conv,
    elementwise,
    extreme,
    index,
    loss,
    normalization,
    pool,
    products,
    reduce,
    shape,
)
from .activation import *  # noqa: F403
from .comparison import *  # noqa: F403
from .conv import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .extreme import *  # noqa: F403
from .index import *  # noqa: F403
from .loss import *  # noqa: F403
from .normalization import *  # noqa: F403
from .pool import *  # noqa: F403
from .products import *  # noqa: F403
from .reduce import *  # noqa: F403
from .shape import *  # noqa: F403

__all__: list[str] = [
    *activation.__all__,
    *comparison.__all__,
    *conv.__all__,
    *elementwise.__all__,
    *extreme.__all__,
    *index.__all__,
    *products.__all__,
    *loss.__all__,
    *normalization.__all__,
    *pool.__all__,
    *reduce.__all__,
    *shape.__all__,
]
