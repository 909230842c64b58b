"""A scan as a partner sent it: kept raw before anything is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.kernel import Aggregate

CLOCKS_DIFFER_MAX = timedelta(minutes=5)
"""A courier's clock and ours."""


class ScanOutcome(StrEnum):
    """What became of a scan; the names of the contract."""

    APPLIED = "applied"
    OLD_NEWS = "old_news"
    REPEATED = "repeated"
    UNKNOWN_PARCEL = "unknown_parcel"
    UNKNOWN_KIND = "unknown_kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Aggregate):
    """One report, at the partner's time. Invariant: written once, by the partner's own scan id; never changed."""

    partner_id: str
    scan_id: str
    parcel_id: str
    kind: str
    scan_time: datetime
    receive_time: datetime
    outcome: ScanOutcome
    raw: bytes


def possible(stated: datetime, since: datetime, now: datetime) -> datetime:
    """A partner's time; ours if that is yet to come, or before there was anything to report (`since`)."""
    return stated if since - CLOCKS_DIFFER_MAX <= stated <= now + CLOCKS_DIFFER_MAX else now


def scan_key(partner_id: str, scan_id: str) -> str:
    """The id of a scan among those of all partners."""
    return f"{partner_id}/{scan_id}"
