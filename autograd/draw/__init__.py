"""Pictures of graphs: what was computed from what, with values, gradients and modules.

`draw` reads the graph above a result into plain items (`picture`), brings them to a size that can be drawn
(`collapse`), writes them as DOT text (`dot`) and has that laid out (`render`) when the drawing is saved or shown.

In the package above, `autograd.draw` is the function; the modules here are imported by their full names.
"""

from .drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
