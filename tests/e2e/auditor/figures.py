"""The figures of a play, all taken from the evidence: runs, promises, cash, tenders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.e2e.auditor import mishaps, money
from tests.e2e.auditor.evidence import Evidence, Fact, moment, number

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
SECOND_PARTNER = "partner-b"


def figures(evidence: Evidence) -> dict[str, Any]:
    """Everything of summary.json that is not a count of findings."""
    counted = [fact for fact in evidence.of("order_placed") if fact.key in evidence.counted_orders]
    driven = runs(evidence)
    return {
        "orders_placed": len(counted),
        "orders_further": len(evidence.of("order_placed")) - len(counted),
        "orders_by_state": dict(Counter(row["state"] for row in evidence.rows("orders", "orders"))),
        **driven,
        **promises(evidence),
        "partner_b_tenders": tenders_of(evidence, SECOND_PARTNER),
        **cash(evidence),
        **mishaps.figures(evidence),
        "control_batches_moved": sum(bool(run["moved_by_closure"]) for run in driven["control_runs"]),
        "facts": len(evidence.said),
        "facts_said_again": len(evidence.facts) - len(evidence.said),
        "calls": sum("rpc" in entry for journal in evidence.journals.values() for entry in journal),
    }


def _of_counted(evidence: Evidence, parcels: Iterable[str]) -> list[str]:
    return [parcel for parcel in parcels if parcel.rpartition("-")[0] in evidence.counted_orders]


def runs(evidence: Evidence) -> dict[str, list[dict[str, Any]]]:
    """Each run that was driven, by time: `runs` with what of them is counted, `control_runs` that carry none of it."""
    driven = {fact.key for fact in evidence.of("batch_collected")}
    found: dict[str, list[dict[str, Any]]] = {"runs": [], "control_runs": []}
    for closed in sorted(evidence.of("batch_closed"), key=lambda each: moment(each.body.leave_time)):
        if closed.key in driven:
            control = not _of_counted(evidence, _planned(closed))
            found["control_runs" if control else "runs"].append(_run(evidence, closed, control))
    return found


def _planned(closed: Fact) -> list[str]:
    return [parcel for stop in closed.body.stops for parcel in stop.parcel_ids]


def _run(evidence: Evidence, closed: Fact, control: bool) -> dict[str, Any]:
    """One run by the facts of its batch; the tender is the one its partner took."""

    def mine(parcels: Iterable[str]) -> int:
        return len(list(parcels) if control else _of_counted(evidence, parcels))

    def last(kind: str) -> Fact | None:
        return next((fact for fact in reversed(evidence.of(kind)) if fact.key == closed.key), None)

    taken, moved, over = last("batch_accepted"), last("batch_moved"), last("batch_handed_over")
    driven = next(fact.body for fact in evidence.of("batch_collected") if fact.key == closed.key)
    tenders = evidence.of("batch_tendered")
    tender = next((each for each in tenders if taken and each.body.tender_id == taken.body.tender_id), None)
    state = next(row["state"] for row in evidence.rows("shipping", "batches") if row["id"] == closed.key)
    return {
        "batch_id": closed.key,
        "date": moment(closed.body.leave_time).astimezone(LOCAL).date().isoformat(),
        "partner": taken.body.partner_id if taken else "",
        "tender_time": tender.time.astimezone(LOCAL).isoformat() if tender else "",
        "tendered_over_hub": tender.body.hub_id if tender else "",
        "hub": over.body.hub_id if over else moved.body.to_hub_id if moved else closed.body.hub_id,
        "moved_by_closure": moved.body.closure_id if moved else "",
        "parcels_planned": mine(_planned(closed)),
        "parcels_picked": mine(driven.picked_parcel_ids),
        "missed": mine(driven.missed_parcel_ids),
        "state": state,
        "communes": list(closed.body.commune_codes),
        "stops": [stop.pickup_point_id for stop in closed.body.stops],
    }


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
