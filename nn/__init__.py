"""Neural-network modules: they hold parameters and call functions of `autograd`."""

from __future__ import annotations

import autograd

if getattr(autograd, "__distribution__", None) != "chainrule":
    raise ImportError(
        f"nn belongs to chainrule, but the package autograd at {autograd.__file__} is another distribution's, which "
        "was installed over chainrule's; make a virtual environment of its own and run `pip install chainrule` there"
    )
