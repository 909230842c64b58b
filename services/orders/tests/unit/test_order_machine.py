"""Whatever comes, in whatever order and however often: what an order may never do."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from chassis.testing import carry_out
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from orders.app.commands import CancelOrder, GiveUpWait, NoteParcel, NotePayment, NoteStock
from orders.app.handlers import HANDLERS
from orders.domain.errors import AlreadyDelivered
from orders.domain.events import (
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPartCancelled,
    OrderPlaced,
    PaymentDue,
)
from orders.domain.goods import ParcelState
from orders.domain.order import Order, OrderState, PaymentAnswer, StockAnswer, Wait

PARCELS = st.sampled_from([state for state in ParcelState if state is not ParcelState.AWAITED])
LEGAL = {
    OrderState.PLACED: {OrderState.AWAITING_PAYMENT, OrderState.CANCELLED},
    OrderState.AWAITING_PAYMENT: {OrderState.CONFIRMED, OrderState.CANCELLED},
    OrderState.CONFIRMED: {OrderState.CANCELLING, OrderState.CANCELLED, OrderState.COMPLETED},
    OrderState.CANCELLING: {OrderState.CANCELLED, OrderState.COMPLETED},
    OrderState.CANCELLED: set(),
    OrderState.COMPLETED: set(),
}


def reachable(state: OrderState) -> set[OrderState]:
    """States that may follow, at once or later, and itself."""
    found = {state}
    for following in LEGAL[state]:
        found |= reachable(following)
    return found


class OrderMachine(RuleBasedStateMachine):
    """An order of two parts; what the others say is unordered, repeated and contradictory."""

    shop: Any = None
    """Made by the test below for every example."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = type(self).shop()
        self.before: Order | None = None

    @initialize(step=st.sampled_from(["STOCK", "PAYMENT", "PARCELS", "DELIVERY", "RETURN"]))
    def placed(self, step: str) -> None:
        self.shop.until(step)

    @property
    def order(self) -> Order:
        found: Order = self.shop.order
        return found

    def news(self, command: object) -> None:
        self.before = self.order
        self.shop.twice(command)

    @rule(answer=st.sampled_from([StockAnswer.RESERVED, StockAnswer.COMMITTED, StockAnswer.REFUSED, None]))
    def stock(self, answer: StockAnswer | None) -> None:
        self.news(NoteStock(order_id=self.order.id, kind=f"Stock {answer}", detail="", time=None, answer=answer))

    @rule(answer=st.sampled_from([*PaymentAnswer, None]).filter(lambda answer: answer is not PaymentAnswer.AWAITED))
    def payment(self, answer: PaymentAnswer | None) -> None:
        self.news(NotePayment(order_id=self.order.id, kind=f"Payment {answer}", detail="", time=None, answer=answer))

    @rule(number=st.integers(1, 2), answer=PARCELS)
    def parcel(self, number: int, answer: ParcelState) -> None:
        id = self.order.id
        self.news(NoteParcel(order_id=id, parcel_id=f"{id}-{number}", kind=answer, detail="", time=None, answer=answer))

    @rule()
    def buyer_cancels(self) -> None:
        self.before = self.order
        try:
            carry_out(HANDLERS, self.shop.memory, CancelOrder(order_id=self.order.id, placed_by=""), self.shop.now)
        except AlreadyDelivered:
            assert self.order == self.before

    @precondition(lambda self: self.order.deadline_time is not None)
    @rule(late=st.booleans())
    def nobody_answers(self, late: bool) -> None:
        assert self.order.deadline_time is not None
        self.shop.now = max(self.shop.now, self.order.deadline_time - timedelta(seconds=0 if late else 1))
        self.news(GiveUpWait(order_id=self.order.id))

    @invariant()
    def states_follow_each_other_legally(self) -> None:
        if self.before is not None:
            assert self.order.state in reachable(self.before.state)

    @invariant()
    def delivered_is_never_cancelled(self) -> None:
        if self.order.has_delivered:
            assert self.order.state is not OrderState.CANCELLED
        for part in self.order.parts:
            assert part.parcel is not ParcelState.DELIVERED or not part.cancel_reason

    @invariant()
    def final_parcels_stay(self) -> None:
        for old, new in zip(self.before.parts if self.before else (), self.order.parts, strict=False):
            found = (old.parcel, new.parcel) == (ParcelState.LOST, ParcelState.RETURNED)
            assert not old.parcel.is_final or new.parcel is old.parcel or found

    @invariant()
    def every_question_is_asked_once_and_in_order(self) -> None:
        said = Counter(type(fact) for fact in self.shop.memory.facts)
        for kind in (OrderPlaced, PaymentDue, OrderConfirmed, OrderCancelled, OrderCompleted):
            assert said[kind] <= 1
        assert said[OrderConfirmed] <= said[PaymentDue] <= said[OrderPlaced]
        parts = [fact for fact in self.shop.memory.facts if isinstance(fact, OrderPartCancelled)]
        for part_id in {fact.part_id for fact in parts}:
            first, *again = [(fact.reason, fact.restock_lines) for fact in parts if fact.part_id == part_id]
            assert not again or first == ("PARCEL_LOST", ())
            assert [reason for reason, _lines in again] in ([], ["PARCEL_RETURNED"])

    @invariant()
    def nobody_pays_before_stock_is_held(self) -> None:
        if any(isinstance(fact, PaymentDue) for fact in self.shop.memory.facts):
            assert self.order.stock is not StockAnswer.AWAITED
        if any(isinstance(fact, OrderConfirmed) for fact in self.shop.memory.facts):
            assert self.order.payment is PaymentAnswer.AUTHORIZED

    @invariant()
    def a_finished_order_is_settled(self) -> None:
        order = self.order
        assert (order.wait is Wait.NOTHING) == order.is_over
        assert order.deadline_time is None or not order.is_over
        said = {type(fact) for fact in self.shop.memory.facts}
        if order.state is OrderState.COMPLETED:
            assert order.has_delivered and OrderCompleted in said
        if order.state in (OrderState.CANCELLED, OrderState.CANCELLING):
            assert OrderCancelled in said
        if order.is_over and OrderConfirmed in said:
            undone = {part.part_id for part in order.parts if part.cancel_reason}
            assert undone | {p.part_id for p in order.parts if p.parcel is ParcelState.DELIVERED} == {
                part.part_id for part in order.parts
            }


def test_an_order_keeps_its_promises(new_shop: Any) -> None:
    machine: Any = type("Machine", (OrderMachine,), {"shop": staticmethod(new_shop)})
    case = machine.TestCase
    case.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
    case().runTest()
