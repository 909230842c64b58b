"""The facts one courier partner is told in its own feed, and nothing of others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shipping.domain.events import Fact, Stop
from shipping.domain.goods import Handling, Place, Size
from shipping.domain.partners import VehicleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFact(Fact):
    """Something one partner is told about one of its batches."""

    batch_id: str
    partner_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderParcel:
    """A parcel as a partner needs to know it before accepting."""

    parcel_id: str
    destination: Place
    size: Size
    cod_vnd: int
    handling: tuple[Handling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderOffered(FeedFact):
    """A run is offered."""

    tender_id: str
    answer_deadline_time: datetime
    hub_id: str
    stops: tuple[Stop, ...]
    parcels: tuple[TenderParcel, ...]
    leave_time: datetime
    vehicle_kind: VehicleKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderClosed(FeedFact):
    """An offer is no longer open."""

    tender_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAwarded(FeedFact):
    """The partner's acceptance is confirmed."""

    tender_id: str
    manifest_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMoved(FeedFact):
    """The run ends at another hub."""

    closure_id: str
    to_hub_id: str
    manifest_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParcelCancelled(FeedFact):
    """A parcel must not be collected any more."""

    parcel_id: str
