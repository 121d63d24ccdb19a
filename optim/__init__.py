"""Update rules: they know the engine, and nothing of modules."""

from __future__ import annotations

import autograd

if getattr(autograd, "__distribution__", None) != "chainrule":
    raise ImportError(
        f"optim belongs to chainrule, but the package autograd at {autograd.__file__} is another distribution's, which "
        "was installed over chainrule's; make a virtual environment of its own and run `pip install chainrule` there"
    )

from . import lr_scheduler
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]
