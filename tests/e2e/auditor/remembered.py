"""What must have been said, by what services, hearers and partners remember of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from chophien.catalog.v1 import stock_event_pb2 as stock
from chophien.orders.v1 import order_event_pb2 as orders
from chophien.payments.v1 import payment_event_pb2 as payments
from chophien.shipping.v1 import parcel_event_pb2 as parcels

from tests.e2e.auditor.evidence import Evidence, Finding, Row

STATE_FACTS = {
    ("orders", "orders", "CONFIRMED"): ("order_placed", "payment_due", "order_confirmed"),
    ("orders", "orders", "COMPLETED"): ("order_placed", "payment_due", "order_confirmed", "order_completed"),
    ("orders", "orders", "CANCELLED"): ("order_placed", "order_cancelled"),
    ("shipping", "parcels", "READY"): ("parcel_created", "promise_made", "parcel_ready"),
    ("shipping", "parcels", "PICKED_UP"): ("parcel_created", "promise_made", "parcel_picked_up"),
    ("shipping", "parcels", "DELIVERED"): ("parcel_created", "promise_made", "parcel_picked_up", "parcel_delivered"),
    ("shipping", "parcels", "RETURNED"): ("parcel_created", "parcel_picked_up", "parcel_returned"),
    ("shipping", "parcels", "REFUSED"): ("parcel_refused",),
    ("shipping", "batches", "HANDED_OVER"): ("batch_closed", "batch_accepted", "batch_collected", "batch_handed_over"),
    ("payments", "payments", "AUTHORIZED"): ("payment_authorized",),
    ("payments", "payments", "EXPIRED"): ("payment_requested", "payment_expired"),
    ("catalog", "stock_holds", "HELD"): ("stock_reserved",),
    ("catalog", "stock_holds", "COMMITTED"): ("stock_reserved", "stock_committed"),
    ("catalog", "stock_holds", "REFUSED"): ("stock_refused",),
}
"""What must have been said for something to be in a state."""

NUMBERED = (
    ("catalog", "sellers", "version", "catalog.v1.SellerEvent"),
    ("catalog", "products", "version", "catalog.v1.ProductEvent"),
    ("catalog", "livestream_sessions", "version", "catalog.v1.LivestreamEvent"),
    ("catalog", "stock_holds", "version", "catalog.v1.StockEvent"),
    ("shipping", "parcels", "facts", "shipping.v1.ParcelEvent"),
    ("shipping", "batches", "facts", "shipping.v1.PickupBatchEvent"),
    ("shipping", "batches", "feed", "shipping.v1.CourierFeed"),
)
"""Columns that count what was said of a row, without gaps, and in which topics: 1, 2, 3 up to the count."""

HISTORIES = (("orders", "orders"), ("payments", "payments"))
"""Tables whose rows keep a history of facts, their own and those they heard, by name."""

KINDS = frozenset(
    field.name
    for event in (stock.StockEvent, orders.OrderEvent, payments.PaymentEvent, parcels.ParcelEvent)
    for field in event.DESCRIPTOR.oneofs_by_name["fact"].fields
)
"""What of a history is a fact; the rest are steps like BankTransfer."""

ASKED = frozenset({"payment_requested", "payment_authorized"})


def lost(evidence: Evidence) -> Iterator[Finding]:
    """Facts that no topic holds, though somebody remembers or counted them."""
    yield from _vanished(evidence)
    yield from _unsupported(evidence)
    yield from _left_out(evidence)
    yield from _untold(evidence)
    yield from _unvoided(evidence)


def _vanished(evidence: Evidence) -> Iterator[Finding]:
    """Somebody heard it, but the topic does not hold it."""
    there = {fact.id for fact in evidence.facts} | set(evidence.dead_records)
    gone = {id: topic for heard in evidence.inbox.values() for id, topic in heard.items() if id not in there}
    for id, topic in gone.items():
        yield Finding("lost_facts", f"{topic} does not hold {id} any more, which was heard")


def _rows(evidence: Evidence, service: str, table: str) -> list[Row]:
    return evidence.tables.get(service, {}).get(table, [])


def _unsupported(evidence: Evidence) -> Iterator[Finding]:
    said = {(fact.key, fact.kind) for fact in evidence.said}
    for (service, table, state), kinds in STATE_FACTS.items():
        for row in _rows(evidence, service, table):
            for kind in kinds if row["state"].upper() == state else ():
                if (row["id"], kind) not in said:
                    yield Finding("lost_facts", f"{table} {row['id']} is {state}, but never said {kind}")


def _left_out(evidence: Evidence) -> Iterator[Finding]:
    """Its place in the row's story is empty, whether nobody ever heard it or it vanished afterwards."""
    said = {(_shared(fact.topic), fact.key, fact.version) for fact in evidence.said}
    for service, table, column, topic in NUMBERED:
        for row in _rows(evidence, service, table):
            for number in range(1, row[column] + 1):
                if (f"chophien.{topic}", row["id"], number) not in said:
                    yield Finding("lost_facts", f"fact {number} of {row[column]} of {topic} {row['id']} is not there")


def _shared(topic: str) -> str:
    """What a batch says to its partners is numbered over all their feeds."""
    return topic.rpartition(".")[0] if ".CourierFeed." in topic else topic


def _untold(evidence: Evidence) -> Iterator[Finding]:
    """It stands in the history of an order or its payment, more often than it was said."""
    said = Counter((key, fact.kind) for fact in evidence.said for key in {fact.key, _order_of(fact.key)})
    for service, table in HISTORIES:
        for row in _rows(evidence, service, table):
            for kind, count in Counter(map(_kind, row["history"])).items():
                if kind in KINDS and said[row["id"], kind] < count:
                    text = f"{table} {row['id']} remembers {count} {kind}, said were {said[row['id'], kind]}"
                    yield Finding("lost_facts", text, count - said[row["id"], kind])


def _order_of(key: str) -> str:
    """The order of a parcel."""
    return key.rpartition("-")[0]


def _kind(step: list[str] | dict[str, str]) -> str:
    """Of a step of a history, written as a list or as an object: OrderPlaced is order_placed."""
    name = step["kind"] if isinstance(step, dict) else step[0]
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _unvoided(evidence: Evidence) -> Iterator[Finding]:
    """A payment was asked for, nothing came and it is off, but nobody was told; its history leaves that fact out."""
    told = {fact.key for fact in evidence.of("payment_voided")}
    back = {row["order_id"] for row in _rows(evidence, "payments", "refunds") if row["id"].endswith(":cancel")}
    for row in _rows(evidence, "payments", "payments"):
        asked = ASKED & set(map(_kind, row["history"]))
        if row["state"] == "VOIDED" and asked and not row["paid"] and row["id"] not in told | back:
            yield Finding("lost_facts", f"payment {row['id']} is VOIDED, but never said payment_voided")
