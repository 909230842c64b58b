"""Is every part one parcel, on one run at a time, and does the couriers' story agree with ours?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.e2e.auditor.evidence import Evidence, Finding
from tests.e2e.auditor.money import delivered

COUNTS = ("PICKUP_OUTCOME_APPLIED", "PICKUP_OUTCOME_REPEATED")


def orders(evidence: Evidence) -> Iterator[Finding]:
    """Orders the buyers were promised, against facts and table; one channel order is one order."""
    answers = {call["answer"]["order_id"] for call in evidence.calls("PlaceOrder")}
    facts = {fact.key for fact in evidence.of("order_placed")}
    rows = {row["id"] for row in evidence.rows("orders", "orders")}
    for order in sorted((answers - facts) | (answers - rows)):
        yield Finding("lost_orders", f"order {order} was answered to a buyer, and is not there")
    for order in sorted(facts ^ rows):
        yield Finding("lost_orders", f"order {order} is only in one of topic and table")
    # An answer that never reached the buyer is no order too many, but a second order for one intention is.
    twice = Counter((row["channel"], row["channel_order_id"]) for row in evidence.rows("orders", "orders"))
    for (channel, channel_order), count in twice.items():
        if count > 1 and channel_order:
            yield Finding("duplicate_effects", f"{channel} order {channel_order} became {count} orders", count - 1)


def parcels(evidence: Evidence) -> Iterator[Finding]:
    """Each confirmed part has exactly one answer from shipping."""
    answers = Counter(fact.key for kind in ("parcel_created", "parcel_refused") for fact in evidence.of(kind))
    for fact in evidence.of("order_confirmed"):
        for part in fact.body.parts:
            if answers[part.part_id] == 0:
                yield Finding("parcel_differences", f"part {part.part_id} is confirmed and has no parcel")
    for parcel, count in answers.items():
        if count > 1:
            yield Finding("duplicate_effects", f"parcel {parcel} was made {count} times", count - 1)


def runs(evidence: Evidence) -> Iterator[Finding]:
    """Picked and missed make up what was planned less what left the run; nothing rides on two runs at once."""
    planned = {
        fact.key: [parcel for stop in fact.body.stops for parcel in stop.parcel_ids]
        for fact in evidence.of("batch_closed")
    }
    picked_on = defaultdict(list)
    for fact in evidence.of("batch_collected"):
        picked, missed = list(fact.body.picked_parcel_ids), list(fact.body.missed_parcel_ids)
        for parcel in picked:
            picked_on[parcel].append(fact.key)
        extra = Counter(picked + missed) - Counter(planned.get(fact.key, ()))
        absent = set(planned.get(fact.key, ())) - set(picked) - set(missed) - _called_off(evidence, fact.key)
        for parcel in sorted(extra.keys() | absent):
            yield Finding("parcel_differences", f"run {fact.key}: {parcel} is not accounted for")
    for parcel, batches in picked_on.items():
        if len(batches) > 1:
            yield Finding("duplicate_effects", f"parcel {parcel} was picked by runs {', '.join(batches)}")


def _called_off(evidence: Evidence, batch_id: str) -> set[str]:
    """Parcels that left a run before it came: called off, or not taken by the partner."""
    off = {fact.body.parcel_id for fact in evidence.of("run_parcel_cancelled") if fact.key == batch_id}
    refused = (fact.body.refused_parcel_ids for fact in evidence.of("batch_accepted") if fact.key == batch_id)
    return off.union(*refused, (fact.key for fact in evidence.of("parcel_cancelled")))


def reports(evidence: Evidence) -> Iterator[Finding]:
    """What the couriers reported and were answered, against the parcels' facts and states."""
    picked = set()
    for call in evidence.calls("ReportPickup"):
        outcomes = {each["parcel_id"]: each["outcome"] for each in call["answer"].get("results", ())}
        reported = {report["parcel_id"] for report in call["request"].get("reports", ()) if report.get("picked")}
        picked |= {parcel for parcel in reported if outcomes[parcel] in COUNTS}
    yield from _compare("picked up", picked, {fact.key for fact in evidence.of("parcel_picked_up")})
    yield from _compare("delivered", set(delivered(evidence)), {fact.key for fact in evidence.of("parcel_delivered")})
    rows = {row["id"] for row in evidence.rows("shipping", "parcels") if row["state"].upper() == "DELIVERED"}
    yield from _compare("delivered", set(delivered(evidence)), rows)


def _compare(what: str, outside: set[str], inside: set[str]) -> Iterator[Finding]:
    for parcel in sorted(outside ^ inside):
        where = "couriers" if parcel in outside else "shipping"
        yield Finding("parcel_differences", f"parcel {parcel} is {what} for the {where} only")
