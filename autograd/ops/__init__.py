"""The operations by family: their records, and the public functions over them."""

from . import (
    activation,
    comparison,
    conv,
    conv_transpose,
    cumulative,
    elementwise,
    extreme,
    fold,
    index,
    loss,
    normalization,
    norms,
    piecewise,
    pool,
    probability,
    products,
    reduce,
    shape,
    statistics,
    views,
)
from .activation import *  # noqa: F403
from .comparison import *  # noqa: F403
from .conv import *  # noqa: F403
from .conv_transpose import *  # noqa: F403
from .cumulative import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .extreme import *  # noqa: F403
from .fold import *  # noqa: F403
from .index import *  # noqa: F403
from .loss import *  # noqa: F403
from .normalization import *  # noqa: F403
from .norms import *  # noqa: F403
from .piecewise import *  # noqa: F403
from .pool import *  # noqa: F403
from .probability import *  # noqa: F403
from .products import *  # noqa: F403
from .reduce import *  # noqa: F403
from .shape import *  # noqa: F403
from .views import *  # noqa: F403
from .statistics import *  # noqa: F403

__all__: list[str] = [
    *activation.__all__,
    *comparison.__all__,
    *conv.__all__,
    *conv_transpose.__all__,
    *elementwise.__all__,
    *extreme.__all__,
    *fold.__all__,
    *index.__all__,
    *products.__all__,
    *loss.__all__,
    *normalization.__all__,
    *piecewise.__all__,
    *pool.__all__,
    *probability.__all__,
    *cumulative.__all__,
    *norms.__all__,
    *statistics.__all__,
    *reduce.__all__,
    *shape.__all__,
    *views.__all__,
]
