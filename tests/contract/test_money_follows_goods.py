"""Orders and payments together, over the bytes of their facts: however it goes, the money ends where the goods are."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from chassis.kernel import DomainError, Handlers
from chassis.testing import Memory, carry_out
from chassis.wiring import Hearing
from chophien.catalog.v1.stock_event_pb2 import StockEvent
from chophien.orders.v1.order_event_pb2 import OrderEvent
from chophien.payments.v1.payment_event_pb2 import PaymentEvent
from chophien.shipping.v1.parcel_event_pb2 import ParcelEvent
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from orders.app.commands import CancelOrder, GiveUpWait, PlaceOrder
from orders.app.handlers import HANDLERS as ORDERS
from orders.domain.goods import Line, ParcelState, PaymentMethod, Size
from orders.domain.order import Order, OrderState
from orders.domain.views import ForSale, PickupFrom, Price
from orders.wire import facts
from orders.wire.hearing import HEARS as ORDERS_HEARS
from payments.app.commands import ExpirePayment, ReportBankTransfer
from payments.app.handlers import handlers
from payments.domain.ledger import LedgerEntry
from payments.domain.payment import Payment
from payments.domain.policy import Policy
from payments.domain.words import PaymentState
from payments.wire.heard import HEARS as PAYMENTS_HEARS
from payments.wire.said import encode

NOON = datetime(2026, 2, 4, 5, 0, tzinfo=UTC)
ORDER = "DH260204ABCDEFGHJKMN"
PRICES = {f"{ORDER}-1": 100_000, f"{ORDER}-2": 120_000}
TOTAL = sum(PRICES.values())
PAYMENTS = handlers(Policy())
STEPS_MAX = 5_000
OFF = {PaymentState.VOIDED, PaymentState.EXPIRED, PaymentState.DECLINED}


def for_sale(number: int, price_vnd: int) -> ForSale:
    return ForSale(
        id=f"product-{number}",
        published=1,
        withdrawn=0,
        seller_id=f"seller-{number}",
        prices=(Price(NOON, 1, price_vnd),),
        size=Size(500, 30, 20, 5),
        handling=(),
        seller_is_suspended=False,
        pickup_points=(PickupFrom(NOON, 1, f"gate-{number}"),),
    )


def place(method: PaymentMethod) -> PlaceOrder:
    texts = dict.fromkeys(("channel", "channel_order_id", "placed_by", "session_id", "name", "phone", "address"), "")
    return PlaceOrder(
        **texts,
        order_id=ORDER,
        contact_id="contact-1",
        commune_code="00004",
        as_of_date="",
        hamlet="",
        payment_method=method,
        lines=(Line("product-1", 1, 0), Line("product-2", 1, 0)),
        client_time=None,
    )


class Day:
    """Two services, the bytes between them, and a catalog, couriers, a buyer, a bank and a clock that play at random.

    Facts of one key come in order, those of different topics and parcels in any, some of them twice.
    """

    def __init__(self, random: Random, method: PaymentMethod, rough: float) -> None:
        """`rough` is how often things go wrong, 0 to 1."""
        self.random, self.method, self.rough = random, method, rough
        self.now = NOON
        self.orders, self.payments = Memory(), Memory()
        self.told = {"orders": 0, "payments": 0}
        self.queues: dict[tuple[str, str], deque[Message]] = {}
        self.parcels: dict[str, str] = {}
        self.is_held = False
        self.transfers = 0
        self.orders.put(for_sale(1, 100_000), for_sale(2, 120_000))
        self.do(self.orders, ORDERS, place(method))

    @property
    def order(self) -> Order:
        return self.orders.get(Order, ORDER)

    def do(self, memory: Memory, table: Handlers, command: object) -> None:
        """Carry a command out; what is said goes to those who hear it."""
        for _ in range(1 + (self.random.random() < 0.2 and not isinstance(command, PlaceOrder))):
            try:
                carry_out(table, memory, command, self.now)
            except DomainError:
                return
        for at in self.orders.said[self.told["orders"] :]:
            event = OrderEvent.FromString(facts.encode(at.fact, at.version).payload)
            self.say(event, "payments", "catalog", "shipping")
        for at in self.payments.said[self.told["payments"] :]:
            self.say(PaymentEvent.FromString(encode(at.fact, at.version).payload), "orders")
        self.told = {"orders": len(self.orders.said), "payments": len(self.payments.said)}

    def say(self, event: Message, *hearers: str) -> None:
        key = f"{type(event).__name__} {getattr(event, 'parcel_id', '')}"
        for hearer in hearers:
            self.queues.setdefault((hearer, key), deque()).append(event)

    def hear(self) -> bool:
        """One of the facts under way arrives; False = there are none."""
        if not (waiting := [at for at, queue in self.queues.items() if queue]):
            return False
        at = self.random.choice(waiting)
        event: Any = self.queues[at].popleft()
        match at[0]:
            case "catalog":
                self.catalog(event)
            case "shipping":
                self.shipping(event)
            case "orders":
                self.heard(self.orders, ORDERS, ORDERS_HEARS, event)
            case _:
                self.heard(self.payments, PAYMENTS, PAYMENTS_HEARS, event)
        return True

    def heard(self, memory: Memory, table: Handlers, hears: Mapping[str, Hearing], event: Any) -> None:
        translate = hears[event.DESCRIPTOR.full_name].commands.get(event.WhichOneof("fact"))
        if translate is not None and (command := translate(event)) is not None:
            self.do(memory, table, command)

    def catalog(self, event: OrderEvent) -> None:
        kind, refuses = event.WhichOneof("fact"), self.random.random() < self.rough / 5
        if kind == "order_placed":
            self.is_held = not refuses
            self.stock("stock_refused" if refuses else "stock_reserved")
        elif kind == "order_confirmed" and self.is_held:
            self.stock("stock_refused" if refuses else "stock_committed")

    def stock(self, kind: str) -> None:
        event = StockEvent(order_id=ORDER)
        getattr(event, kind).SetInParent()
        self.say(event, "orders")

    def shipping(self, event: OrderEvent) -> None:
        if event.WhichOneof("fact") == "order_confirmed":
            for id in PRICES:
                self.parcel(id, "parcel_refused" if self.random.random() < self.rough / 5 else "parcel_created")
        for id in event.order_cancelled.open_part_ids:
            if self.parcels[id] in ("parcel_created", "parcel_ready"):
                self.parcel(id, "parcel_cancelled")
            elif self.parcels[id] in ("parcel_picked_up", "parcel_in_transit"):
                self.parcel(id, "parcel_cancel_refused", self.parcels[id])

    def parcel(self, id: str, kind: str, state: str = "") -> None:
        """Something happens to a parcel; `state` = it stays in that one."""
        self.parcels[id] = state or kind
        event = ParcelEvent(parcel_id=id, order_id=ORDER)
        getattr(event, kind).SetInParent()
        if kind == "parcel_delivered":
            event.parcel_delivered.partner_id = "partner-a"
            event.parcel_delivered.deliver_time.FromDatetime(self.now)
            event.parcel_delivered.cod_collected_vnd = PRICES[id] if self.method is PaymentMethod.COD else 0
        self.say(event, "orders", "payments")

    def drive(self) -> None:
        """A courier does the next thing to some parcel."""
        ends = ("parcel_delivered",) * 4 + ("parcel_returned", "parcel_lost")
        ways: dict[str, tuple[str, ...]] = {
            "parcel_created": ("parcel_ready",),
            "parcel_ready": ("parcel_picked_up",),
            "parcel_picked_up": ("parcel_in_transit", *ends),
            "parcel_in_transit": ends,
        }
        if going := [id for id, state in self.parcels.items() if state in ways]:
            id = self.random.choice(going)
            self.parcel(id, self.random.choice(ways[self.parcels[id]]))

    def pay(self) -> None:
        """The buyer pays: the whole or not, in time or not, once or again and again."""
        is_rough = self.random.random() < self.rough
        self.transfers += 1
        notice = ReportBankTransfer(
            transfer_id=f"sepay/{self.transfers}",
            bank_time=self.now - timedelta(minutes=self.random.choice((0, 5, 20)) if is_rough else 0),
            amount_vnd=self.random.choice((TOTAL, 100_000, 120_000, 300_000)) if is_rough else TOTAL,
            incoming=True,
            memo="",
            order_codes=(ORDER,),
        )
        self.do(self.payments, PAYMENTS, notice)

    def pass_time(self) -> None:
        self.now += timedelta(minutes=self.random.choice((5, 10, 30)) if self.random.random() < self.rough else 0.5)
        self.do(self.payments, PAYMENTS, ExpirePayment(order_id=ORDER))
        self.do(self.orders, ORDERS, GiveUpWait(order_id=ORDER))

    def cancel(self) -> None:
        if self.random.random() < self.rough / 10:
            self.do(self.orders, ORDERS, CancelOrder(order_id=ORDER, placed_by=""))

    def live(self) -> None:
        """Until the order is over and nothing is under way."""
        others: tuple[Callable[[], object], ...] = (self.drive, self.drive, self.pay, self.pass_time, self.cancel)
        for _ in range(STEPS_MAX):
            if self.random.random() < 0.3 or not self.hear():
                if self.order.is_over and not any(self.queues.values()):
                    return
                self.random.choice(others)()
        raise AssertionError(f"the order never ends: {self.order.state}, {self.order.wait}")


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1_000_000), st.sampled_from(PaymentMethod), st.sampled_from((0.05, 0.3, 1.0)))
def test_the_money_ends_where_the_goods_are(seed: int, method: PaymentMethod, rough: float) -> None:
    day = Day(Random(seed), method, rough)
    day.live()
    balance = Counter[str]()
    for entry in day.payments.all(LedgerEntry):
        balance.update({line.account: line.amount_vnd for line in entry.lines})
    delivered = {part.part_id for part in day.order.parts if part.parcel is ParcelState.DELIVERED}
    assert delivered == {id for id, state in day.parcels.items() if state == "parcel_delivered"}
    earned_vnd = sum(PRICES[id] for id in delivered)
    assert sum(balance.values()) == 0 == balance["buyer_prepaid"]
    assert balance["sellers_payable"] == -earned_vnd
    assert balance["cod_receivable:partner-a"] == earned_vnd * (method is PaymentMethod.COD)
    assert balance["cod_disputed:partner-a"] == 0
    for payment in day.payments.all(Payment):
        kept_vnd = payment.received_vnd - payment.refund_due_vnd
        assert kept_vnd == earned_vnd * (method is PaymentMethod.QR)
        assert (payment.state in OFF) == (day.order.state is OrderState.CANCELLED)
