"""The command `chainrule warmup`."""

import os
import subprocess
import sys
from pathlib import Path

import nn.warmup
from nn import command

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
