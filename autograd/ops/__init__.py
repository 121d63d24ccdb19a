"""The operations by family: their records, and the public functions over them."""

from ..numpy_names import accept_numpy_names
from . import (
    activation,
    adaptive_pool,
    affine,
    along,
    arithmetic,
    attention,
    bessel,
    bits,
    calculus,
    choosing,
    classification,
    comparison,
    contraction,
    conv,
    conv_transpose,
    coordinates,
    copies,
    ctc,
    cumulative,
    diagonals,
    distance,
    dropping,
    embeddings,
    exponential,
    extreme,
    fold,
    fractional_pool,
    grid,
    histograms,
    index,
    interpolation,
    joining,
    low_rank,
    lp_pool,
    margins,
    masking,  # noqa: F401  # in autograd.masked,
    masking_along,  # noqa: F401,
    masks,
    memory,
    normalization,
    norms,
    older_linalg,
    padding,
    piecewise,
    pixels,
    polynomials,
    pool,
    probability,
    products,
    quantiles,
    rearranging,
    recurrent,
    recurrent_cells,
    reduce,
    regression,
    resample,
    rounding,
    scattering,
    sets,
    shape,
    sorting,
    special_functions,
    splitting,
    standardization,
    statistics,
    stretching,
    trigonometric,
    unpool,
    views,
    weighted_sum,  # noqa: F401  # for Values
    window_pool,
)
from .activation import *  # noqa: F403
from .adaptive_pool import *  # noqa: F403
from .affine import *  # noqa: F403
from .along import *  # noqa: F403
from .arithmetic import *  # noqa: F403
from .attention import *  # noqa: F403
from .bessel import *  # noqa: F403
from .bits import *  # noqa: F403
from .calculus import *  # noqa: F403
from .choosing import *  # noqa: F403
from .classification import *  # noqa: F403
from .comparison import *  # noqa: F403
from .contraction import *  # noqa: F403
from .conv import *  # noqa: F403
from .conv_transpose import *  # noqa: F403
from .coordinates import *  # noqa: F403
from .copies import *  # noqa: F403
from .ctc import *  # noqa: F403
from .cumulative import *  # noqa: F403
from .diagonals import *  # noqa: F403
from .distance import *  # noqa: F403
from .dropping import *  # noqa: F403
from .embeddings import *  # noqa: F403
from .exponential import *  # noqa: F403
from .extreme import *  # noqa: F403
from .fold import *  # noqa: F403
from .fractional_pool import *  # noqa: F403
from .grid import *  # noqa: F403
from .histograms import *  # noqa: F403
from .index import *  # noqa: F403
from .interpolation import *  # noqa: F403
from .joining import *  # noqa: F403
from .low_rank import *  # noqa: F403
from .lp_pool import *  # noqa: F403
from .margins import *  # noqa: F403
from .masks import *  # noqa: F403
from .memory import *  # noqa: F403
from .normalization import *  # noqa: F403
from .norms import *  # noqa: F403
from .older_linalg import *  # noqa: F403
from .padding import *  # noqa: F403
from .piecewise import *  # noqa: F403
from .pixels import *  # noqa: F403
from .polynomials import *  # noqa: F403
from .pool import *  # noqa: F403
from .probability import *  # noqa: F403
from .products import *  # noqa: F403
from .quantiles import *  # noqa: F403
from .rearranging import *  # noqa: F403
from .recurrent import *  # noqa: F403
from .recurrent_cells import *  # noqa: F403
from .reduce import *  # noqa: F403
from .regression import *  # noqa: F403
from .resample import *  # noqa: F403
from .rounding import *  # noqa: F403
from .scattering import *  # noqa: F403
from .sets import *  # noqa: F403
from .shape import *  # noqa: F403
from .sorting import *  # noqa: F403
from .special_functions import *  # noqa: F403
from .splitting import *  # noqa: F403
from .standardization import *  # noqa: F403
from .statistics import *  # noqa: F403
from .stretching import *  # noqa: F403
from .trigonometric import *  # noqa: F403
from .unpool import *  # noqa: F403
from .views import *  # noqa: F403
from .window_pool import *  # noqa: F403

__all__: list[str] = [
    *activation.__all__,
    *attention.__all__,
    *adaptive_pool.__all__,
    *along.__all__,
    *comparison.__all__,
    *classification.__all__,
    *conv.__all__,
    *ctc.__all__,
    *distance.__all__,
    *dropping.__all__,
    *conv_transpose.__all__,
    *arithmetic.__all__,
    *bessel.__all__,
    *bits.__all__,
    *polynomials.__all__,
    *choosing.__all__,
    *exponential.__all__,
    *rounding.__all__,
    *special_functions.__all__,
    *trigonometric.__all__,
    *extreme.__all__,
    *fold.__all__,
    *embeddings.__all__,
    *index.__all__,
    *masks.__all__,
    *products.__all__,
    *low_rank.__all__,
    *older_linalg.__all__,
    *contraction.__all__,
    *affine.__all__,
    *margins.__all__,
    *normalization.__all__,
    *piecewise.__all__,
    *pool.__all__,
    *probability.__all__,
    *cumulative.__all__,
    *norms.__all__,
    *pixels.__all__,
    *standardization.__all__,
    *statistics.__all__,
    *sorting.__all__,
    *quantiles.__all__,
    *calculus.__all__,
    *sets.__all__,
    *histograms.__all__,
    *reduce.__all__,
    *regression.__all__,
    *scattering.__all__,
    *copies.__all__,
    *diagonals.__all__,
    *fractional_pool.__all__,
    *grid.__all__,
    *coordinates.__all__,
    *interpolation.__all__,
    *joining.__all__,
    *lp_pool.__all__,
    *memory.__all__,
    *padding.__all__,
    *rearranging.__all__,
    *recurrent.__all__,
    *recurrent_cells.__all__,
    *resample.__all__,
    *splitting.__all__,
    *stretching.__all__,
    *shape.__all__,
    *unpool.__all__,
    *views.__all__,
    *window_pool.__all__,
]

accept_numpy_names(globals())
