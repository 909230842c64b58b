"""The table of catalog's handlers."""

from __future__ import annotations

from chassis.kernel import Handlers

from catalog.app.handlers import livestreams, products, sellers, stock

HANDLERS: Handlers = {**sellers.HANDLERS, **products.HANDLERS, **livestreams.HANDLERS, **stock.HANDLERS}
