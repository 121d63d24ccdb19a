"""Every example in a docstring runs, with the packages' names at hand."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import autograd
import nn
import optim
from autograd import Value, differentiate

NAMES = {"autograd": autograd, "nn": nn, "optim": optim, "Value": Value, "differentiate": differentiate}


def modules():
    for package in (autograd, nn, optim):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.startswith("autograd.kernels."):
                yield found.name


@pytest.mark.parametrize("name", list(modules()))
def test_examples(name, tmp_path, monkeypatch):
    if name == "autograd.testing.strategies":
        pytest.importorskip("hypothesis")
    module = importlib.import_module(name)
    monkeypatch.chdir(tmp_path)  # examples may write files
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    report = []
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name, globs={**vars(module), **NAMES}):
        autograd.manual_seed(0)
        runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def public_functions():
    for package in (autograd,):
        for name in dir(package):
            thing = getattr(package, name)
            if not name.startswith("_") and callable(thing) and getattr(thing, "__module__", "").startswith("autograd"):
                yield name


@pytest.mark.parametrize("name", sorted(public_functions()))
def test_public_functions_say_what_they_do(name):
    text = getattr(autograd, name).__doc__
    assert text, f"autograd.{name} has no docstring"
    first = text.strip().split("\n")[0]
    assert first.endswith((".", ":")), f"autograd.{name}: the first line is no sentence: {first!r}"


def test_a_wrong_example_is_seen():
    test = doctest.DocTestParser().get_doctest(
        ">>> autograd.ones(2).sum()\ntensor(3.)\n", dict(NAMES), "wrong", None, 0
    )
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None).failed == 1
