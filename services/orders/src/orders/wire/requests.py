"""Turns what callers ask into commands and questions; raises Invalid with the field's name in the proto."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.access import Caller
from chassis.kernel import Invalid, crockford, new_id
from chophien.common.v1.common_pb2 import Line as LineMessage
from chophien.common.v1.common_pb2 import PaymentMethod as PaymentMethodNumber
from chophien.orders.v1 import orders_service_pb2 as pb

from orders.app.commands import CancelOrder, PlaceOrder
from orders.app.handlers import local_date
from orders.domain.communes import Communes
from orders.domain.errors import CountryNotServed
from orders.domain.goods import Line, PaymentMethod
from orders.domain.order import OrderState, Wait
from orders.wire import checks

LINES_MAX = 50
QUANTITY_MAX = 1_000
PRICE_VND_MAX = 10_000_000_000
CONTACTS_MAX = 200
PAGE_SIZE_MAX = 200
PAGE_SIZE_DEFAULT = 50
RANDOM_CHARACTERS = 12
"""60 random bits a day's order: two in a million orders a day meet once in half a million years."""

SEES_ALL = frozenset({"operator", "service"})
"""Roles that see every order; others see those they placed."""

COMMUNE, AS_OF_DATE = "destination.commune_code", "destination.as_of_date"

METHODS = {
    PaymentMethodNumber.PAYMENT_METHOD_QR: PaymentMethod.QR,
    PaymentMethodNumber.PAYMENT_METHOD_COD: PaymentMethod.COD,
}


STATES: Mapping[int, str] = {number: name.removeprefix("ORDER_STATE_") for name, number in pb.OrderState.items()}
WAITS: Mapping[int, str] = {number: name.removeprefix("ORDER_WAIT_") for name, number in pb.OrderWait.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuestion:
    """Which orders to list; empty or None = any. `before_order_id` is where the last page ended."""

    limit: int
    before_order_id: str
    placed_by: str
    session_id: str
    state: OrderState | None
    wait: Wait | None
    overdue_only: bool
    channel_order_id: str


def new_order_id(now: datetime) -> str:
    """ "DH", the local date and 12 random characters: 20 in all, short enough for a bank transfer's memo."""
    day = local_date(now).replace("-", "")[2:]
    return f"DH{day}{crockford(secrets.randbits(5 * RANDOM_CHARACTERS), RANDOM_CHARACTERS)}"


def only_placed_by(caller: Caller) -> str:
    """Whose orders the caller may see; empty = everybody's."""
    return "" if caller.role in SEES_ALL else caller.identity


def place_order(request: pb.PlaceOrderRequest, caller: Caller, now: datetime, communes: Communes) -> PlaceOrder:
    """The command, with ids made here; nobody is to pay for what cannot be sent, so `communes` must have the place."""
    if request.country not in ("", "VN"):
        raise CountryNotServed(field="country")
    if request.payment_method not in METHODS:
        raise Invalid("payment_method", "must be QR or COD")
    lines = _lines(request.lines)
    buyer, to = request.buyer, request.destination
    code, as_of_date = checks.commune_code(COMMUNE, to.commune_code), checks.iso_date(AS_OF_DATE, to.as_of_date)
    if not communes.has(code, as_of_date or local_date(now)):
        raise Invalid(COMMUNE, "is no commune on that date")
    return PlaceOrder(
        order_id=new_order_id(now),
        contact_id=new_id(),
        channel=checks.channel(request.channel),
        channel_order_id=checks.channel_order_id(request.channel_order_id),
        placed_by=caller.identity,
        session_id=next((line.session_id for line in lines if line.session_id), ""),
        name=checks.text("buyer.name", buyer.name, required=True),
        phone=checks.phone("buyer.phone", buyer.phone),
        address=checks.text("buyer.address", buyer.address),
        commune_code=code,
        as_of_date=as_of_date,
        hamlet=checks.text("destination.hamlet", to.hamlet),
        payment_method=METHODS[request.payment_method],
        lines=lines,
        client_time=checks.time_or_none("client_time", request.client_time, request.HasField("client_time")),
    )


def _lines(messages: Sequence[LineMessage]) -> tuple[Line, ...]:
    if not 1 <= len(messages) <= LINES_MAX:
        raise Invalid("lines", f"must be 1 to {LINES_MAX}")
    lines = tuple(_line(f"lines[{number}]", message) for number, message in enumerate(messages))
    if len({(line.product_id, line.session_id) for line in lines}) < len(lines):
        raise Invalid("lines", "must name each product once a session")
    return lines


def _line(field: str, message: LineMessage) -> Line:
    if not 1 <= message.quantity <= QUANTITY_MAX:
        raise Invalid(f"{field}.quantity", f"must be 1 to {QUANTITY_MAX}")
    if not 0 <= message.unit_price_vnd <= PRICE_VND_MAX:
        raise Invalid(f"{field}.unit_price_vnd", f"must be 0 to {PRICE_VND_MAX}")
    return Line(
        checks.identifier(f"{field}.product_id", message.product_id),
        message.quantity,
        message.unit_price_vnd,
        checks.identifier(f"{field}.session_id", message.session_id, required=False),
    )


def cancel_order(request: pb.CancelOrderRequest, caller: Caller) -> CancelOrder:
    """The command."""
    return CancelOrder(order_id=checks.identifier("order_id", request.order_id), placed_by=only_placed_by(caller))


def contact_id(request: pb.EraseContactRequest) -> str:
    """The contact to erase."""
    return checks.identifier("contact_id", request.contact_id)


def order_id(request: pb.GetOrderRequest) -> str:
    """The order asked for."""
    return checks.identifier("order_id", request.order_id)


def contact_ids(request: pb.GetContactsRequest) -> list[str]:
    """The contacts asked for, each once, sorted."""
    if not 1 <= len(request.contact_ids) <= CONTACTS_MAX:
        raise Invalid("contact_ids", f"must be 1 to {CONTACTS_MAX}")
    return sorted({checks.identifier("contact_ids", contact_id) for contact_id in request.contact_ids})


def list_orders(request: pb.ListOrdersRequest, caller: Caller) -> OrderQuestion:
    """The question."""
    if not 0 <= request.page_size <= PAGE_SIZE_MAX:
        raise Invalid("page_size", f"must be 0 to {PAGE_SIZE_MAX}")
    return OrderQuestion(
        limit=request.page_size or PAGE_SIZE_DEFAULT,
        before_order_id=checks.identifier("page_token", request.page_token, required=False),
        placed_by=only_placed_by(caller),
        session_id=checks.identifier("session_id", request.session_id, required=False),
        state=OrderState(_name("state", STATES, request.state)) if request.state else None,
        wait=Wait(_name("wait", WAITS, request.wait)) if request.wait else None,
        overdue_only=request.overdue_only,
        channel_order_id=checks.channel_order_id(request.channel_order_id),
    )


def _name(field: str, names: Mapping[int, str], number: int) -> str:
    if number not in names:
        raise Invalid(field, "is not known")
    return names[number]
