"""The facts shipping says. `number` is the fact's place in its aggregate's story, given by `numbered`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shipping.domain.goods import Place, Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened; `number` is its place in the story it belongs to, from 1, 0 = not said yet."""

    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelFact(Fact):
    """Something happened to a parcel."""

    parcel_id: str
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelCreated(ParcelFact):
    """The parcel exists and will be collected."""

    pickup_point_id: str
    origin: Place
    destination: Place
    size: Size
    cod_vnd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRefused(ParcelFact):
    """The parcel cannot be shipped."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade(ParcelFact):
    """By when it is handed over and delivered."""

    handover_deadline_time: datetime
    delivery_deadline_time: datetime
    bound_by: str
    place_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelReady(ParcelFact):
    """The seller packed it."""

    ready_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelPickedUp(ParcelFact):
    """The courier has it."""

    batch_id: str
    partner_id: str
    pickup_time: datetime
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupFailed(ParcelFact):
    """The courier came and did not get it."""

    batch_id: str
    partner_id: str
    reason: str
    attempt: int
    fail_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelInTransit(ParcelFact):
    """It moves between hubs."""

    partner_id: str
    scan_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed(ParcelFact):
    """A delivery attempt failed."""

    partner_id: str
    reason: str
    attempt: int
    fail_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelDelivered(ParcelFact):
    """The buyer has it."""

    partner_id: str
    cod_collected_vnd: int
    deliver_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelReturned(ParcelFact):
    """It is back with the seller."""

    partner_id: str
    return_time: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLost(ParcelFact):
    """It is lost or destroyed."""

    partner_id: str
    lose_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelCancelled(ParcelFact):
    """It was called off before the courier had it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelCancelRefused(ParcelFact):
    """It could not be called off any more and comes back as a return."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop of a run, as the facts tell it."""

    pickup_point_id: str
    arrive_time: datetime
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFact(Fact):
    """Something happened to a pickup batch."""

    batch_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchClosed(BatchFact):
    """The run is planned and takes no more parcels."""

    wave_id: str
    hub_id: str
    commune_codes: tuple[str, ...]
    stops: tuple[Stop, ...]
    leave_time: datetime
    return_time: datetime
    manifest_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTendered(BatchFact):
    """The run was offered to a partner."""

    tender_id: str
    partner_id: str
    answer_deadline_time: datetime
    hub_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAccepted(BatchFact):
    """The partner takes the run."""

    tender_id: str
    partner_id: str
    refused_parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDeclined(BatchFact):
    """The partner does not take the run."""

    tender_id: str
    partner_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderExpired(BatchFact):
    """The partner did not answer in time."""

    tender_id: str
    partner_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMoved(BatchFact):
    """A closure made the run end at another hub."""

    closure_id: str
    from_hub_id: str
    to_hub_id: str
    manifest_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCollected(BatchFact):
    """The vehicle has been at every stop."""

    partner_id: str
    picked_parcel_ids: tuple[str, ...]
    missed_parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHandedOver(BatchFact):
    """The hub has the parcels."""

    hub_id: str
    handover_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLapsed(BatchFact):
    """The partner reported nothing of these parcels until long after the run's end."""

    partner_id: str
    parcel_ids: tuple[str, ...]


F = TypeVar("F", bound=Fact)


def numbered(said_before: int, facts: tuple[F, ...]) -> tuple[F, ...]:
    """The facts with their places in the story.

    The version of an aggregate also counts changes that say nothing, so it would leave gaps in what readers see.
    """
    for number, fact in enumerate(facts, said_before + 1):
        # Made a moment ago and shared with nobody yet; replace() would cost more than making the fact did.
        object.__setattr__(fact, "number", number)
    return facts
