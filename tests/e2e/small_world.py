"""A world of four orders in perfect balance, made by hand, for the auditor's own tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chophien.catalog.v1 import livestream_event_pb2 as live
from chophien.catalog.v1 import stock_event_pb2 as stock
from chophien.common.v1 import common_pb2 as common
from chophien.orders.v1 import order_event_pb2 as orders
from chophien.payments.v1 import payment_event_pb2 as payments
from chophien.shipping.v1 import courier_feed_pb2 as feed
from chophien.shipping.v1 import parcel_event_pb2 as parcels
from chophien.shipping.v1 import pickup_batch_event_pb2 as batches
from google.protobuf.timestamp_pb2 import Timestamp

from tests.e2e import small_records as records
from tests.e2e.auditor.evidence import Evidence, Fact
from tests.e2e.small_records import BATCH, NOON, ORDERS, PRICE_VND, SPLIT, UNPAID

SESSION = "live-1"
PARTNERS = ("partner-b", "partner-c", "partner-a")
"""As they are asked: the first declines, the second keeps silent, the third drives."""
LIVE, STOCK, ORDER, PAYMENT, PARCEL, RUN, FEED = (
    "chophien.catalog.v1.LivestreamEvent",
    "chophien.catalog.v1.StockEvent",
    "chophien.orders.v1.OrderEvent",
    "chophien.payments.v1.PaymentEvent",
    "chophien.shipping.v1.ParcelEvent",
    "chophien.shipping.v1.PickupBatchEvent",
    "chophien.shipping.v1.CourierFeed",
)
HEARD = {
    "orders": (LIVE, STOCK, PAYMENT, PARCEL),
    "payments": (ORDER, PARCEL),
    "catalog": (ORDER,),
    "shipping": (ORDER,),
}


def _at(hours: float) -> Timestamp:
    answer = Timestamp()
    answer.FromDatetime(NOON + timedelta(hours=hours))
    return answer


class _Topics:
    """Collects facts with offsets and versions."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def say(self, topic: str, key: str, kind: str, body: Any) -> None:
        """What a batch says to its partners is numbered over all their feeds."""
        offset = sum(fact.topic == topic for fact in self.facts)
        shared = topic.partition(".partner-")[0]
        version = 1 + sum(fact.topic.startswith(shared) and fact.key == key for fact in self.facts)
        id = f"{topic}/{key}/{version}"
        self.facts.append(Fact(topic, 0, offset, key, id, kind, version, "", NOON, body))


def small_world() -> Evidence:
    """Two cash orders delivered and settled, a split one of which half is refunded, and one that was never paid."""
    topics = _Topics()
    topics.say(LIVE, SESSION, "livestream_started", live.LivestreamStarted())
    topics.say(LIVE, SESSION, "offer_opened", live.OfferOpened())
    topics.say(LIVE, SESSION, "livestream_ended", live.LivestreamEnded())
    for order in ORDERS:
        _paid_in_cash(topics, order)
    _split(topics)
    _never_paid(topics)
    _run(topics)
    kinds = {
        (group, topic): frozenset(f.kind for f in topics.facts if f.topic == topic) for group, topic in _hearings()
    }
    return Evidence(
        facts=topics.facts,
        hears=kinds,
        inbox={group: {f.id: f.topic for f in topics.facts if f.topic in heard} for group, heard in HEARD.items()},
        tables=records.tables(topics.facts),
        journals=records.journals(topics.facts),
        placed=[{"ref": f"BL-{n}", "order_id": order, "counted": True} for n, order in enumerate(ORDERS)],
    )


def _hearings() -> list[tuple[str, str]]:
    return [(group, topic) for group, heard in HEARD.items() for topic in heard]


def _lines(product: str) -> list[common.Line]:
    return [common.Line(product_id=product, quantity=1, unit_price_vnd=PRICE_VND)]


def _placed(topics: _Topics, order: str, product: str, parts: int, method: Any) -> list[orders.OrderPart]:
    """Up to the payment that is asked for."""
    made = [
        orders.OrderPart(part_id=f"{order}-{n}", pickup_point_id=f"pp-{n}", lines=_lines(product), goods_vnd=PRICE_VND)
        for n in range(1, parts + 1)
    ]
    total: dict[str, Any] = {"total_vnd": parts * PRICE_VND, "payment_method": method}
    topics.say(ORDER, order, "order_placed", orders.OrderPlaced(parts=made, **total))
    topics.say(STOCK, order, "stock_reserved", stock.StockReserved(lines=_lines(product) * parts))
    topics.say(ORDER, order, "payment_due", orders.PaymentDue(**total))
    if method == common.PAYMENT_METHOD_QR:
        topics.say(PAYMENT, order, "payment_requested", payments.PaymentRequested(amount_vnd=parts * PRICE_VND))
    return made


def _confirmed(topics: _Topics, order: str, parts: list[orders.OrderPart]) -> None:
    topics.say(PAYMENT, order, "payment_authorized", payments.PaymentAuthorized(amount_vnd=len(parts) * PRICE_VND))
    topics.say(ORDER, order, "order_confirmed", orders.OrderConfirmed(parts=parts))
    topics.say(STOCK, order, "stock_committed", stock.StockCommitted())


def _delivered(topics: _Topics, parcel: str, cod_vnd: int) -> None:
    topics.say(PARCEL, parcel, "parcel_created", parcels.ParcelCreated(cod_vnd=cod_vnd))
    topics.say(PARCEL, parcel, "promise_made", parcels.PromiseMade(handover_deadline_time=_at(11)))
    topics.say(PARCEL, parcel, "parcel_picked_up", parcels.ParcelPickedUp(batch_id=BATCH, pickup_time=_at(3)))
    delivered = parcels.ParcelDelivered(cod_collected_vnd=cod_vnd, deliver_time=_at(48))
    topics.say(PARCEL, parcel, "parcel_delivered", delivered)


def _paid_in_cash(topics: _Topics, order: str) -> None:
    parts = _placed(topics, order, "mien", 1, common.PAYMENT_METHOD_COD)
    cash: dict[str, Any] = {"parcel_id": f"{order}-1", "partner_id": "partner-a", "amount_vnd": PRICE_VND}
    _confirmed(topics, order, parts)
    _delivered(topics, f"{order}-1", PRICE_VND)
    topics.say(PAYMENT, order, "cod_collected", payments.CodCollected(**cash, collect_time=_at(48)))
    topics.say(PAYMENT, order, "cod_remitted", payments.CodRemitted(**cash, remit_time=_at(140)))
    topics.say(ORDER, order, "order_completed", orders.OrderCompleted())


def _split(topics: _Topics) -> None:
    """Paid by transfer; the first part is refused and refunded, the second arrives."""
    parts = _placed(topics, SPLIT, "che", 2, common.PAYMENT_METHOD_QR)
    gone: dict[str, Any] = {"part_id": f"{SPLIT}-1", "reason": "PARCEL_REFUSED"}
    money: dict[str, Any] = {"refund_id": records.REFUND, "amount_vnd": PRICE_VND}
    _confirmed(topics, SPLIT, parts)
    topics.say(PARCEL, f"{SPLIT}-1", "parcel_refused", parcels.ParcelRefused(reason="OVER_PARTNER_LIMITS"))
    topics.say(ORDER, SPLIT, "order_part_cancelled", orders.OrderPartCancelled(**gone))
    topics.say(STOCK, SPLIT, "stock_released", stock.StockReleased(lines=_lines("che")))
    topics.say(PAYMENT, SPLIT, "refund_due", payments.RefundDue(**money, reason="PART_CANCELLED"))
    topics.say(PAYMENT, SPLIT, "payment_refunded", payments.PaymentRefunded(**money))
    _delivered(topics, f"{SPLIT}-2", 0)
    topics.say(ORDER, SPLIT, "order_completed", orders.OrderCompleted())


def _never_paid(topics: _Topics) -> None:
    _placed(topics, UNPAID, "che", 1, common.PAYMENT_METHOD_QR)
    topics.say(ORDER, UNPAID, "order_cancelled", orders.OrderCancelled(reason="BUYER_CANCELLED"))
    topics.say(PAYMENT, UNPAID, "payment_voided", payments.PaymentVoided(reason="BUYER_CANCELLED"))
    topics.say(STOCK, UNPAID, "stock_released", stock.StockReleased(lines=_lines("che")))


def _run(topics: _Topics) -> None:
    """Offered three times, moved by a closure, driven; two parcels are called off before."""
    answers = {
        "batch_declined": batches.BatchDeclined,
        "tender_expired": batches.TenderExpired,
        "batch_accepted": batches.BatchAccepted,
    }
    planned = [*records.RIDES, *records.CALLED_OFF]
    stops = [batches.RunStop(pickup_point_id="pp", arrive_time=_at(3), parcel_ids=planned)]
    topics.say(RUN, BATCH, "batch_closed", batches.BatchClosed(hub_id="hub-sa-pa", stops=stops, leave_time=_at(2)))
    for partner, (answer, message) in zip(PARTNERS, answers.items(), strict=True):
        own = f"{FEED}.{partner}"
        tender: dict[str, Any] = {"tender_id": f"TD-{partner}", "partner_id": partner}
        topics.say(RUN, BATCH, "batch_tendered", batches.BatchTendered(**tender, hub_id="hub-sa-pa"))
        topics.say(own, BATCH, "tender_offered", feed.TenderOffered(tender_id=tender["tender_id"]))
        topics.say(RUN, BATCH, answer, message(**tender))
        if answer != "batch_accepted":
            topics.say(own, BATCH, "tender_closed", feed.TenderClosed(tender_id=tender["tender_id"]))
    topics.say(f"{FEED}.partner-a", BATCH, "run_awarded", feed.RunAwarded(tender_id="TD-partner-a"))
    topics.say(RUN, BATCH, "batch_moved", batches.BatchMoved(closure_id="CL-1", to_hub_id="hub-lai-chau"))
    topics.say(f"{FEED}.partner-a", BATCH, "run_moved", feed.RunMoved(closure_id="CL-1", to_hub_id="hub-lai-chau"))
    for parcel in records.CALLED_OFF:
        off = feed.RunParcelCancelled(parcel_id=parcel)
        topics.say(f"{FEED}.partner-a", BATCH, "run_parcel_cancelled", off)
    topics.say(RUN, BATCH, "batch_collected", batches.BatchCollected(picked_parcel_ids=records.RIDES))
    topics.say(RUN, BATCH, "batch_handed_over", batches.BatchHandedOver(hub_id="hub-lai-chau"))
