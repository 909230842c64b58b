"""The figures of a play, all taken from the evidence: runs, promises, cash, tenders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.e2e.auditor import money
from tests.e2e.auditor.evidence import Evidence, moment, number

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
SECOND_PARTNER = "partner-b"


def figures(evidence: Evidence) -> dict[str, Any]:
    """Everything of summary.json that is not a count of findings."""
    counted = [fact for fact in evidence.of("order_placed") if fact.key in evidence.counted_orders]
    return {
        "orders_placed": len(counted),
        "orders_further": len(evidence.of("order_placed")) - len(counted),
        "orders_by_state": dict(Counter(row["state"] for row in evidence.rows("orders", "orders"))),
        **runs(evidence),
        **promises(evidence),
        "partner_b_tenders": tenders_of(evidence, SECOND_PARTNER),
        **cash(evidence),
        **failures(evidence),
        "facts": len(evidence.said),
        "facts_said_again": len(evidence.facts) - len(evidence.said),
        "calls": sum("rpc" in entry for journal in evidence.journals.values() for entry in journal),
    }


def _of_counted(evidence: Evidence, parcels: Iterable[str]) -> list[str]:
    return [parcel for parcel in parcels if parcel.rpartition("-")[0] in evidence.counted_orders]


def runs(evidence: Evidence) -> dict[str, list[dict[str, Any]]]:
    """Each run that was driven, by time: `runs` with what of them is counted, `control_runs` that carry none of it."""
    rows = {row["id"]: row for row in evidence.rows("shipping", "batches")}
    moves = {fact.key: fact.body for fact in evidence.of("batch_moved")}
    partners = {fact.key: fact.body.partner_id for fact in evidence.of("batch_accepted")}
    driven = {fact.key: fact.body for fact in evidence.of("batch_collected")}
    found: dict[str, list[dict[str, Any]]] = {"runs": [], "control_runs": []}
    for fact in sorted(evidence.of("batch_closed"), key=lambda each: moment(each.body.leave_time)):
        if fact.key not in driven:
            continue
        planned = [parcel for stop in fact.body.stops for parcel in stop.parcel_ids]
        control = not _of_counted(evidence, planned)
        mine = (lambda parcels: list(parcels)) if control else (lambda parcels: _of_counted(evidence, parcels))
        move = moves.get(fact.key)
        found["control_runs" if control else "runs"].append(
            {
                "batch_id": fact.key,
                "date": moment(fact.body.leave_time).astimezone(LOCAL).date().isoformat(),
                "partner": partners.get(fact.key, ""),
                "tendered_over_hub": fact.body.hub_id,
                "hub": move.to_hub_id if move else fact.body.hub_id,
                "moved_by_closure": move.closure_id if move else "",
                "parcels_planned": len(mine(planned)),
                "parcels_picked": len(mine(driven[fact.key].picked_parcel_ids)),
                "missed": len(mine(driven[fact.key].missed_parcel_ids)),
                "state": rows[fact.key]["state"],
                "communes": list(fact.body.commune_codes),
                "stops": [stop.pickup_point_id for stop in fact.body.stops],
            }
        )
    return found


def promises(evidence: Evidence) -> dict[str, int]:
    """The hand-over promise of each counted parcel as it was first made, against the courier's own pickup time."""
    first: dict[str, datetime] = {}
    for fact in evidence.of("promise_made"):
        first.setdefault(fact.key, moment(fact.body.handover_deadline_time))
    picked = {fact.key: moment(fact.body.pickup_time) for fact in evidence.of("parcel_picked_up")}
    due = _of_counted(evidence, first)
    kept = [parcel for parcel in due if parcel in picked and picked[parcel] <= first[parcel]]
    return {"promise_due": len(due), "promise_kept": len(kept)}


def tenders_of(evidence: Evidence, partner: str) -> int:
    """Offers a partner got, by our facts, by its feed and by what it saw itself."""
    said = [fact for fact in evidence.of("batch_tendered") if fact.body.partner_id == partner]
    fed = [fact for fact in evidence.of("tender_offered") if fact.topic.endswith(f".{partner}")]
    seen = [tender for call in evidence.calls("ListTenders", [partner]) for tender in call["answer"].get("tenders", ())]
    return max(len(said), len(fed), len(seen))


def cash(evidence: Evidence) -> dict[str, Any]:
    """Cash on delivery: what the couriers owe at the end of the last delivery day, and after they remitted."""
    handed_over = [moment(fact.body.deliver_time) for fact in evidence.of("parcel_delivered")]
    if not handed_over:
        return {"cod_outstanding_vnd": 0, "cod_delivered_vnd": 0, "cod_outstanding_after_remittance_vnd": 0}
    last = max(handed_over).astimezone(LOCAL).date()
    night = datetime.combine(last + timedelta(days=1), time(0), LOCAL)
    collected, remitted = (
        money.cash_facts(evidence, "cod_collected", night),
        money.cash_facts(evidence, "cod_remitted", night),
    )
    booked = money.booked(evidence, money.RECEIVABLE, by="parcel_id", until=night)
    doors = {parcel: number(scan["request"], "cod_collected_vnd") for parcel, scan in money.delivered(evidence).items()}
    outstanding = {parcel: amount - remitted[parcel] for parcel, amount in collected.items()}
    after = money.booked(evidence, money.RECEIVABLE, by="parcel_id")
    return {
        "last_delivery_date": last.isoformat(),
        "cod_parcels": len(+collected),
        "cod_outstanding_vnd": sum(outstanding.values()),
        "cod_delivered_vnd": sum(doors.values()),
        "cod_parcels_that_differ": sum(
            len({outstanding.get(parcel, 0), booked[parcel], doors.get(parcel, 0)}) > 1 for parcel in {*doors, *booked}
        ),
        "cod_outstanding_after_remittance_vnd": sum(after.values()),
        "cod_parcels_outstanding_after_remittance": sum(bool(amount) for amount in after.values()),
    }


def failures(evidence: Evidence) -> dict[str, Any]:
    """What went wrong in the world and was dealt with."""
    cancelled = Counter(fact.body.reason for fact in evidence.of("order_cancelled"))
    scans = Counter(call["answer"].get("outcome", "") for call in evidence.calls("ReportScan"))
    return {
        "orders_cancelled": dict(sorted(cancelled.items())),
        "counted_orders_cancelled": sum(fact.key in evidence.counted_orders for fact in evidence.of("order_cancelled")),
        "parts_cancelled": dict(Counter(fact.body.reason for fact in evidence.of("order_part_cancelled"))),
        "parcels_refused": dict(Counter(fact.body.reason for fact in evidence.of("parcel_refused"))),
        "pickups_failed": dict(Counter(fact.body.reason for fact in evidence.of("pickup_failed"))),
        "deliveries_failed": dict(Counter(fact.body.reason for fact in evidence.of("delivery_failed"))),
        "refunds": dict(Counter(fact.body.reason for fact in evidence.of("refund_due"))),
        "refunded_vnd": sum(fact.body.amount_vnd for fact in evidence.of("payment_refunded")),
        "scans_repeated": scans["SCAN_OUTCOME_REPEATED"],
        "scans_out_of_order": scans["SCAN_OUTCOME_OLD_NEWS"],
        "calls_that_found_nobody": sum(
            entry.get("code") == "UNAVAILABLE" for journal in evidence.journals.values() for entry in journal
        ),
        "control_batches_moved": sum(bool(run["moved_by_closure"]) for run in runs(evidence)["control_runs"]),
    }
