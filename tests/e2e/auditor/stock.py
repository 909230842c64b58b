"""Was more promised than there was? Sellers' counts, catalog's facts and table, and orders' confirmations compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tests.e2e.auditor.evidence import Evidence, Finding, number

Units = Counter[str]
"""Product -> pieces."""


def _units(lines: Iterable[Any]) -> Units:
    units: Units = Counter()
    for line in lines:
        units[line.product_id] += line.quantity
    return units


def counted(evidence: Evidence) -> Units:
    """What the sellers have put on the shelf in all: each count, and what was sold before it."""
    shelf: Units = Counter()
    for call in evidence.calls("SetStock"):
        stock = call["answer"]["stock"]
        shelf[call["request"]["product_id"]] = number(stock, "on_hand_quantity") + number(stock, "sold_quantity")
    return shelf


def taken(evidence: Evidence) -> dict[str, Units]:
    """By order, what catalog says is held or sold for it: reserved less released."""
    orders: dict[str, Units] = defaultdict(Counter)
    for fact in evidence.of("stock_reserved"):
        orders[fact.key].update(_units(fact.body.lines))
    for fact in evidence.of("stock_released"):
        orders[fact.key].subtract(_units(fact.body.lines))
    return orders


def oversold(evidence: Evidence) -> Iterator[Finding]:
    """Confirmed and not given back, against what the sellers counted and what catalog ever held for the order."""
    shelf, released = counted(evidence), _released(evidence)
    confirmed: Units = Counter()
    for fact in evidence.of("order_confirmed"):
        wanted = _units(line for part in fact.body.parts for line in part.lines)
        held = _reserved(evidence, fact.key)
        for product, quantity in wanted.items():
            if quantity > held[product]:
                text = f"order {fact.key} was confirmed with {quantity} of {product}, {held[product]} were held"
                yield Finding("oversold_units", text, quantity - held[product])
        confirmed.update(wanted)
        confirmed.subtract({product: released[fact.key][product] for product in wanted})
    for product, quantity in confirmed.items():
        if quantity > shelf[product]:
            text = f"{quantity} of {product} are sold, {shelf[product]} were counted"
            yield Finding("oversold_units", text, quantity - shelf[product])


def _reserved(evidence: Evidence, order_id: str) -> Units:
    units: Units = Counter()
    for fact in evidence.of("stock_reserved"):
        if fact.key == order_id:
            units.update(_units(fact.body.lines))
    return units


def _released(evidence: Evidence) -> dict[str, Units]:
    orders: dict[str, Units] = defaultdict(Counter)
    for fact in evidence.of("stock_released"):
        orders[fact.key].update(_units(fact.body.lines))
    return orders


def unbalanced(evidence: Evidence) -> Iterator[Finding]:
    """Catalog's table against its facts and against the sellers' counts."""
    shelf = counted(evidence)
    sums: Units = Counter()
    for units in taken(evidence).values():
        sums.update(units)
    for row in evidence.rows("catalog", "stocks"):
        product, held_or_sold = row["id"], row["held_quantity"] + row["sold_quantity"]
        if not 0 <= row["held_quantity"] <= row["on_hand_quantity"]:
            yield Finding("stock_differences", f"{product}: {row['held_quantity']} held of {row['on_hand_quantity']}")
        if held_or_sold != sums[product]:
            yield Finding("stock_differences", f"{product}: table has {held_or_sold} taken, facts {sums[product]}")
        if product in shelf and row["on_hand_quantity"] + row["sold_quantity"] != shelf[product]:
            text = f"{product}: {row['on_hand_quantity']} on hand and {row['sold_quantity']} sold of {shelf[product]}"
            yield Finding("stock_differences", text)
