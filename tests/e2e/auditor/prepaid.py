"""Does prepaid money stay only where goods are with the buyer, or still on their way?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from chophien.common.v1 import common_pb2 as common

from tests.e2e.auditor.evidence import Evidence, Fact, Finding
from tests.e2e.auditor.money import delivered, transferred

OFF = ("parcel_refused", "parcel_cancelled", "parcel_returned", "parcel_lost")
"""Facts after which a parcel does not reach its buyer."""


def kept_too_long(evidence: Evidence) -> Iterator[Finding]:
    """Order by order: what the bank brought less what is to go back, against the parts that are delivered or alive."""
    came, due = transferred(evidence), Counter[str]()
    for fact in evidence.of("refund_due"):
        due[fact.key] += fact.body.amount_vnd
    decided = {fact.key for kind in ("order_confirmed", "order_cancelled") for fact in evidence.of(kind)}
    worth = _worth(evidence)
    for fact in evidence.of("order_placed"):
        kept = came[fact.key] - due[fact.key]
        if fact.key in decided and kept != worth[fact.key]:
            text = f"order {fact.key}: {kept} đồng are kept, its prepaid goods that arrive are worth {worth[fact.key]}"
            yield Finding("refund_differences", text)


def _worth(evidence: Evidence) -> Counter[str]:
    """By order paid in advance: the parts that the buyer has or will get."""
    gone = {fact.key for kind in OFF for fact in evidence.of(kind)}
    gone |= {fact.body.part_id for fact in evidence.of("order_part_cancelled")}
    gone |= _unconfirmed_or_off(evidence)
    gone -= set(delivered(evidence))
    worth: Counter[str] = Counter()
    for fact in evidence.of("order_placed"):
        if fact.body.payment_method == common.PAYMENT_METHOD_QR:
            worth[fact.key] = sum(part.goods_vnd for part in fact.body.parts if part.part_id not in gone)
    return worth


def _unconfirmed_or_off(evidence: Evidence) -> set[str]:
    """Parts of orders that were never confirmed, and of cancelled ones but those that were on their way by then."""
    confirmed = {fact.key for fact in evidence.of("order_confirmed")}
    off = {fact.key: set(fact.body.open_part_ids) for fact in evidence.of("order_cancelled")}

    def without(order: Fact) -> set[str]:
        parts = {part.part_id for part in order.body.parts}
        if order.key not in confirmed:
            return parts
        return parts - off[order.key] if order.key in off else set()

    return {part_id for order in evidence.of("order_placed") for part_id in without(order)}
