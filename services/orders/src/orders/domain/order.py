"""The order as an aggregate: what is known about it, and how news changes that; what follows is in fulfilment.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chassis.kernel import Aggregate

from orders.domain.goods import Destination, ParcelState, Part, PaymentMethod


class OrderState(StrEnum):
    """How far an order has come; CANCELLED and COMPLETED are final."""

    PLACED = "PLACED"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"


class Wait(StrEnum):
    """What an order waits for; one row each of the saga's table."""

    STOCK = "STOCK"
    PAYMENT = "PAYMENT"
    PARCELS = "PARCELS"
    DELIVERY = "DELIVERY"
    RETURN = "RETURN"
    NOTHING = "NOTHING"


PARCELS_DECIDE = (Wait.PARCELS, Wait.DELIVERY, Wait.RETURN)
"""The waits after OrderConfirmed, before which there can be no parcel."""


class StockAnswer(StrEnum):
    """Catalog's last word on the order's stock."""

    AWAITED = "AWAITED"
    RESERVED = "RESERVED"
    COMMITTED = "COMMITTED"
    REFUSED = "REFUSED"


class PaymentAnswer(StrEnum):
    """Payments' answer to PaymentDue; an authorization outweighs whatever else was said."""

    AWAITED = "AWAITED"
    AUTHORIZED = "AUTHORIZED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"


class Happening(NamedTuple):
    """One step of the order's life: the fact's name, business time, a few words without personal data."""

    kind: str
    time: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Aggregate):
    """What a buyer ordered and what became of it.

    Invariants: `parts` never change but for their fate; a part with a final parcel never moves again, but for a lost
    one that came back; an order with a delivered part is never cancelled; a deadline runs only while the order waits
    for something.
    """

    state: OrderState
    wait: Wait
    deadline_time: datetime | None
    overdue: bool = False
    cancel_reason: str = ""
    stock: StockAnswer = StockAnswer.AWAITED
    payment: PaymentAnswer = PaymentAnswer.AWAITED
    contact_id: str
    channel: str
    channel_order_id: str
    placed_by: str
    session_id: str
    destination: Destination
    payment_method: PaymentMethod
    parts: tuple[Part, ...]
    total_vnd: int
    place_time: datetime
    client_time: datetime | None
    history: tuple[Happening, ...] = ()

    @property
    def open_parts(self) -> tuple[Part, ...]:
        """Parts whose parcel may still go anywhere."""
        return tuple(part for part in self.parts if not part.parcel.is_final)

    @property
    def has_delivered(self) -> bool:
        """Something of it is with the buyer."""
        return any(part.parcel is ParcelState.DELIVERED for part in self.parts)

    @property
    def is_over(self) -> bool:
        """The state is final."""
        return self.state in (OrderState.CANCELLED, OrderState.COMPLETED)

    def note(self, kind: str, time: datetime, detail: str = "") -> Order:
        """Remember that this happened; the same news again changes nothing."""
        if any(happening.kind == kind and happening.detail == detail for happening in self.history):
            return self
        return replace(self, history=(*self.history, Happening(kind, time, detail)))

    def hear_stock(self, answer: StockAnswer) -> Order:
        """Catalog answered. Answers only move on, in the order of StockAnswer; a refusal stands."""
        return replace(self, stock=answer) if _STOCK_ORDER[answer] > _STOCK_ORDER[self.stock] else self

    def hear_payment(self, answer: PaymentAnswer) -> Order:
        """Payments answered; money that is there outweighs an earlier no, and no later no takes it back."""
        if self.payment is PaymentAnswer.AWAITED or answer is PaymentAnswer.AUTHORIZED:
            return replace(self, payment=answer)
        return self

    def hear_parcel(self, part_id: str, parcel: ParcelState) -> Order:
        """Shipping told of a part's parcel; unknown parts, old news and parcels nobody asked for change nothing."""
        parts = tuple(
            replace(part, parcel=parcel) if part.part_id == part_id and self._is_news(part, parcel) else part
            for part in self.parts
        )
        return self if parts == self.parts else replace(self, parts=parts)

    def _is_news(self, part: Part, parcel: ParcelState) -> bool:
        if part.parcel is ParcelState.LOST and parcel is ParcelState.RETURNED:
            return True
        return self.wait in PARCELS_DECIDE and part.parcel.rank < parcel.rank

    def cancel_part(self, part_id: str, reason: str) -> Order:
        """The buyer will not get this part."""
        return replace(
            self,
            parts=tuple(
                replace(part, cancel_reason=reason) if part.part_id == part_id else part for part in self.parts
            ),
        )


_STOCK_ORDER = {answer: number for number, answer in enumerate(StockAnswer)}
