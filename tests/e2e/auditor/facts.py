"""Are all facts heard, said once, and in keeping with what the services remember?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.e2e.auditor import remembered
from tests.e2e.auditor.evidence import Evidence, Finding, number

ONCE = frozenset(
    (
        *("order_placed", "payment_due", "order_confirmed", "order_cancelled", "order_completed"),
        *("stock_refused", "stock_committed", "payment_requested", "payment_authorized", "payment_declined"),
        *("payment_expired", "payment_voided", "parcel_created", "parcel_refused", "parcel_picked_up"),
        *("parcel_delivered", "parcel_returned", "parcel_lost", "parcel_cancelled", "parcel_cancel_refused"),
        *("batch_closed", "batch_accepted", "batch_collected", "batch_handed_over"),
        *("seller_registered", "livestream_started", "livestream_ended"),
    )
)
"""Facts that an order, payment, parcel or batch can say only once in its life."""


def lost(evidence: Evidence) -> Iterator[Finding]:
    """A fact that a hearer missed, that vanished from its topic, or that was never said though the state knows it."""
    yield from _unsaid(evidence)
    yield from _unheard(evidence)
    yield from _unfed(evidence)
    yield from remembered.lost(evidence)


def _unsaid(evidence: Evidence) -> Iterator[Finding]:
    for service, tables in evidence.tables.items():
        for row in tables.get("outbox", ()):
            yield Finding("lost_facts", f"{service} has not said {row['type']} of {row['key']}")


def _unheard(evidence: Evidence) -> Iterator[Finding]:
    for (group, topic), kinds in evidence.hears.items():
        for fact in evidence.said:
            if fact.topic == topic and fact.kind in kinds and fact.id not in evidence.inbox[group]:
                yield Finding("lost_facts", f"{group} never heard {fact.kind} of {fact.key}")


def _unfed(evidence: Evidence) -> Iterator[Finding]:
    """Partners are outside: what their feed holds they must have noted, each by its number within the batch."""
    noted = {
        (partner, entry["heard"], entry["batch_id"], number(entry, "version"))
        for partner, journal in evidence.journals.items()
        for entry in journal
        if "heard" in entry
    }
    for fact in evidence.said:
        _, feed, partner = fact.topic.partition(".CourierFeed.")
        if feed and partner in evidence.journals and (partner, fact.kind, fact.key, fact.version) not in noted:
            yield Finding("lost_facts", f"{partner} never heard {fact.kind} {fact.version} of {fact.key}")


def duplicates(evidence: Evidence) -> Iterator[Finding]:
    """One change said under two ids, a once-only fact said twice, one request answered in two ways."""
    versions: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for fact in evidence.said:
        if ".CourierFeed." not in fact.topic:
            versions[fact.topic, fact.key, fact.version].add(fact.id)
    for (topic, key, version), ids in versions.items():
        if len(ids) > 1:
            yield Finding("duplicate_effects", f"{topic} {key} has version {version} {len(ids)} times", len(ids) - 1)
    for (key, kind), count in Counter((fact.key, fact.kind) for fact in evidence.said if fact.kind in ONCE).items():
        if count > 1:
            yield Finding("duplicate_effects", f"{key} said {kind} {count} times", count - 1)
    yield from _answers(evidence)


def _answers(evidence: Evidence) -> Iterator[Finding]:
    answers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for journal in evidence.journals.values():
        for entry in journal:
            if entry.get("code") == "OK" and "request_id" in entry["request"]:
                call = entry["as"], entry["rpc"], entry["request"]["request_id"]
                answers[call].add(str(entry["answer"]))
    for call, different in answers.items():
        if len(different) > 1:
            yield Finding("duplicate_effects", f"{' '.join(call)} was answered in {len(different)} ways")


def disorder(evidence: Evidence) -> Iterator[Finding]:
    """Within a key the first tellings come in the order of their versions, all in one partition."""
    latest: dict[tuple[str, str], tuple[int, int]] = {}
    for fact in sorted(evidence.said, key=lambda each: (each.topic, each.partition, each.offset)):
        name = fact.topic, fact.key
        partition, version = latest.get(name, (fact.partition, 0))
        if partition != fact.partition:
            yield Finding("disordered_facts", f"{fact.topic} {fact.key} is in two partitions")
        if fact.version < version or (fact.version == version and ".CourierFeed." not in fact.topic):
            yield Finding("disordered_facts", f"{fact.topic} {fact.key} said version {fact.version} after {version}")
        latest[name] = fact.partition, fact.version


def dead_letters(evidence: Evidence) -> Iterator[Finding]:
    """Anything set aside or parked, in the dead topics or in the tables."""
    for id in evidence.dead_records:
        yield Finding("dead_letters", f"{id} lies in a dead topic")
    for service, tables in evidence.tables.items():
        for row in tables.get("dead_letters", ()):
            if row["state"] in ("dead", "parked"):
                yield Finding("dead_letters", f"{service} set {row['event_id']} aside: {row['reason']}")
        for row in tables.get("effects", ()):
            if row["state"] == "exhausted":
                yield Finding("dead_letters", f"{service} gave up {row['kind']} of {row['aggregate_id']}")
