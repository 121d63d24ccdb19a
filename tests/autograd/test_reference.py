"""The page of operations says what the registry says."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import autograd
from autograd import ops, registry
from autograd.composites import composites
from autograd.reference import operations_table

PAGE = Path(autograd.__file__).parent / "OPERATIONS.md"


def test_the_page_is_up_to_date() -> None:
    # In a process of its own: other tests define operations too.
    done = subprocess.run([sys.executable, "-m", "autograd.reference"], capture_output=True, text=True, check=True)
    assert PAGE.read_text() == done.stdout, "run `python -m autograd.reference > autograd/OPERATIONS.md`"


def test_every_operation_is_on_it_once() -> None:
    names = re.findall(r"^\| `([\w.]+)` \|", operations_table(), re.MULTILINE)
    assert registry.keys() <= {name.rsplit(".", 1)[-1] for name in names}
    assert {name for name in ops.__all__ if inspect.isfunction(getattr(autograd, name))} <= set(names)
    assert len(names) == len(set(names))
    text = operations_table()
    missing = [n for n, entry in composites.items() if entry.formula.replace("|", "\\|").replace("\n", " ") not in text]
    assert missing == []
