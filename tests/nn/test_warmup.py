"""The command `chainrule warmup`."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import config

import nn.warmup
from autograd.kernels import arithmetic, conv
from autograd.kernels.sharing import share_out
from nn import command, warmup

ROOT = Path(__file__).parents[2]


def warm_up(cache: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "nn.command", "warmup", *names],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_kernels_are_left_in_the_cache_and_found_there(tmp_path):
    seen = []
    for _ in range(2):
        result = warm_up(tmp_path, "window_max", "Adam")
        assert result.returncode == 0, result.stderr
        seen.append({path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")})
    assert seen[0] == seen[1]
    for kernel in ("window_max", "adam"):
        assert any(kernel in name for name in seen[0])


def test_what_was_warmed_is_not_compiled_again(tmp_path):
    names = "conv2d max_pool2d batch_norm softmax cross_entropy embedding sum linear lstm_layer relu"
    result = warm_up(tmp_path, *names.split())
    assert result.returncode == 0, result.stderr
    code = """
import numpy as np
from numba.core.dispatcher import Dispatcher
import autograd, nn
import nn.functional as F

compiled = []
compile = Dispatcher.compile

def watched(self, signature):
    before = sum(self.stats.cache_misses.values())
    result = compile(self, signature)
    if sum(self.stats.cache_misses.values()) > before:
        compiled.append(self.py_func.__qualname__)
    return result

Dispatcher.compile = watched
model = nn.Sequential(
    nn.Conv2d(3, 32, 5), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.MaxPool2d(3, 2, 1),
    nn.ReLU(), nn.Conv2d(32, 32, 3, groups=32), nn.BatchNorm2d(32), nn.Conv2d(32, 64, 1), nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
)
F.cross_entropy(model(autograd.randn(64, 3, 32, 32)), autograd.zeros(64, dtype=autograd.int64)).backward()
out, _ = nn.LSTM(64, 32)(autograd.randn(4, 16, 64))
F.softmax(out.reshape(64, 32) @ autograd.randn(32, 128), 1).sum().backward()
nn.Embedding(512, 64)(autograd.zeros(256, dtype=autograd.int64)).sum().backward()
print(compiled)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_without_a_folder_for_the_cache_it_compiles_all_the_same():
    result = warm_up(Path("/proc/no/such/folder"), "Adagrad")
    assert result.returncode == 0, result.stderr


def test_operations_with_references_and_optimizers_are_warmed():
    names = nn.warmup.compiled()
    assert {"conv2d", "max_pool2d", "batch_norm", "gelu", "AdamW", "SGD"} <= set(names)
    assert len(names) == len(set(names))


def test_a_wrong_name_is_refused(capsys):
    assert command.main(["warmup", "convolution"]) == 1
    assert "no operation 'convolution'" in capsys.readouterr().err


@pytest.mark.parametrize("threads", [1, 2, 4, 8])
def test_every_way_of_a_convolution_is_warmed_on_any_number_of_threads(threads):
    float32, ways = np.dtype(np.float32), set()
    for x, weight, _, *attributes in warmup._CONVOLUTIONS:
        sizes = conv._sizes(x, weight, *attributes)
        for what in ("forward", "input gradient", "weight gradient"):
            way = conv._choose(what, sizes, float32, threads)
            ways.add((what, way))
            if (what, way) == ("weight gradient", "points"):
                ways.add(("turned", conv.points.weigh_plan(sizes, threads).turned))
    wanted = [(what, "lanes") for what in ("forward", "input gradient")] + [("weight gradient", "points")]
    wanted += [("forward", way) for way in ("winograd", "points", "planes", "rows")]
    assert ways.issuperset([*wanted, ("turned", True)])


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")
def test_sums_of_large_arrays_are_warmed(monkeypatch):
    ran = []
    monkeypatch.setattr(arithmetic, "share_out", lambda *a: (ran.append(a[0]), share_out(*a)))
    warmup.warm_up(["add"])
    assert arithmetic._calculate in ran
