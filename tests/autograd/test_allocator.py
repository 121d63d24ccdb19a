"""Freed memory is kept for the next arrays."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A 16 MiB array comes from the system by itself unless the C library was told to keep such blocks; those stay
# with the process after they are freed.
CODE = """
import numpy as np
import autograd
from autograd.allocator import keep_memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

before = resident()
arrays = [np.ones(2 << 20) for _ in range(10)]
arrays.clear()
print(keep_memory(), resident() - before > 100)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc" or not Path("/proc/self/statm").exists(), reason="no glibc")
@pytest.mark.parametrize(("setting", "kept"), [("1", "True True"), ("0", "False False")])
def test_the_memory_of_freed_arrays_is_kept_unless_the_user_says_no(setting, kept):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CHAINRULE_KEEP_MEMORY": setting}
    result = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == kept
