"""Carries out the commands about the stock of orders: reserve, commit, release, lapse, carry back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chassis.kernel import NOTHING, Change, Handler, Handlers, Invalid, Key, Loaded, Moment, Outcome, together

from catalog.app.commands import (
    CommitStock,
    ExpireHold,
    FinishRestock,
    ReleasePart,
    ReleaseStock,
    ReserveStock,
)
from catalog.domain.events import Refusal
from catalog.domain.goods import Line
from catalog.domain.holds import HeldLine, HoldState, StockHold
from catalog.domain.livestreams import LivestreamSession
from catalog.domain.products import Product
from catalog.domain.reserving import Refused, hold_lines, refusal_of_terms
from catalog.domain.restocks import Restock
from catalog.domain.sellers import Seller
from catalog.domain.stock import Move, Moved, Stock, all_moved


def reserve_stock(command: ReserveStock, loaded: Loaded, moment: Moment) -> Outcome:
    """Hold all lines at the terms agreed, or none; after a release, none."""
    hold = _hold(command.order_id, loaded, moment)
    if hold.is_tombstone:
        return hold.refuse(Refusal.ALREADY_RELEASED)
    if hold.state is not HoldState.EXPECTED:
        return NOTHING

    def terms(line: Line) -> Refusal | None:
        product, stock = loaded.get(Product, line.product_id), loaded.get(Stock, line.product_id)
        seller = loaded.get(Seller, product.seller_id) if product else None
        if seller is not None and seller.suspended_at(command.place_time):
            return Refusal.NOT_FOR_SALE
        session = loaded.get(LivestreamSession, line.session_id) if line.session_id else None
        return refusal_of_terms(line, product, stock, session, command.place_time)

    lines = hold.wanted(command.lines)
    stocks = _stocks(loaded, lines)
    after = hold_lines((held.line for held in lines), stocks, terms)
    if isinstance(after, Refused):
        return hold.refuse(after.refusal, after.product_ids)
    return together(hold.reserve(lines, command.expire_time), _changed(after))


def commit_stock(command: CommitStock, loaded: Loaded, moment: Moment) -> Outcome:
    """The hold becomes a sale; one that lapsed, or never was, is made again if pieces are left."""
    hold = _hold(command.order_id, loaded, moment)
    if hold.state in (HoldState.HELD, HoldState.EXPIRED):
        _require_named(hold.lines, command.lines)
    if hold.state is HoldState.HELD:
        sold = all_moved(_stocks(loaded, hold.lines), _moves(Move.HELD_TO_SOLD, hold.lines))
        return together(hold.commit(moment.now), _changed(sold))
    if hold.state is HoldState.EXPIRED:
        return _commit_anew(hold, hold.lines, loaded, moment)
    if hold.state is HoldState.EXPECTED:
        return _commit_anew(hold, hold.wanted(command.lines), loaded, moment)
    return NOTHING


def _commit_anew(hold: StockHold, lines: tuple[HeldLine, ...], loaded: Loaded, moment: Moment) -> Outcome:
    """Hold again and sell at once. The price was agreed and paid: only pieces and quotas can refuse it now."""
    after = hold_lines((held.line for held in lines), _stocks(loaded, lines))
    if isinstance(after, Refused):
        return hold.refuse(after.refusal, after.product_ids)
    sold = all_moved(after, _moves(Move.HELD_TO_SOLD, lines))
    return together(hold.commit_anew(lines, moment.now), _changed(sold))


def release_stock(command: ReleaseStock, loaded: Loaded, moment: Moment) -> Outcome:
    """The order is off; its pieces go back."""
    hold = _hold(command.order_id, loaded, moment)
    released, moves = hold.release(command.open_part_ids)
    return together(released, _owed(_release_id(command), hold, moves))


def release_part(command: ReleasePart, loaded: Loaded, moment: Moment) -> Outcome:
    """A part of the order is off; what is left of it goes back."""
    hold = _hold(command.order_id, loaded, moment)
    released, moves = hold.release_part(command.part_id, command.restock_lines)
    return together(released, _owed(_release_id(command), hold, moves))


def expire_hold(command: ExpireHold, loaded: Loaded, moment: Moment) -> Outcome:
    """A hold whose time is over lapses."""
    hold = loaded.require(StockHold, command.order_id)
    if hold.state is not HoldState.HELD or hold.expire_time is None or hold.expire_time > moment.now:
        return NOTHING
    free = all_moved(_stocks(loaded, hold.lines), _moves(Move.HELD_TO_FREE, hold.lines))
    return together(hold.expire(), _changed(free))


def finish_restock(command: FinishRestock, loaded: Loaded, _moment: Moment) -> Outcome:
    """Released pieces are on the shelf again."""
    restock = loaded.require(Restock, command.restock_id)
    if restock.done:
        return NOTHING
    stocks = {product_id: loaded.require(Stock, product_id) for product_id in command.product_ids}
    return together(Outcome((Change(restock.finished()),)), _changed(all_moved(stocks, restock.moves)))


def _require_named(held: tuple[HeldLine, ...], stated: tuple[HeldLine, ...]) -> None:
    """Only the stocks a confirmation names are loaded; one that names other goods is not of this hold."""
    if not {one.line.product_id for one in held} <= {one.line.product_id for one in stated}:
        raise Invalid("parts", "must name the goods that are held")


def _hold(order_id: str, loaded: Loaded, moment: Moment) -> StockHold:
    return loaded.get(StockHold, order_id) or StockHold(id=order_id, trace=moment.trace)


def _stocks(loaded: Loaded, lines: Iterable[HeldLine]) -> dict[str, Stock]:
    """The stocks of the lines' products, without those of products nobody knows."""
    product_ids = dict.fromkeys(held.line.product_id for held in lines)
    return {p: stock for p in product_ids if (stock := loaded.get(Stock, p)) is not None}


def _moves(move: Move, lines: Iterable[HeldLine]) -> tuple[Moved, ...]:
    return tuple(Moved(move, held.line) for held in lines)


def _changed(stocks: dict[str, Stock]) -> Outcome:
    return Outcome(tuple(Change(stock) for stock in stocks.values()))


def _owed(restock_id: str, hold: StockHold, moves: tuple[Moved, ...]) -> Outcome:
    return Outcome((Change(Restock(id=restock_id, trace=hold.trace, moves=moves)),)) if moves else NOTHING


def _release_id(command: ReleaseStock | ReleasePart) -> str:
    return command.part_id if isinstance(command, ReleasePart) else command.order_id


def _reserve_keys(command: ReserveStock | CommitStock) -> Iterable[Key[Any]]:
    yield Key(StockHold, command.order_id)
    for held in command.lines:
        yield Key(Stock, held.line.product_id)


def _reserve_reads(command: ReserveStock) -> Iterable[Key[Any]]:
    for seller_id in command.seller_ids:
        yield Key(Seller, seller_id)
    for held in command.lines:
        yield Key(Product, held.line.product_id)
        if held.line.session_id:
            yield Key(LivestreamSession, held.line.session_id)


def _release_keys(command: ReleaseStock | ReleasePart) -> Iterable[Key[Any]]:
    return Key(StockHold, command.order_id), Key(Restock, _release_id(command))


HANDLERS: Handlers = {
    ReserveStock: Handler(reserve_stock, keys=_reserve_keys, reads=_reserve_reads),
    CommitStock: Handler(commit_stock, keys=_reserve_keys),
    ReleasePart: Handler(release_part, keys=_release_keys),
    ReleaseStock: Handler(release_stock, keys=_release_keys),
    ExpireHold: Handler(
        expire_hold, keys=lambda c: (Key(StockHold, c.order_id), *(Key(Stock, p) for p in c.product_ids))
    ),
    FinishRestock: Handler(
        finish_restock, keys=lambda c: (Key(Restock, c.restock_id), *(Key(Stock, p) for p in c.product_ids))
    ),
}
