"""A world of two orders in perfect balance, made by hand, for the auditor's own tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chophien.catalog.v1 import stock_event_pb2 as stock
from chophien.common.v1 import common_pb2 as common
from chophien.orders.v1 import order_event_pb2 as orders
from chophien.payments.v1 import payment_event_pb2 as payments
from chophien.shipping.v1 import parcel_event_pb2 as parcels
from chophien.shipping.v1 import pickup_batch_event_pb2 as batches
from google.protobuf.timestamp_pb2 import Timestamp

from tests.e2e.auditor.evidence import Evidence, Fact

NOON = datetime(2026, 2, 4, 5, tzinfo=UTC)
PRICE_VND, COUNTED = 60_000, 2
ORDERS = ("DH260204AAAAAAAAAAAA", "DH260204BBBBBBBBBBBB")
BATCH = "PB260204-00000001"
STOCK, ORDER, PAYMENT, PARCEL, RUN = (
    "chophien.catalog.v1.StockEvent",
    "chophien.orders.v1.OrderEvent",
    "chophien.payments.v1.PaymentEvent",
    "chophien.shipping.v1.ParcelEvent",
    "chophien.shipping.v1.PickupBatchEvent",
)


def _at(hours: float) -> Timestamp:
    answer = Timestamp()
    answer.FromDatetime(NOON + timedelta(hours=hours))
    return answer


class _Topics:
    """Collects facts with offsets and versions."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def say(self, topic: str, key: str, kind: str, body: Any) -> None:
        offset = sum(fact.topic == topic for fact in self.facts)
        version = 1 + sum(fact.topic == topic and fact.key == key for fact in self.facts)
        id = f"{topic}/{key}/{version}"
        self.facts.append(Fact(topic, 0, offset, key, id, kind, version, "", body))


def small_world() -> Evidence:
    """Two cash orders of one piece each, of a product with two pieces: delivered, remitted, settled."""
    topics = _Topics()
    for order in ORDERS:
        _order(topics, order)
    lines = [f"{order}-1" for order in ORDERS]
    stops = [batches.RunStop(pickup_point_id="pp", arrive_time=_at(3), parcel_ids=lines)]
    topics.say(RUN, BATCH, "batch_closed", batches.BatchClosed(hub_id="hub-sa-pa", stops=stops, leave_time=_at(2)))
    topics.say(RUN, BATCH, "batch_accepted", batches.BatchAccepted(partner_id="partner-a"))
    topics.say(RUN, BATCH, "batch_collected", batches.BatchCollected(picked_parcel_ids=lines))
    topics.say(RUN, BATCH, "batch_handed_over", batches.BatchHandedOver())
    groups = {
        "orders": (STOCK, PAYMENT, PARCEL),
        "payments": (ORDER, PARCEL),
        "catalog": (ORDER,),
        "shipping": (ORDER,),
    }
    return Evidence(
        facts=topics.facts,
        hears={
            (group, topic): frozenset(fact.kind for fact in topics.facts if fact.topic == topic)
            for group, heard in groups.items()
            for topic in heard
        },
        inbox={
            group: {fact.id: fact.topic for fact in topics.facts if fact.topic in heard}
            for group, heard in groups.items()
        },
        tables=_tables(),
        journals=_journals(),
        placed=[{"ref": f"BL-{n}", "order_id": order, "counted": True} for n, order in enumerate(ORDERS)],
    )


def _order(topics: _Topics, order: str) -> None:
    parcel, lines = f"{order}-1", [common.Line(product_id="mien", quantity=1, unit_price_vnd=PRICE_VND)]
    parts = [orders.OrderPart(part_id=parcel, pickup_point_id="pp", lines=lines, goods_vnd=PRICE_VND)]
    cash: dict[str, Any] = {"parcel_id": parcel, "partner_id": "partner-a", "amount_vnd": PRICE_VND}
    topics.say(ORDER, order, "order_placed", orders.OrderPlaced(parts=parts, total_vnd=PRICE_VND))
    topics.say(STOCK, order, "stock_reserved", stock.StockReserved(lines=lines))
    topics.say(ORDER, order, "payment_due", orders.PaymentDue(total_vnd=PRICE_VND))
    topics.say(PAYMENT, order, "payment_authorized", payments.PaymentAuthorized(amount_vnd=PRICE_VND))
    topics.say(ORDER, order, "order_confirmed", orders.OrderConfirmed(parts=parts))
    topics.say(STOCK, order, "stock_committed", stock.StockCommitted())
    topics.say(PARCEL, parcel, "parcel_created", parcels.ParcelCreated(cod_vnd=PRICE_VND))
    topics.say(PARCEL, parcel, "promise_made", parcels.PromiseMade(handover_deadline_time=_at(11)))
    topics.say(PARCEL, parcel, "parcel_picked_up", parcels.ParcelPickedUp(batch_id=BATCH, pickup_time=_at(3)))
    delivered = parcels.ParcelDelivered(cod_collected_vnd=PRICE_VND, deliver_time=_at(48))
    topics.say(PARCEL, parcel, "parcel_delivered", delivered)
    topics.say(PAYMENT, order, "cod_collected", payments.CodCollected(**cash, collect_time=_at(48)))
    topics.say(PAYMENT, order, "cod_remitted", payments.CodRemitted(**cash, remit_time=_at(140)))
    topics.say(ORDER, order, "order_completed", orders.OrderCompleted())


def _tables() -> dict[str, dict[str, list[Any]]]:
    stocked = {"id": "mien", "on_hand_quantity": 0, "held_quantity": 0, "sold_quantity": COUNTED}
    return {
        "catalog": {"stocks": [stocked], "stock_holds": [{"id": order, "state": "COMMITTED"} for order in ORDERS]},
        "orders": {
            "orders": [
                {"id": order, "state": "COMPLETED", "channel": "live", "channel_order_id": f"BL-{n}"}
                for n, order in enumerate(ORDERS)
            ]
        },
        "payments": {
            "payments": [{"id": order, "state": "AUTHORIZED"} for order in ORDERS],
            "ledger_entries": [entry for order in ORDERS for entry in _entries(order)],
        },
        "shipping": {
            "parcels": [{"id": f"{order}-1", "state": "DELIVERED"} for order in ORDERS],
            "batches": [{"id": BATCH, "state": "HANDED_OVER"}],
        },
    }


def _entries(order: str) -> list[dict[str, Any]]:
    """Collected at the door, stated by the courier, seen at the bank."""
    steps = (
        ("sellers_payable", "cod_receivable:partner-a", 48),
        ("cod_receivable:partner-a", "cod_in_transit:partner-a", 140),
        ("cod_in_transit:partner-a", "bank", 142),
    )
    return [
        {
            "id": f"{order}/{step}",
            "order_id": order,
            "parcel_id": f"{order}-1",
            "post_time": NOON + timedelta(hours=hours),
            "lines": [{"account": debit, "amount_vnd": PRICE_VND}, {"account": credit, "amount_vnd": -PRICE_VND}],
        }
        for step, (credit, debit, hours) in enumerate(steps)
    ]


def _journals() -> dict[str, list[Any]]:
    lines = [{"parcel_id": f"{order}-1", "amount_vnd": str(PRICE_VND)} for order in ORDERS]
    picked = [{"parcel_id": f"{order}-1", "picked": True} for order in ORDERS]
    outcomes = [{"parcel_id": f"{order}-1", "outcome": "PICKUP_OUTCOME_APPLIED"} for order in ORDERS]
    scans = [
        _call(
            "ReportScan",
            f"scan-{order}",
            parcel_id=f"{order}-1",
            kind="SCAN_KIND_DELIVERED",
            cod_collected_vnd=PRICE_VND,
        )
        for order in ORDERS
    ]
    statement: dict[str, Any] = {"statement_id": "ST-1", "lines": lines}
    shelf = _call("SetStock", "count", {"stock": {"on_hand_quantity": str(COUNTED)}}, product_id="mien")
    return {
        "sellers": [shelf],
        "buyers": [_call("PlaceOrder", f"place-{order}", {"order_id": order}) for order in ORDERS],
        "bank": [_call("ReportCodRemittance", "confirm", **statement)],
        "partner-a": [
            _call("ReportPickup", "visit", {"results": outcomes}, reports=picked),
            *scans,
            _call("ReportCodRemittance", "remit", **statement),
        ],
    }


def _call(rpc: str, request_id: str, answer: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    return {
        "rpc": rpc,
        "as": "somebody",
        "code": "OK",
        "request": {"request_id": request_id, **request},
        "answer": answer or {},
    }
