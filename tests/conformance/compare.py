"""Our operations against PyTorch's, on the samples of PyTorch's own database of operations.

    python tests/conformance/compare.py                    every entry, all samples: values and gradients
    python tests/conformance/compare.py add linalg.svd     some entries, with what is wrong in each
    python tests/conformance/compare.py --second --errors  second derivatives and refusals of wrong input too

An entry is compared with our function of its name: `linalg.det` with `autograd.linalg.det`, `nn.functional.relu` with
`nn.functional.relu`, `__radd__` and what is a method alone with Tensor's. Each sample is float64. Results must have
PyTorch's number, shapes and dtypes, and its numbers; gradients of fixed weights on all outputs must be PyTorch's too.
The arguments `device`, `layout`, `pin_memory` and `memory_format`, which mean nothing here, are dropped.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from known import ABSENT, ACCEPTED, DIFFERENCES, IN_PLACE_DIFFERENCES, SHAPE_ONLY, TOLERANCES, WRAPPED, WRAPPERS, Loose

import autograd
import nn.functional
from autograd import Tensor
from autograd.errors import ChainruleError

MEANINGLESS = ("device", "layout", "pin_memory", "memory_format")


@dataclass
class Outcome:
    """What came of one entry: samples that passed, and for those that did not, what was wrong."""

    name: str
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    absent: str | None = None
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """One word: passed, differs (as documented), failed or absent."""
        if self.absent is not None:
            return "absent"
        if self.failures or not (self.passed or self.differences):
            return "failed"
        return "differs" if self.differences else "passed"


class NotOfferedError(Exception):
    """An argument of a dtype that is not offered."""


@functools.cache
def database() -> dict[str, Any]:
    """PyTorch's entries that have float64 samples, by name and variant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from torch.testing._internal.common_methods_invocations import op_db
    return {
        entry.name + (f"/{entry.variant_test_name}" if entry.variant_test_name else ""): entry
        for entry in op_db
        if torch.float64 in entry.dtypes
    }


def ours(name: str) -> Callable[..., Any] | None:
    """Our function for an entry's name, or None."""
    path = name.split("/")[0].split(".")
    if name in ("where",):  # PyTorch's entry calls the method
        return Tensor.where
    if path[-1] in ("embedding", "embedding_bag"):  # PyTorch's entries give the table first
        look_up = getattr(nn.functional, path[-1])
        return lambda weight, indices, **keywords: look_up(indices, weight, **keywords)
    if path[-1] == "einsum":  # PyTorch's entry gives the operands first
        return lambda operands, equation: autograd.einsum(equation, *operands)
    if name in ("svd_lowrank", "pca_lowrank"):  # and here
        low_rank = getattr(autograd, name)
        return lambda a, b, **keywords: low_rank(a @ b.mT, **keywords)
    if name == "linalg.pinv/singular":  # PyTorch's entry gives the factors of the matrix
        return lambda a, b: autograd.linalg.pinv(a @ b.mT)
    if name == "linalg.lstsq/grad_oriented":  # PyTorch's entry keeps what has a gradient
        return lambda a, b, driver: autograd.linalg.lstsq(a, b, driver=driver)[:2]
    if path[-1] == "polygamma":  # PyTorch's entry gives the Tensor first
        return lambda x, n: autograd.polygamma(n, x)
    if name == "slice":  # what users write as an index
        return lambda x, dim=0, start=None, end=None, step=1: x[(slice(None),) * dim + (slice(start, end, step),)]
    if name == "zero_":  # PyTorch's entry changes a copy
        return lambda x: x.clone().zero_()
    if name == "normal/in_place" or name in ("cauchy", "exponential", "geometric", "log_normal", "uniform"):
        return getattr(Tensor, path[0] + "_")  # PyTorch has the method alone
    host: Any = nn.functional if path[:2] == ["nn", "functional"] else autograd
    for part in path[2:-1] if host is nn.functional else path[:-1]:
        host = getattr(host, part, None)
    found = getattr(host, path[-1], None)
    if callable(found) and not isinstance(found, (type, np.dtype, ModuleType)):
        return found
    if len(path) == 1 and hasattr(Tensor, path[0]):
        attribute = path[0]
        if isinstance(getattr(Tensor, attribute), property):
            return lambda x: getattr(x, attribute)
        return lambda x, *arguments, **keywords: getattr(x, attribute)(*arguments, **keywords)
    return None


# --- from PyTorch's arguments to ours


def dtype_of(dtype: Any) -> Any:
    """Our dtype for PyTorch's."""
    name = str(dtype).removeprefix("torch.")
    if name not in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"):
        raise NotOfferedError(name)
    return np.dtype(name)


def convert(value: Any, leaves: dict[int, Any]) -> Any:
    """An argument as ours; tensors become Tensors, entered into `leaves` under the id of PyTorch's."""
    import torch

    if isinstance(value, torch.Tensor):
        if id(value) not in leaves:
            dtype_of(value.dtype)
            array = value.detach().resolve_neg().numpy()
            leaf = autograd.tensor(0.0)
            leaf.data = autograd.from_numpy(np.array(array, order="K", copy=True))
            if value.requires_grad:
                leaf.requires_grad_()
            leaves[id(value)] = leaf
        return leaves[id(value)]
    if isinstance(value, torch.dtype):
        return dtype_of(value)
    if isinstance(value, complex):
        raise NotOfferedError("complex")
    if isinstance(value, (torch.Size, tuple)):
        return tuple([convert(x, leaves) for x in value])
    if isinstance(value, list):
        return [convert(x, leaves) for x in value]
    if isinstance(value, torch.nn.PairwiseDistance):  # PyTorch's own takes none of our Tensors
        return lambda x, y: nn.functional.pairwise_distance(x, y, value.norm, value.eps, value.keepdim)
    return value


def flat(result: Any) -> list[Any]:
    """The results in a row, out of tuples and lists."""
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in flat(part)]
    return [result]


def tensors_in(value: Any) -> Iterator[Any]:
    """PyTorch's tensors among arguments."""
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for x in value:
            yield from tensors_in(x)
    elif isinstance(value, dict):
        for x in value.values():
            yield from tensors_in(x)


# --- comparing


def differ(what: str, found: Any, expected: Any, tolerance: Loose) -> str | None:
    """Say how our array or number differs from PyTorch's, or None."""
    found, expected = np.asarray(found), np.asarray(expected)
    if found.shape != expected.shape:
        return f"{what} has shape {found.shape} instead of {expected.shape}"
    if found.dtype != expected.dtype:
        return f"{what} is {found.dtype} instead of {expected.dtype}"
    if found.dtype.kind != "f":
        return None if np.array_equal(found, expected) else f"{what} is other numbers: {_worst(found, expected)}"
    finite = expected[np.isfinite(expected)]
    scale = float(np.max(np.abs(finite), initial=1.0))
    rtol, atol = tolerance.rtol, tolerance.atol * scale
    if np.allclose(found, expected, rtol=rtol, atol=atol, equal_nan=True):
        return None
    return f"{what} is other numbers: {_worst(found, expected)}"


def _worst(found: np.ndarray, expected: np.ndarray) -> str:
    with np.errstate(all="ignore"):
        error = np.abs(np.asarray(found, dtype=np.float64) - np.asarray(expected, dtype=np.float64))
        error = np.where(np.isnan(error) & ~(np.isnan(found) & np.isnan(expected)), np.inf, np.nan_to_num(error))
    place = np.unravel_index(int(np.argmax(error)), error.shape)
    return f"{found[place]} instead of {expected[place]} at {tuple(map(int, place))}"


def _array(result: Any) -> Any:
    if isinstance(result, Tensor):
        return result.detach().numpy()
    # The copy gives PyTorch's efficient zeros, which second derivatives may be, memory to read.
    return result.detach().clone().resolve_neg().numpy() if hasattr(result, "detach") else result


def _weights(result: Any) -> np.ndarray:
    count = int(np.prod(result.shape))
    return np.cos(np.arange(count) + 1.0).reshape(tuple(result.shape)).astype(str(result.dtype).removeprefix("torch."))


def compare(name: str, sample: Any, entry: Any, second: bool = False) -> str | None:
    """Run one sample in both; say what is different, or None.

    Raises:
        NotOfferedError: an argument is complex, or of another dtype that we do not offer.
    """
    import torch

    function = ours(name)
    assert function is not None
    leaves: dict[int, Any] = {}
    arguments = convert([sample.input, *sample.args], leaves)
    keywords = {k: convert(v, leaves) for k, v in sample.kwargs.items() if k not in MEANINGLESS}
    torch.manual_seed(0)
    theirs_of, ours_of = entry.op, function
    if name in WRAPPED:
        theirs_of, ours_of = (
            functools.partial(WRAPPERS.get(name, entry.gradcheck_wrapper), f) for f in (entry.op, function)
        )
    expected = theirs_of(sample.input, *sample.args, **sample.kwargs)
    result = ours_of(*arguments, **keywords)
    shape_only = name in SHAPE_ONLY or bool(sample.kwargs.get("dropout_p"))
    tolerance = TOLERANCES.get(name, Loose())
    if sample.output_process_fn_grad is not None:
        expected, result = sample.output_process_fn_grad(expected), sample.output_process_fn_grad(result)
    theirs, mine = flat(expected), flat(result)
    for x in theirs:
        if isinstance(x, torch.Tensor):
            dtype_of(x.dtype)
    if len(theirs) != len(mine):
        return f"{len(mine)} results instead of {len(theirs)}"
    for k, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        if isinstance(a, Tensor) != isinstance(b, torch.Tensor):
            return f"result {k} is {type(a).__name__} instead of {type(b).__name__}"
        if shape_only:
            if tuple(a.shape) != tuple(b.shape) or str(a.dtype) != str(b.dtype).removeprefix("torch."):
                return f"result {k} is {a.dtype} {a.shape} instead of {b.dtype} {tuple(b.shape)}"
            continue
        problem = differ(f"result {k}", _array(a), _array(b), tolerance)
        if problem:
            return problem
    if shape_only or not entry.supports_autograd:
        return None
    return _compare_gradients(sample, leaves, theirs, mine, tolerance, second and entry.supports_gradgrad)


def _compare_gradients(
    sample: Any, leaves: dict[int, Any], theirs: list[Any], mine: list[Any], tolerance: Loose, second: bool
) -> str | None:
    import torch

    sources = [t for t in tensors_in([sample.input, sample.args, sample.kwargs]) if t.requires_grad]
    sources = list({id(t): t for t in sources}.values())
    outputs = [k for k, t in enumerate(theirs) if isinstance(t, torch.Tensor) and t.requires_grad]
    if not sources or not outputs:
        return None
    for k in outputs:
        if not mine[k].requires_grad:
            return f"result {k} does not require grad"
    weights = [_weights(mine[k]) for k in outputs]
    expected = torch.autograd.grad(
        [theirs[k] for k in outputs], sources, [torch.from_numpy(w) for w in weights], allow_unused=True,
        create_graph=second,
    )  # fmt: skip
    found = autograd.grad(
        [mine[k] for k in outputs], [leaves[id(t)] for t in sources], weights, allow_unused=True, create_graph=second
    )
    for k, (a, b, source) in enumerate(zip(found, expected, sources, strict=True)):
        zero = np.zeros(tuple(source.shape))
        given, wanted = zero if a is None else _array(a), zero if b is None else _array(b)
        problem = differ(f"gradient {k}", given, wanted, tolerance)
        if problem:
            return problem
    if not second:
        return None
    again = [k for k, b in enumerate(expected) if b is not None and b.requires_grad]
    if not again:
        return None
    slopes = [_weights(expected[k]) for k in again]
    try:
        expected = torch.autograd.grad(
            [expected[k] for k in again], sources, [torch.from_numpy(w) for w in slopes], allow_unused=True
        )
    except RuntimeError as error:
        if "is not implemented" in str(error):  # PyTorch has no second derivative to compare with
            return None
        raise
    followed = [(k, w) for k, w in zip(again, slopes, strict=True) if found[k] is not None and found[k].requires_grad]
    gradients: Sequence[Any] = [None] * len(sources)
    if followed:
        targets = [leaves[id(t)] for t in sources]
        gradients = autograd.grad([found[k] for k, _ in followed], targets, [w for _, w in followed], allow_unused=True)
    for k, (a, b, source) in enumerate(zip(gradients, expected, sources, strict=True)):
        zero = np.zeros(tuple(source.shape))
        given, wanted = zero if a is None else _array(a), zero if b is None else _array(b)
        problem = differ(f"second gradient {k}", given, wanted, Loose(tolerance.rtol * 100, tolerance.atol * 100))
        if problem:
            return problem
    return None


def run(name: str, limit: int | None = None, second: bool = False) -> Outcome:
    """Compare one entry on its samples, at most `limit` of them, spread over all."""
    import torch

    outcome = Outcome(name)
    if name in ABSENT or ours(name) is None:
        outcome.absent = ABSENT.get(name, ABSENT.get(name.split(".")[0] + ".*", "not there yet"))
        return outcome
    entry = database()[name]
    start = time.perf_counter()
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = list(entry.sample_inputs("cpu", torch.float64, requires_grad=entry.supports_autograd))
        if limit is not None and len(samples) > limit:
            samples = [samples[round(k * (len(samples) - 1) / max(limit - 1, 1))] for k in range(limit)]
        for number, sample in enumerate(samples):
            try:
                problem = compare(name, sample, entry, second)
            except NotOfferedError as error:
                problem = f"not offered: {error}"
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                outcome.passed += 1
                continue
            known = DIFFERENCES.get(name)
            shown = f"sample {number} {_shown(sample)}: {problem}"
            if known is not None and known.covers(problem):
                outcome.differences.append(f"{known.reason} ({shown})")
            else:
                outcome.failures.append(shown)
    outcome.seconds = time.perf_counter() - start
    return outcome


def run_in_place(name: str, limit: int | None = None) -> Outcome:
    """Compare the method that changes a tensor in place, on clones of the entry's samples.

    Where PyTorch refuses a sample, as too wide or of another dtype, ours is not tried.
    """
    import torch

    outcome = Outcome(f"{name} in place")
    entry = database()[name]
    method = getattr(entry.inplace_variant, "__name__", "")
    if not hasattr(torch.Tensor, method) or not hasattr(Tensor, method):
        outcome.absent = "not there"
        return outcome
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = list(entry.sample_inputs("cpu", torch.float64, requires_grad=entry.supports_autograd))
        for number, sample in enumerate(samples if limit is None else samples[:limit]):
            try:
                theirs = sample.input.clone()
                getattr(theirs, method)(*sample.args, **sample.kwargs)
                sources = [t for t in tensors_in([sample.input, sample.args, sample.kwargs]) if t.requires_grad]
                expected: Any = ()
                if theirs.requires_grad:
                    expected = torch.autograd.grad(
                        theirs, sources, torch.from_numpy(_weights(theirs)), allow_unused=True
                    )
            except (RuntimeError, TypeError, IndexError):
                continue
            try:
                leaves: dict[int, Any] = {}
                arguments = convert([sample.input, *sample.args], leaves)
                keywords = {k: convert(v, leaves) for k, v in sample.kwargs.items() if k not in MEANINGLESS}
                mine = arguments[0].clone()
                answer = getattr(mine, method)(*arguments[1:], **keywords)
                problem = None if answer is mine else "the method did not return its tensor"
                tolerance = TOLERANCES.get(name, Loose())
                if name not in SHAPE_ONLY:
                    problem = problem or differ("the tensor", _array(mine), _array(theirs), tolerance)
                found: Any = ()
                if expected and not problem:
                    targets = [leaves[id(t)] for t in sources]
                    found = autograd.grad(mine, targets, _weights(mine), allow_unused=True)
                for k, (a, b) in enumerate(zip(found, expected, strict=True)):
                    zero = np.zeros(tuple(sources[k].shape))
                    given, wanted = zero if a is None else _array(a), zero if b is None else _array(b)
                    problem = problem or differ(f"gradient {k}", given, wanted, tolerance)
            except NotOfferedError as error:
                problem = f"not offered: {error}"
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            known = IN_PLACE_DIFFERENCES.get(name)
            if problem is None:
                outcome.passed += 1
            elif known is not None and known.covers(problem):
                outcome.differences.append(f"{known.reason} (sample {number} {_shown(sample)}: {problem})")
            else:
                outcome.failures.append(f"sample {number} {_shown(sample)}: {problem}")
    if not outcome.passed and not outcome.failures:
        outcome.absent = "PyTorch refuses all samples"
    return outcome


def has_wrong_calls(name: str) -> bool:
    """Whether PyTorch's entry brings calls that are to be refused."""
    entry = database()[name]
    return entry.error_inputs_func is not None and next(iter(entry.error_inputs("cpu")), None) is not None


def refusals(name: str) -> tuple[int, list[str]]:
    """Run the entry's wrong calls: how many we refuse with an error of ours, and those that we do not."""
    entry = database()[name]
    function = ours(name)
    if function is None or name in ABSENT or entry.error_inputs_func is None:
        return 0, []
    refused, missed = 0, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, wrong in enumerate(entry.error_inputs("cpu")):
            sample = wrong.sample_input
            try:
                leaves: dict[int, Any] = {}
                arguments = convert([sample.input, *sample.args], leaves)
                keywords = {k: convert(v, leaves) for k, v in sample.kwargs.items() if k not in MEANINGLESS}
                function(*arguments, **keywords)
            except (NotOfferedError, ChainruleError):
                refused += 1
            except Exception as error:
                missed.append(f"error sample {number} {_shown(sample)}: {type(error).__name__}: {error}")
            else:
                missed.append(f"error sample {number} {_shown(sample)}: accepted; PyTorch: {wrong.error_regex}")
    known = ACCEPTED.get(name)
    return refused, [text for text in missed if known is None or not known.covers(text)]


def _shown(sample: Any) -> str:
    def show(x: Any) -> str:
        if hasattr(x, "dtype") and hasattr(x, "shape"):
            return f"{str(x.dtype).removeprefix('torch.')}{tuple(x.shape)}"
        if isinstance(x, (tuple, list)):
            return "[" + ", ".join(show(y) for y in x) + "]"
        return repr(x)

    listed = [show(x) for x in (sample.input, *sample.args)]
    return ("(" + ", ".join(listed + [f"{k}={show(v)}" for k, v in sample.kwargs.items()]) + ")")[:160]


def table(outcomes: Sequence[Outcome]) -> str:
    """The counts, and a line for each entry that is not passed."""
    counts = {v: sum(o.verdict == v for o in outcomes) for v in ("passed", "differs", "failed", "absent")}
    lines = [f"{len(outcomes)} entries: " + ", ".join(f"{n} {v}" for v, n in counts.items())]
    samples = sum(o.passed for o in outcomes)
    lines.append(f"{samples} samples passed in {sum(o.seconds for o in outcomes):.0f} s")
    for verdict in ("failed", "differs", "absent"):
        for o in outcomes:
            if o.verdict != verdict:
                continue
            said = o.absent or (o.failures or o.differences or ["no sample passed"])[0]
            wrong = len(o.failures) + len(o.differences)
            lines.append(f"{verdict:8} {o.name:45} {f'{wrong} of {wrong + o.passed}: ' if wrong else ''}{said}")
    return "\n".join(lines)


def main() -> int:
    """Run the command line; the exit code says whether anything failed."""
    parser = argparse.ArgumentParser(description="our operations against PyTorch's, on its own samples")
    parser.add_argument("names", nargs="*", help="entries, or beginnings of their names followed by *")
    parser.add_argument("--samples", type=int, metavar="N", help="at most N samples of each entry")
    parser.add_argument("--second", action="store_true", help="compare second derivatives too")
    parser.add_argument("--errors", action="store_true", help="try the wrong calls too")
    parser.add_argument("--in-place", action="store_true", help="compare the methods that change a tensor in place too")
    options = parser.parse_args()
    names = list(database())
    if options.names:
        names = [
            n for n in names
            if any(n == w or n.split("/")[0] == w or (w.endswith("*") and n.startswith(w[:-1])) for w in options.names)
        ]  # fmt: skip
    outcomes = []
    for name in names:
        outcome = run(name, options.samples, options.second)
        outcomes.append(outcome)
        if options.names:
            for failure in outcome.failures[:20]:
                print(f"{name}: {failure}")
    missed_calls = 0
    if options.in_place:
        outcomes += [o for o in (run_in_place(n, options.samples) for n in names) if o.absent is None]
    if options.errors:
        refused = 0
        for name in names:
            count, missed = refusals(name)
            refused += count
            missed_calls += len(missed)
            for text in missed[: 20 if options.names else 1]:
                print(f"{name}: {text}")
        print(f"{refused} wrong calls refused, {missed_calls} not")
    print(table(outcomes))
    return int(any(o.verdict == "failed" for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
