"""The saga as a table: what an order waits for, the good answer, the bad one, the undo, the deadline; and its steps.

News is first remembered in the order, whenever it comes; then `advance` goes as far as what is known allows. So answers
may come twice, late, or before their question, and a step is never done twice: each leaves the wait it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orders.domain.events import (
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPartCancelled,
    OrderPlaced,
    PaymentDue,
)
from orders.domain.goods import ParcelState, Part
from orders.domain.order import Happening, Order, OrderState, PaymentAnswer, StockAnswer, Wait

Told = tuple[Order, tuple[object, ...]]
"""An order and what it says, in order."""

GAVE_UP = "GAVE_UP_"
"""Followed by the wait: the reason of an order cancelled because nobody answered in time."""

BUYER_CANCELLED = "BUYER_CANCELLED"
STOCK_REFUSED = "STOCK_REFUSED"
NO_PART_LEFT = "NO_PART_LEFT"

PARTS_GONE: Mapping[ParcelState, str] = {
    ParcelState.REFUSED: "PARCEL_REFUSED",
    ParcelState.CANCELLED: "PARCEL_CANCELLED",
    ParcelState.RETURNED: "PARCEL_RETURNED",
    ParcelState.LOST: "PARCEL_LOST",
}
"""How a parcel ends without reaching the buyer, and why its part alone is cancelled then."""

ON_THE_ROAD = (ParcelState.PICKED_UP, ParcelState.IN_TRANSIT, ParcelState.RETURNING, ParcelState.DELIVERED)
"""The courier has, or had, the parcel: silence about another part is no reason to call the order off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the saga's table: while an order waits for this."""

    asked_by: type | None
    """The fact that asks; None = nobody is asked, it happens."""
    good: Callable[[Order], bool]
    """The good answer is known."""
    then: Callable[[Order, datetime], Told]
    """The step that the good answer allows."""
    bad: Callable[[Order], str] = lambda order: _stock_refused(order)
    """Why the whole order is off, once the bad answer is known; empty = it is not."""
    bad_parts: Mapping[ParcelState, str] = field(default_factory=dict)
    """Why a part alone is off, by the fate of its parcel."""
    undone_by: str
    """Who puts back what was done so far."""
    gives_up_after: timedelta
    """Business time, longer than any outage that is promised to be survived."""
    cancels_when_given_up: bool
    """False = on the road nothing can be undone from here: the order is shown as overdue."""


TABLE: Mapping[Wait, Step] = {
    Wait.STOCK: Step(
        asked_by=OrderPlaced,
        good=lambda order: order.stock in (StockAnswer.RESERVED, StockAnswer.COMMITTED),
        then=lambda order, now: _ask_for_payment(order, now),
        undone_by="catalog releases on OrderCancelled",
        gives_up_after=timedelta(minutes=30),
        cancels_when_given_up=True,
    ),
    Wait.PAYMENT: Step(
        asked_by=PaymentDue,
        good=lambda order: order.payment is PaymentAnswer.AUTHORIZED,
        then=lambda order, now: _confirm(order, now),
        bad=lambda order: _stock_refused(order) or _payment_failed(order),
        undone_by="payments voids or refunds on OrderCancelled",
        gives_up_after=timedelta(minutes=60),
        cancels_when_given_up=True,
    ),
    Wait.PARCELS: Step(
        asked_by=OrderConfirmed,
        good=lambda order: all(part.parcel is not ParcelState.AWAITED for part in order.parts),
        then=lambda order, now: _await_delivery(order, now),
        bad_parts=PARTS_GONE,
        undone_by="shipping calls off on OrderCancelled what the courier has not; the rest comes back",
        gives_up_after=timedelta(minutes=60),
        cancels_when_given_up=True,
    ),
    Wait.DELIVERY: Step(
        asked_by=None,
        good=lambda order: not order.open_parts,
        then=lambda order, now: _settle(order, now),
        bad_parts=PARTS_GONE,
        undone_by="payments refunds on OrderPartCancelled, catalog restocks what came back",
        gives_up_after=timedelta(days=21),
        cancels_when_given_up=False,
    ),
    Wait.RETURN: Step(
        asked_by=OrderCancelled,
        good=lambda order: not order.open_parts,
        then=lambda order, now: _settle(order, now),
        bad=lambda order: "",
        bad_parts=PARTS_GONE,
        undone_by="nobody: this is the undo",
        gives_up_after=timedelta(days=21),
        cancels_when_given_up=False,
    ),
}
"""The saga. Participants know four facts (placed, confirmed, part cancelled, cancelled); only this table knows the way.

Whoever cancels after the confirmation (the buyer, a refused stock, silence) makes the order wait for RETURN.
"""


def place(order: Order, now: datetime) -> Told:
    """The first step: a fresh order asks catalog for its stock."""
    fact = OrderPlaced(
        order_id=order.id,
        contact_id=order.contact_id,
        channel=order.channel,
        channel_order_id=order.channel_order_id,
        destination=order.destination,
        payment_method=order.payment_method,
        parts=order.parts,
        total_vnd=order.total_vnd,
        place_time=now,
    )
    return _step(order, OrderState.PLACED, Wait.STOCK, now, "OrderPlaced", order.channel), (fact,)


def advance(order: Order, now: datetime) -> Told:
    """Take every step that what is known allows, and say so."""
    said: tuple[object, ...] = ()
    while (move := _next_move(order)) is not None:
        order, facts = move(order, now)
        said += facts
    return order, said


def cancel(order: Order, reason: str, now: datetime) -> Told:
    """Call the order off. Never for an order with a delivered part; an order that is off already stays as it is.

    Nobody knows where the parcels of a confirmed order are until shipping has answered for each, so those parts stay
    open: undone at once is only what is certainly not with the courier.
    """
    if order.has_delivered:
        raise AssertionError(f"{order.id} has a delivered part")
    if order.is_over or order.state is OrderState.CANCELLING:
        return order, ()
    open_part_ids = tuple(part.part_id for part in order.open_parts) if order.state is OrderState.CONFIRMED else ()
    fact = OrderCancelled(order_id=order.id, reason=reason, cancel_time=now, open_part_ids=open_part_ids)
    state, wait = (OrderState.CANCELLING, Wait.RETURN) if open_part_ids else (OrderState.CANCELLED, Wait.NOTHING)
    order = _step(order, state, wait, now, "OrderCancelled", reason)
    return replace(order, cancel_reason=reason), (fact,)


def give_up(order: Order, now: datetime) -> Told:
    """Nobody answered in time: the order is off; on the road nothing can be undone from here, so people are called."""
    if order.deadline_time is None or now < order.deadline_time:
        return order, ()
    if TABLE[order.wait].cancels_when_given_up and not any(part.parcel in ON_THE_ROAD for part in order.parts):
        return cancel(order, GAVE_UP + order.wait, now)
    return replace(order, deadline_time=None, overdue=True).note("Overdue", now, order.wait), ()


def _next_move(order: Order) -> Callable[[Order, datetime], Told] | None:
    if _gone_parts(order):
        return _cancel_parts
    step = TABLE.get(order.wait)
    if step is None:
        return None
    if step.bad(order):
        return lambda order, now: cancel(order, step.bad(order), now)
    return step.then if step.good(order) else None


def _stock_refused(order: Order) -> str:
    """Bad at every step: a confirm that met an expired hold may be refused while parcels are already being made."""
    return STOCK_REFUSED if order.stock is StockAnswer.REFUSED and not order.has_delivered else ""


def _payment_failed(order: Order) -> str:
    return f"PAYMENT_{order.payment}" if order.payment in (PaymentAnswer.DECLINED, PaymentAnswer.EXPIRED) else ""


def _ask_for_payment(order: Order, now: datetime) -> Told:
    fact = PaymentDue(
        order_id=order.id,
        total_vnd=order.total_vnd,
        payment_method=order.payment_method,
        due_time=now,
        part_amounts=tuple((part.part_id, part.goods_vnd) for part in order.parts),
        channel=order.channel,
        placed_by=order.placed_by,
    )
    detail = f"{order.total_vnd} VND by {order.payment_method}"
    return _step(order, OrderState.AWAITING_PAYMENT, Wait.PAYMENT, now, "PaymentDue", detail), (fact,)


def _confirm(order: Order, now: datetime) -> Told:
    fact = OrderConfirmed(
        order_id=order.id,
        contact_id=order.contact_id,
        destination=order.destination,
        parts=order.parts,
        payment_method=order.payment_method,
        place_time=order.place_time,
        confirm_time=now,
        channel=order.channel,
    )
    return _step(order, OrderState.CONFIRMED, Wait.PARCELS, now, "OrderConfirmed"), (fact,)


def _await_delivery(order: Order, now: datetime) -> Told:
    return _step(order, OrderState.CONFIRMED, Wait.DELIVERY, now), ()


def _gone_parts(order: Order) -> list[Part]:
    """Parts to undo, and lost ones that came back, even when the order is over: their goods are to be restocked."""
    bad_parts = TABLE[order.wait].bad_parts if order.wait in TABLE else {}
    return [part for part in order.parts if _was_found(part) or (part.parcel in bad_parts and not part.cancel_reason)]


def _was_found(part: Part) -> bool:
    return part.parcel is ParcelState.RETURNED and part.cancel_reason == PARTS_GONE[ParcelState.LOST]


def _cancel_parts(order: Order, now: datetime) -> Told:
    """Undo the parts that will not reach the buyer; their goods go back to stock if they came back or never left."""
    facts = []
    for part in _gone_parts(order):
        called_off = part.parcel is ParcelState.CANCELLED and order.cancel_reason == BUYER_CANCELLED
        reason = BUYER_CANCELLED if called_off else PARTS_GONE[part.parcel]
        came_back = part.parcel is not ParcelState.LOST and order.stock is not StockAnswer.REFUSED
        facts.append(
            OrderPartCancelled(
                order_id=order.id,
                part_id=part.part_id,
                reason=reason,
                amount_vnd=part.goods_vnd,
                restock_lines=part.lines if came_back else (),
            )
        )
        order = order.cancel_part(part.part_id, reason).note("OrderPartCancelled", now, f"{part.part_id} {reason}")
    return order, tuple(facts)


def _settle(order: Order, now: datetime) -> Told:
    """Every part has met its fate: completed if the buyer got anything, otherwise off."""
    if order.has_delivered:
        done = _step(order, OrderState.COMPLETED, Wait.NOTHING, now, "OrderCompleted")
        # A cancel that crossed a delivery: the order is not off, the history says that it was to be.
        return replace(done, cancel_reason=""), (OrderCompleted(order_id=order.id, complete_time=now),)
    if order.state is OrderState.CANCELLING:
        return _step(order, OrderState.CANCELLED, Wait.NOTHING, now), ()
    return cancel(order, NO_PART_LEFT, now)


def _step(order: Order, state: OrderState, wait: Wait, now: datetime, kind: str = "", detail: str = "") -> Order:
    """The order in its next state, waiting anew; `kind` is what it says with that, kept in its history."""
    deadline = now + TABLE[wait].gives_up_after if wait in TABLE else None
    history = (*order.history, Happening(kind, now, detail)) if kind else order.history
    return replace(order, state=state, wait=wait, deadline_time=deadline, overdue=False, history=history)
