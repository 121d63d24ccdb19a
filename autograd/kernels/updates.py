"""Steps of optimizers in one pass: every number of a parameter is read, and written, once.

The arrays are one-dimensional, of one dtype and length: the parameter x, its gradient g and the state. x and the state
are changed in place. The plain twin of each function is the `update` rule of its optimizer in `optim`, which does the
same arithmetic in the same order, so that both give the same bits. Numbers are rounded to the arrays' dtype first, as
NumPy does. A penalty is left out, not multiplied by 0, because 0 times an infinite parameter is not 0.
"""

import numpy as np

from .threads import jit


@jit()
def sgd(x: np.ndarray, g: np.ndarray, lr: float, decay: float) -> None:
    """Gradient descent without momentum."""
    number = x.dtype.type
    lr, decay = number(lr), number(decay)
    if decay == 0:
        for i in range(x.size):
            x[i] -= lr * g[i]
    else:
        for i in range(x.size):
            x[i] -= lr * (g[i] + decay * x[i])


@jit()
def sgd_momentum(
    x: np.ndarray, g: np.ndarray, v: np.ndarray, lr: float, mu: float, undamped: float, decay: float, nesterov: float
) -> None:
    """Gradient descent with momentum; `undamped` is the factor of the new gradient, `nesterov` 1 or 0."""
    number = x.dtype.type
    lr, mu, undamped, decay = number(lr), number(mu), number(undamped), number(decay)
    for i in range(x.size):
        gradient = g[i]
        if decay != 0:
            gradient += decay * x[i]
        moved = v[i] * mu + undamped * gradient
        v[i] = moved
        x[i] -= lr * (gradient + mu * moved if nesterov != 0 else moved)


@jit()
def adam(
    x: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    largest: np.ndarray,
    rate: float,
    beta1: float,
    new1: float,
    beta2: float,
    new2: float,
    root_bias: float,
    eps: float,
    decay: float,
    shrink: float,
) -> None:
    """Adam and AdamW: `new` is 1 - beta, `rate` is lr / (1 - beta1^t), `root_bias` the root of 1 - beta2^t, `decay`
    the penalty and `shrink` the factor of decoupled decay. `largest` is empty except with amsgrad."""
    amsgrad = largest.size > 0
    number = x.dtype.type
    rate, root_bias, eps = number(rate), number(root_bias), number(eps)
    beta1, new1, beta2, new2 = number(beta1), number(new1), number(beta2), number(new2)
    decay, shrink = number(decay), number(shrink)
    for i in range(x.size):
        gradient, old = g[i], x[i] * shrink
        if decay != 0:
            gradient += decay * old
        mean = m[i] * beta1 + new1 * gradient
        square = v[i] * beta2 + gradient * gradient * new2
        m[i] = mean
        v[i] = square
        if amsgrad:
            before = largest[i]
            square = before if before > square or before != before else square  # a NaN stays one, as in np.maximum
            largest[i] = square
        x[i] = old - mean / (np.sqrt(square) / root_bias + eps) * rate


@jit()
def adamax(
    x: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    u: np.ndarray,
    rate: float,
    beta1: float,
    new1: float,
    beta2: float,
    eps: float,
    decay: float,
) -> None:
    """Adamax; `rate` is lr / (1 - beta1^t)."""
    number = x.dtype.type
    rate, beta1, new1, beta2 = number(rate), number(beta1), number(new1), number(beta2)
    eps, decay = number(eps), number(decay)
    for i in range(x.size):
        gradient = g[i]
        if decay != 0:
            gradient += decay * x[i]
        mean = m[i] * beta1 + new1 * gradient
        faded, size = u[i] * beta2, abs(gradient) + eps
        largest = faded if faded > size or faded != faded else size
        m[i] = mean
        u[i] = largest
        x[i] -= rate * mean / largest


@jit()
def nadam(
    x: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    share_of_g: float,
    share_of_m: float,
    beta1: float,
    new1: float,
    beta2: float,
    new2: float,
    bias: float,
    eps: float,
    decay: float,
    shrink: float,
) -> None:
    """NAdam; `bias` is 1 - beta2^t, the rest as in `adam`."""
    number = x.dtype.type
    share_of_g, share_of_m, bias, eps = number(share_of_g), number(share_of_m), number(bias), number(eps)
    beta1, new1, beta2, new2 = number(beta1), number(new1), number(beta2), number(new2)
    decay, shrink = number(decay), number(shrink)
    for i in range(x.size):
        gradient, old = g[i], x[i] * shrink
        if decay != 0:
            gradient += decay * old
        mean = m[i] * beta1 + new1 * gradient
        square = v[i] * beta2 + new2 * (gradient * gradient)
        m[i] = mean
        v[i] = square
        root = np.sqrt(square / bias) + eps
        x[i] = old - share_of_g * gradient / root - share_of_m * mean / root


@jit()
def radam(
    x: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    rate: float,
    beta1: float,
    new1: float,
    beta2: float,
    new2: float,
    rectified: float,
    eps: float,
    decay: float,
    shrink: float,
) -> None:
    """RAdam; `rectified` is the factor of the quotient by the root of v, or 0 while there is to be no quotient."""
    number = x.dtype.type
    rate, rectified, eps = number(rate), number(rectified), number(eps)
    beta1, new1, beta2, new2 = number(beta1), number(new1), number(beta2), number(new2)
    decay, shrink = number(decay), number(shrink)
    for i in range(x.size):
        gradient, old = g[i], x[i] * shrink
        if decay != 0:
            gradient += decay * old
        mean = m[i] * beta1 + new1 * gradient
        square = v[i] * beta2 + new2 * (gradient * gradient)
        m[i] = mean
        v[i] = square
        step = rate * mean
        if rectified != 0:
            step = step * rectified / (np.sqrt(square) + eps)
        x[i] = old - step


@jit()
def rmsprop(
    x: np.ndarray, g: np.ndarray, h: np.ndarray, lr: float, alpha: float, new: float, eps: float, decay: float
) -> None:
    """RMSprop, neither centered nor with momentum; `new` is 1 - alpha."""
    number = x.dtype.type
    lr, alpha, new, eps, decay = number(lr), number(alpha), number(new), number(eps), number(decay)
    for i in range(x.size):
        gradient = g[i]
        if decay != 0:
            gradient += decay * x[i]
        square = h[i] * alpha + new * (gradient * gradient)
        h[i] = square
        x[i] -= lr * (gradient / (np.sqrt(square) + eps))


@jit()
def adagrad(x: np.ndarray, g: np.ndarray, h: np.ndarray, lr: float, eps: float, decay: float) -> None:
    """Adagrad."""
    number = x.dtype.type
    lr, eps, decay = number(lr), number(eps), number(decay)
    for i in range(x.size):
        gradient = g[i]
        if decay != 0:
            gradient += decay * x[i]
        square = h[i] + gradient * gradient
        h[i] = square
        x[i] -= lr * gradient / (np.sqrt(square) + eps)


@jit()
def adadelta(
    x: np.ndarray,
    g: np.ndarray,
    h: np.ndarray,
    r: np.ndarray,
    lr: float,
    rho: float,
    new: float,
    eps: float,
    decay: float,
) -> None:
    """Adadelta; `new` is 1 - rho."""
    number = x.dtype.type
    lr, rho, new, eps, decay = number(lr), number(rho), number(new), number(eps), number(decay)
    for i in range(x.size):
        gradient = g[i]
        if decay != 0:
            gradient += decay * x[i]
        square = h[i] * rho + new * (gradient * gradient)
        h[i] = square
        d = np.sqrt(r[i] + eps) / np.sqrt(square + eps) * gradient
        r[i] = r[i] * rho + new * (d * d)
        x[i] -= lr * d


@jit()
def lion(
    x: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    lr: float,
    beta1: float,
    new1: float,
    beta2: float,
    new2: float,
    shrink: float,
) -> None:
    """Lion; `shrink` is the factor of decoupled decay."""
    number = x.dtype.type
    lr, shrink = number(lr), number(shrink)
    beta1, new1, beta2, new2 = number(beta1), number(new1), number(beta2), number(new2)
    for i in range(x.size):
        gradient, mean = g[i], m[i]
        x[i] = x[i] * shrink - lr * np.sign(beta1 * mean + new1 * gradient)
        m[i] = mean * beta2 + new2 * gradient
