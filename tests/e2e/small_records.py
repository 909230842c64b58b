"""Tables and journals of the small world: what the services remember and what the actors outside saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.auditor.evidence import Fact

NOON = datetime(2026, 2, 4, 5, tzinfo=UTC)
PRICE_VND = 60_000
COUNTED = {"mien": 2, "che": 2}
"""Pieces that the seller put on the shelf, by product."""
ORDERS = ("DH260204AAAAAAAAAAAA", "DH260204BBBBBBBBBBBB")
SPLIT, UNPAID = "DH260204CCCCCCCCCCCC", "DH260204DDDDDDDDDDDD"
STATES = {**dict.fromkeys((*ORDERS, SPLIT), "COMPLETED"), UNPAID: "CANCELLED"}
BATCH = "PB260204-00000001"
RIDES = (*(f"{order}-1" for order in ORDERS), f"{SPLIT}-2")
CALLED_OFF = ("DH260204EEEEEEEEEEEE-1", "DH260204FFFFFFFFFFFF-1")
"""Parcels on the run that left it before it came."""
REFUND = f"{SPLIT}:part:{SPLIT}-1"


def tables(facts: list[Fact]) -> dict[str, dict[str, list[Any]]]:
    """The four databases after all these facts."""

    def said(topic: str, key: str) -> int:
        return sum(topic in fact.topic and fact.key == key for fact in facts)

    holds = {**dict.fromkeys((*ORDERS, SPLIT), "COMMITTED"), UNPAID: "RELEASED"}
    states = {**dict.fromkeys((*ORDERS, SPLIT), "AUTHORIZED"), UNPAID: "VOIDED"}
    parcels = {**dict.fromkeys(RIDES, "DELIVERED"), f"{SPLIT}-1": "REFUSED"}
    run = {"id": BATCH, "state": "HANDED_OVER", "facts": said("PickupBatch", BATCH), "feed": said("Feed", BATCH)}
    return {
        "catalog": {
            "stocks": [_stocked("mien", 0, 2), _stocked("che", 1, 1)],
            "stock_holds": [{"id": o, "state": state, "version": said("Stock", o)} for o, state in holds.items()],
            "livestream_sessions": [{"id": "live-1", "version": said("Livestream", "live-1")}],
        },
        "orders": {
            "orders": [
                {"id": order, "state": state, "channel": "live", "channel_order_id": f"BL-{n}", "history": steps}
                for n, (order, state) in enumerate(STATES.items())
                for steps in [[[_camel(fact.kind), "", ""] for fact in facts if fact.key.startswith(order)]]
            ]
        },
        "payments": {
            "payments": [
                {"id": order, "state": state, "paid": order == SPLIT, "history": _payment_history(facts, order)}
                for order, state in states.items()
            ],
            "refunds": [{"id": REFUND, "order_id": SPLIT}],
            "ledger_entries": [*(entry for order in ORDERS for entry in _cash_entries(order)), *_prepaid_entries()],
        },
        "shipping": {
            "parcels": [{"id": id, "state": state, "facts": said("Parcel", id)} for id, state in parcels.items()],
            "batches": [run],
        },
    }


def _stocked(product: str, on_hand: int, sold: int) -> dict[str, Any]:
    return {"id": product, "on_hand_quantity": on_hand, "held_quantity": 0, "sold_quantity": sold}


def _camel(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("_"))


def _payment_history(facts: list[Fact], order: str) -> list[dict[str, str]]:
    """It names everything but the voiding, and transfers that are no facts."""
    kinds = [fact.kind for fact in facts if fact.key == order and "Payment" in fact.topic]
    return [{"kind": "BankTransfer"}, *({"kind": _camel(kind)} for kind in kinds if kind != "payment_voided")]


def _entry(order: str, step: str, parcel: str, hours: int, debit: str, credit: str, vnd: int) -> dict[str, Any]:
    return {
        "id": f"{order}/{step}",
        "order_id": order,
        "parcel_id": parcel,
        "post_time": NOON + timedelta(hours=hours),
        "lines": [{"account": debit, "amount_vnd": vnd}, {"account": credit, "amount_vnd": -vnd}],
    }


def _cash_entries(order: str) -> list[dict[str, Any]]:
    """Collected at the door, stated by the courier, seen at the bank."""
    steps = (
        ("sellers_payable", "cod_receivable:partner-a", 48),
        ("cod_receivable:partner-a", "cod_in_transit:partner-a", 140),
        ("cod_in_transit:partner-a", "bank", 142),
    )
    return [
        _entry(order, str(n), f"{order}-1", hours, debit, credit, PRICE_VND)
        for n, (credit, debit, hours) in enumerate(steps)
    ]


def _prepaid_entries() -> list[dict[str, Any]]:
    """The transfer for both parts, and one part's money back."""
    return [
        _entry(SPLIT, "transfer", "", 0, "bank", "buyer_prepaid", 2 * PRICE_VND),
        _entry(SPLIT, "refund", "", 6, "buyer_prepaid", "bank", PRICE_VND),
    ]


def journals(facts: list[Fact]) -> dict[str, list[Any]]:
    """Of every actor, the couriers' feeds included."""
    lines = [{"parcel_id": f"{order}-1", "amount_vnd": str(PRICE_VND)} for order in ORDERS]
    statement: dict[str, Any] = {"statement_id": "ST-1", "lines": lines}
    picked = [{"parcel_id": parcel, "picked": True} for parcel in RIDES]
    outcomes = [{"parcel_id": parcel, "outcome": "PICKUP_OUTCOME_APPLIED"} for parcel in RIDES]
    return {
        "sellers": [_count(product, pieces) for product, pieces in COUNTED.items()],
        "buyers": [call("PlaceOrder", f"place-{order}", {"order_id": order}) for order in STATES],
        "bank": [
            call("ReportCodRemittance", "confirm", **statement),
            transfer(SPLIT, 2 * PRICE_VND),
            call("ReportRefundPaid", "pay", {"refund": {"order_id": SPLIT}}, refund_id=REFUND, amount_vnd=PRICE_VND),
        ],
        "partner-a": [
            call("ReportPickup", "visit", {"results": outcomes}, reports=picked),
            *(_scan(parcel) for parcel in RIDES),
            call("ReportCodRemittance", "remit", **statement),
            *_heard(facts, "partner-a"),
        ],
        "partner-b": _heard(facts, "partner-b"),
        "partner-c": _heard(facts, "partner-c"),
    }


def _count(product: str, pieces: int) -> dict[str, Any]:
    return call("SetStock", f"count-{product}", {"stock": {"on_hand_quantity": str(pieces)}}, product_id=product)


def _scan(parcel: str) -> dict[str, Any]:
    """At the door; who paid in advance pays nothing there."""
    cash: dict[str, Any] = {} if SPLIT in parcel else {"cod_collected_vnd": PRICE_VND}
    return call("ReportScan", f"scan-{parcel}", parcel_id=parcel, kind="SCAN_KIND_DELIVERED", **cash)


def transfer(order: str, amount_vnd: int) -> dict[str, Any]:
    """A bank's notice that this came for an order."""
    id = f"ft-{order}"
    return call("ReportBankTransfer", id, {"order_id": order}, provider_transaction_id=id, amount_vnd=str(amount_vnd))


def _heard(facts: list[Fact], partner: str) -> list[dict[str, Any]]:
    own = [fact for fact in facts if fact.topic.endswith(f".{partner}")]
    return [{"heard": fact.kind, "batch_id": fact.key, "version": str(fact.version)} for fact in own]


def call(rpc: str, request_id: str, answer: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
    """A call that was answered with OK."""
    return {
        "rpc": rpc,
        "as": "somebody",
        "code": "OK",
        "request": {"request_id": request_id, **request},
        "answer": answer or {},
    }
