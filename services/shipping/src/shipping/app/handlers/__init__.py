"""One command, one handler; the table of all of them is made by `make_handlers`."""

from shipping.app.handlers.table import make_handlers

__all__ = ["make_handlers"]
