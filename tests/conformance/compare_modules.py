"""Our modules against PyTorch's, on the samples of PyTorch's own database of modules.

    python tests/conformance/compare_modules.py                 every module, all samples
    python tests/conformance/compare_modules.py Conv2d GRU      some modules, with what is wrong in each

A module is made with the same constructor arguments in both, in float64, and is given PyTorch's numbers by
`load_state_dict`; where it is lazy, after a first call. Compared, in training and in evaluation: the names, shapes and
order of the state, before and after the call; the repr; the outputs; and the gradients, of fixed weights on all
outputs, by all inputs and by every parameter. Samples whose arguments we do not offer are passed over and counted.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from compare import NotOfferedError, _array, _weights, convert, differ, dtype_of, flat, tensors_in
from known import ABSENT_MODULES, MODULE_DIFFERENCES, Loose

import autograd
import nn
from autograd import Tensor

TOLERANCE = Loose(1e-9, 1e-10)
# Functions of the first input that are put before the module in both: PyTorch's gradient of ctc_loss is that of
# unnormalised scores, and is right after log_softmax alone.
BEFORE: dict[str, Callable[[Any], Any]] = {"CTCLoss": lambda x: x.log_softmax(2)}


@dataclass
class Outcome:
    """What came of one module: samples that passed, that were passed over, and what was wrong with the others."""

    name: str
    passed: int = 0
    not_offered: int = 0
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


@functools.cache
def database() -> dict[str, Any]:
    """PyTorch's entries, by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_modules import module_db
    return {entry.name.removeprefix("nn."): entry for entry in module_db}


def given(value: Any, leaves: dict[int, Any]) -> Any:
    """An argument as ours: tensors, functions and modules by PyTorch's names, and what holds them."""
    import torch

    if isinstance(value, torch.nn.TransformerEncoderLayer):
        attention, norm = value.self_attn, value.norm1
        layer = nn.TransformerEncoderLayer(
            attention.embed_dim,
            attention.num_heads,
            value.linear1.out_features,
            value.dropout.p,
            given(value.activation, leaves),
            norm.eps,
            attention.batch_first,
            value.norm_first,
            value.linear1.bias is not None,
        )
        return layer.train(value.training)
    if isinstance(value, torch.nn.Module):
        raise NotOfferedError(f"a module as an argument, {type(value).__name__}")
    if isinstance(value, dict):
        return {k: given(v, leaves) for k, v in value.items()}
    if isinstance(value, (tuple, list)) and not isinstance(value, torch.Size):
        return type(value)([given(v, leaves) for v in value])
    if callable(value) and getattr(value, "__name__", "") and not isinstance(value, type):
        ours = getattr(nn.functional, value.__name__, None)
        if ours is not None:
            return ours
    return convert(value, leaves)


def state_of(module: Any) -> list[tuple[str, tuple[int, ...], str]]:
    """Names, shapes and dtypes, in order."""
    return [(k, tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in module.state_dict().items()]


def compare(name: str, sample: Any, training: bool) -> str | None:
    """Run one sample in both; say what is different, or None.

    Raises:
        NotOfferedError: an argument is of a kind or dtype that we do not offer.
    """
    import torch

    entry, leaves = database()[name], {}
    made, called = sample.constructor_input, sample.forward_input
    arguments = given(list(made.args), leaves)
    keywords = given(dict(made.kwargs), leaves)
    torch.manual_seed(0)
    theirs = entry.module_cls(*made.args, **made.kwargs).double().train(training)
    ours = getattr(nn, name)(*arguments, **keywords).double().train(training)
    inputs = list(tensors_in([called.args, called.kwargs]))
    for x in inputs:
        dtype_of(x.dtype)
    mine = given(list(called.args), leaves), given(dict(called.kwargs), leaves)
    if entry.is_lazy:
        if repr(ours) != repr(theirs):
            return f"before the first call it prints {ours!r} instead of {theirs!r}"
        with torch.no_grad(), autograd.no_grad():
            theirs(*called.args, **called.kwargs)
            ours(*mine[0], **mine[1])
        if type(ours).__name__ != type(theirs).__name__:
            return f"it became a {type(ours).__name__} instead of a {type(theirs).__name__}"
    if state_of(ours) != state_of(theirs):
        return f"the state is {state_of(ours)} instead of {state_of(theirs)}"
    if repr(ours) != repr(theirs):
        return f"it prints {ours!r} instead of {theirs!r}"
    ours.load_state_dict({k: v.detach().numpy().copy() for k, v in theirs.state_dict().items()})
    before = BEFORE.get(name)
    theirs_in, mine_in = list(called.args), list(mine[0])
    if before is not None:
        theirs_in[0], mine_in[0] = before(theirs_in[0]), before(mine_in[0])
    expected, result = flat(theirs(*theirs_in, **called.kwargs)), flat(ours(*mine_in, **mine[1]))
    if len(expected) != len(result):
        return f"{len(result)} results instead of {len(expected)}"
    for k, (a, b) in enumerate(zip(result, expected, strict=True)):
        if (a is None) != (b is None):
            return f"result {k} is {a} instead of {b}"
        problem = differ(f"result {k}", _array(a), _array(b), TOLERANCE) if b is not None else None
        if problem:
            return problem
    for k, v in theirs.state_dict().items():
        problem = differ(f"{k} after the call", _array(ours.state_dict()[k]), _array(v), TOLERANCE)
        if problem:
            return problem
    return _compare_gradients(ours, theirs, inputs, leaves, result, expected)


def _compare_gradients(
    ours: Any, theirs: Any, inputs: list[Any], leaves: dict[int, Any], result: list[Any], expected: list[Any]
) -> str | None:
    import torch

    sources = [(f"input {k}", leaves[id(x)], x) for k, x in enumerate(inputs) if x.requires_grad]
    parameters = dict(ours.named_parameters())
    sources += [(k, parameters[k], p) for k, p in theirs.named_parameters()]
    outputs = [k for k, x in enumerate(expected) if isinstance(x, torch.Tensor) and x.requires_grad]
    if not sources or not outputs:
        return None
    for k in outputs:
        if not isinstance(result[k], Tensor) or not result[k].requires_grad:
            return f"result {k} does not require grad"
    weights = [_weights(result[k]) for k in outputs]
    wanted = torch.autograd.grad(
        [expected[k] for k in outputs], [b for _, _, b in sources], [torch.from_numpy(w) for w in weights],
        allow_unused=True,
    )  # fmt: skip
    found = autograd.grad([result[k] for k in outputs], [a for _, a, _ in sources], weights, allow_unused=True)
    for (label, _, source), a, b in zip(sources, found, wanted, strict=True):
        zero = np.zeros(tuple(source.shape))
        problem = differ(
            f"the gradient by {label}", zero if a is None else _array(a), zero if b is None else _array(b), TOLERANCE
        )
        if problem:
            return problem
    return None


def samples(name: str) -> Iterator[tuple[Any, bool]]:
    """PyTorch's samples of a module, with inputs that require grad, in training and in evaluation where they differ."""
    import torch

    entry = database()[name]
    for training in (True, False):
        torch.manual_seed(0)
        for sample in entry.module_inputs_func(entry, "cpu", torch.float64, requires_grad=True, training=training):
            if sample.forward_input is not None:
                yield sample, training


def run(name: str, limit: int | None = None) -> Outcome:
    """Compare one module on its samples, at most `limit` of them, spread over all."""
    outcome = Outcome(name)
    if name in ABSENT_MODULES or not hasattr(nn, name):
        outcome.absent = ABSENT_MODULES.get(name, "not there yet")
        return outcome
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = list(samples(name))
        if limit is not None and len(chosen) > limit:
            chosen = [chosen[k * len(chosen) // limit] for k in range(limit)]
        for k, (sample, training) in enumerate(chosen):
            try:
                problem = compare(name, sample, training)
            except NotOfferedError:
                outcome.not_offered += 1
                continue
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                outcome.passed += 1
                continue
            text = f"sample {k} {sample.desc!r}{' in training' if training else ''}: {problem}"
            known = any(part in text for part in MODULE_DIFFERENCES.get(name, {}))
            (outcome.differences if known else outcome.failures).append(text)
    outcome.seconds = time.perf_counter() - start
    return outcome


def main() -> int:
    """Print the table; the exit status says whether all that was asked for passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="modules as PyTorch names them; all, unless given")
    parser.add_argument("--limit", type=int, help="samples of each module")
    options = parser.parse_args()
    outcomes = [run(name, options.limit) for name in options.names or database()]
    for outcome in outcomes:
        counts = f"{outcome.passed:4d} passed" + (f", {outcome.not_offered} not offered" if outcome.not_offered else "")
        print(f"{outcome.name:26s} {outcome.verdict:8s} {counts} {outcome.seconds:6.1f} s  {outcome.absent or ''}")
        for text in (outcome.failures + outcome.differences)[: 5 if options.names else 2]:
            print(f"    {text[:600]}")
    verdicts = [outcome.verdict for outcome in outcomes]
    print(", ".join(f"{verdicts.count(v)} {v}" for v in ("passed", "differs", "failed", "absent")))
    return int("failed" in verdicts)


if __name__ == "__main__":
    sys.exit(main())
