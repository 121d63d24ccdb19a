"""Who may import whom: the layers of the design, read from the source of every module."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import autograd
import nn
import optim

PACKAGES = {"autograd": autograd, "nn": nn, "optim": optim}
ROOT = Path(autograd.__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES.values()
    for path in sorted(Path(package.__file__).parent.rglob("*.py"))
}

# From the bottom up. A module may import, at the top of its file, only modules that stand in earlier rows; in a row
# that ends in "*" modules of the row may import each other. A name stands for what is below it, too.
LAYERS = [
    "autograd.errors",
    "autograd.allocator",
    "autograd.numpy_names",
    "autograd.devices",
    "autograd.jit",
    "autograd.compiler",
    "autograd.fx",
    "autograd.distributed",
    "autograd.dtypes",
    "autograd.amp",
    "autograd.cuda",
    "autograd.backends",
    "autograd.accelerator",
    "autograd.kernels *",
    "autograd.formatting",
    "autograd.settings",
    "autograd.deferred",
    "autograd.graph",
    "autograd.tracing",
    "autograd.handle",
    "autograd.operations",
    "autograd.plan",
    "autograd.applying",
    "autograd.primitive",
    "autograd.generator",
    "autograd.batching",
    "autograd.batching_rules",
    "autograd.composites",
    "autograd.arrays",
    "autograd.ops *",
    "autograd.linalg",
    "autograd.differentiate",
    "autograd.value",
    "autograd.methods *",
    "autograd.tensor",
    "autograd.creation",
    "autograd.legacy",
    "autograd.sparse",
    "autograd.random",
    "autograd.signal *",
    "autograd.distributions *",
    "autograd.windows",
    "autograd.func *",
    "autograd.exchange",
    "autograd.function",
    "autograd.checkpointing",
    "autograd.anomaly",
    "autograd.profiler",
    "autograd.functional",
    "autograd.linalg",
    "autograd.special",
    "autograd.masked",
    "autograd.numpy_protocols",
    "autograd.array_api",
    "autograd.reference",
    "autograd.serialization",
    "autograd.testing *",
    "autograd.draw *",
    "autograd.capture *",
    "autograd.export *",
    "autograd",
    "optim *",
    "nn *",
]
KERNELS_MAY_IMPORT = {"numpy", "numba", "scipy", "llvmlite"}
# The one door from nn to optim.
NN_THAT_MAY_IMPORT_OPTIM = ("nn.command", "nn.demo", "nn.warmup", "nn.compat")
# Of what a user installs with chainrule, these are heavy, optional, or both.
LATE = {"numba", "llvmlite", "scipy", "graphviz", "hypothesis", "matplotlib", "sklearn", "wasmtime", "torch", "tqdm"}


def is_type_checking(test):
    return getattr(test, "id", getattr(test, "attr", "")) == "TYPE_CHECKING"


def imports_of(source, name, is_package):
    """The modules that a source imports: pairs of (dotted name, whether at the top of the file)."""
    found = []

    def resolve(node):
        if not node.level:
            return node.module
        parts = name.split(".") if is_package else name.split(".")[:-1]
        base = parts[: len(parts) - (node.level - 1)]
        return ".".join([*base, *([node.module] if node.module else [])])

    def visit(node, top):
        if isinstance(node, ast.If) and is_type_checking(node.test):
            return
        if isinstance(node, ast.Import):
            found.extend((alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve(node)
            for alias in node.names:
                full = f"{module}.{alias.name}"
                found.append((full if full in MODULES else module, top))
        inner = top and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, inner)

    visit(ast.parse(source), True)
    return found


def layer_of(name):
    """The row of the longest entry that is the module or contains it, and whether the row's modules are peers."""
    best = None
    for row, entry in enumerate(LAYERS):
        layer = entry.removesuffix(" *")
        within = name == layer or (name.startswith(layer + ".") and layer != "autograd")
        if within and (best is None or len(layer) > len(best[1])):
            best = (row, layer, entry.endswith("*"))
    if best is None:
        raise AssertionError(f"{name} stands in no layer: enter it into LAYERS, and into the design")
    return best[0], best[2]


def complaint(importer, imported):
    """Why `importer` may not import `imported`, or an empty text."""
    from_, to = importer.split(".")[0], imported.split(".")[0]
    if from_ == "optim" and to == "nn":
        return "optim knows nothing of modules"
    if from_ == "nn" and to == "optim":
        allowed = importer.startswith(NN_THAT_MAY_IMPORT_OPTIM)
        return "" if allowed else "only nn's command line and nn.compat import optim"
    if from_ == to == "nn" or from_ == to == "optim":
        return ""
    row, _ = layer_of(importer)
    other, peers = layer_of(imported)
    if other < row or (other == row and (peers or importer == imported)):
        return ""
    return f"{imported} stands above {importer}"


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_downward_only(name):
    path = MODULES[name]
    for imported, _ in imports_of(path.read_text(encoding="utf-8"), name, path.name == "__init__.py"):
        if imported.split(".")[0] in PACKAGES:
            assert not complaint(name, imported), f"{path}: {complaint(name, imported)}"
        elif name.startswith("autograd.kernels"):
            top_level = imported.split(".")[0]
            assert top_level in KERNELS_MAY_IMPORT | set(sys.stdlib_module_names), f"{path} imports {imported}"


@pytest.mark.parametrize("name", MODULES)
def test_heavy_and_optional_packages_are_imported_when_first_needed(name):
    if name.startswith(("autograd.kernels", "autograd.testing.strategies")):
        return  # imported when first needed themselves, which the subprocess below sees
    path = MODULES[name]
    for imported, top in imports_of(path.read_text(encoding="utf-8"), name, path.name == "__init__.py"):
        assert not (top and imported.split(".")[0] in LATE), f"{path} imports {imported} at its top"


@pytest.mark.parametrize("name", [m for m in MODULES if m.startswith("nn")])
def test_no_derivative_is_written_in_nn(name):
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        words = [keyword.arg for keyword in getattr(node, "keywords", [])]
        assert not {"vjp", "jvp"} & set(words), f"{name} writes a derivative down; add an operation to autograd instead"


def test_the_check_sees_what_it_is_to_see():
    source = textwrap.dedent("""
        from typing import TYPE_CHECKING
        from . import graph
        from .tensor import Tensor
        from ..nn import module
        import optim.sgd
        if TYPE_CHECKING:
            from .value import Value
        def f():
            from .kernels import conv
            import scipy.special
    """)
    found = imports_of(source, "autograd.ops_like", False)
    assert ("autograd.graph", True) in found
    assert ("autograd.tensor", True) in found
    assert ("optim.sgd", True) in found
    assert ("autograd.kernels.conv", False) in found
    assert ("scipy.special", False) in found
    assert not any("value" in module for module, _ in found)
    assert imports_of("from . import ops", "autograd", True) == [("autograd.ops", True)]
    assert imports_of("from ..primitive import op", "autograd.ops.shape", False) == [("autograd.primitive", True)]
    for importer, imported, wrong in (
        ("autograd.graph", "autograd.primitive", True),
        ("autograd.primitive", "autograd.graph", False),
        ("autograd.ops.shape", "autograd.ops.index", False),
        ("autograd.ops.shape", "autograd.tensor", True),
        ("autograd.ops.conv", "autograd.kernels.conv", False),
        ("autograd.kernels.conv", "autograd.graph", True),
        ("autograd.tensor", "autograd", True),
        ("autograd.tensor", "nn.module", True),
        ("optim.sgd", "autograd", False),
        ("optim.sgd", "nn", True),
        ("nn.linear", "autograd", False),
        ("nn.linear", "optim", True),
        ("nn.command", "optim", False),
    ):
        assert bool(complaint(importer, imported)) is wrong, (importer, imported)
    with pytest.raises(AssertionError, match="stands in no layer"):
        layer_of("autograd.unheard_of")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported(name):
    if name == "autograd.testing.strategies":
        pytest.importorskip("hypothesis")
    assert importlib.import_module(name).__name__ == name


def run_python(code, *path):
    prelude = f"import sys; sys.path[:0] = {[str(p) for p in (*path, ROOT)]!r}\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", prelude + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_importing_the_packages_loads_nothing_heavy():
    done = run_python(
        f"""
        import autograd, nn, optim
        late = {sorted(LATE)!r}
        print(sorted(name for name in late if name in sys.modules))
        x = autograd.tensor([1.0, 2.0], requires_grad=True)
        (x * x).sum().backward()
        print(sorted(name for name in late if name in sys.modules))
        """
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


@pytest.mark.parametrize("package", ["nn", "optim"])
def test_another_distributions_autograd_is_recognised(tmp_path, package):
    other = tmp_path / "autograd"
    other.mkdir()
    (other / "__init__.py").write_text("def grad(function): ...\n")
    done = run_python(f"import {package}", tmp_path)
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    for word in (f"{package} belongs to chainrule", str(other), "another distribution", "virtual environment"):
        assert word in done.stderr


def test_the_marker_is_there():
    assert autograd.__distribution__ == "chainrule"
