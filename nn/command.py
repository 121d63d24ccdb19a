"""The console command `chainrule`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import autograd
from autograd.errors import ChainruleError

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"chainrule: {message}; see {self.prog} --help\n")


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"the seed must be a whole number from 0 to {2**32 - 1}, not {text!r}")
    return int(text)


def _epochs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"the number of epochs must be a whole number from 1, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="chainrule", description="An autograd engine with neural-network modules and optimizers.")
    parser.add_argument("--version", action="version", version=f"chainrule {autograd.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)
    demo = commands.add_parser(
        "demo",
        help="train a small convolutional network on handwritten digits and draw what it learned",
        description="Train a small convolutional network on scikit-learn's handwritten digits, check its gradients "
        "against finite differences, and leave its weights, its graph and pictures of what it learned in a folder.",
    )
    demo.add_argument("--out", default="digits", metavar="FOLDER", help="where the results go (default: digits)")
    demo.add_argument("--seed", type=_seed, default=0, metavar="N", help="equal seeds give equal runs (default: 0)")
    demo.add_argument("--epochs", type=_epochs, default=20, metavar="N", help="passes over the data (default: 20)")
    warmup = commands.add_parser(
        "warmup",
        help="compile all kernels ahead of their first use",
        description="Compile the kernels of the operations and optimizers named, or of all, and leave "
        "them in numba's cache, so that no program waits for them.",
    )
    warmup.add_argument("names", nargs="*", metavar="NAME", help="as conv2d or Adam; all, unless given")
    return parser


def _warm_up(names: Sequence[str]) -> None:
    """Compile, with a bar where tqdm is installed and a line for each operation where it is not."""
    from . import warmup

    names = names or warmup.compiled()
    try:
        from tqdm import tqdm
    except ImportError:
        warmup.warm_up(names, print)
        return
    with tqdm(total=len(names), desc="compiling", unit="operation", dynamic_ncols=True) as bar:
        for name in names:
            bar.set_postfix_str(name)
            warmup.warm_up([name])
            bar.update()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: the words after `chainrule`; those of the process, unless given.

    Returns:
        The exit status: 0 if all went well, 1 after an error, 130 after an interruption.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.command == "warmup":
            _warm_up(options.names)
            return 0
        from .demo import run_demo

        run_demo(options.out, options.seed, options.epochs)
    except ChainruleError as error:
        print(f"chainrule: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        kept = (
            f"what the finished epochs gave is in {options.out}"
            if options.command == "demo"
            else "what was compiled stays"
        )
        print(f"\nchainrule: interrupted; {kept}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
