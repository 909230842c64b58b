"""What shipping can be told to do. Ids, and what the edge read to know which aggregates are needed, travel along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shipping.domain.batch import Batch
from shipping.domain.goods import Shipment
from shipping.domain.parcel_steps import ScanKind
from shipping.domain.pickup_point import Gate
from shipping.domain.planning import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePickupPoint:
    """A seller says where its parcels are collected from a moment on."""

    pickup_point_id: str
    gate: Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateParcels:
    """An order is confirmed: one parcel a part, by part id."""

    order_id: str
    parts: tuple[tuple[str, Shipment], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeParcel:
    """A parcel waits for its pickup point; try again."""

    parcel_id: str
    pickup_point_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelParcels:
    """Parts of an order, or all of it, are off. Parts that are not known yet are remembered as called off.

    `whole_order`: the ids are every id a part may have, and one tombstone, on the first, stands for all.
    """

    order_id: str
    parcel_ids: tuple[str, ...]
    reason: str
    whole_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelParcel:
    """Somebody calls one parcel off."""

    parcel_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkReady:
    """A parcel is packed. `seller_id` "" = any seller's."""

    parcel_id: str
    seller_id: str
    by_operator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatch:
    """A run that no partner took, with the parcels it holds; the next plan of its area frees them."""

    batch_id: str
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePlan:
    """A wave was planned: runs are closed and offered, reasons kept. `versions` are the parcels it was made from.

    `open_batches` are withdrawn: their parcels were planned anew.
    """

    wave_id: str
    area_hub_id: str
    pushed: bool
    batches: tuple[Batch, ...]
    tender_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]
    waits_for: Mapping[str, str]
    versions: Mapping[str, int]
    open_batches: tuple[OpenBatch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptTender:
    """A partner takes a run. `parcel_ids` are all that were ever on it."""

    tender_id: str
    batch_id: str
    partner_id: str
    parcel_ids: tuple[str, ...]
    refused_parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineTender:
    """A partner does not take a run. `parcel_ids` are those of the batch."""

    tender_id: str
    batch_id: str
    partner_id: str
    reason: str
    parcel_ids: tuple[str, ...]
    next_tender_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireTender:
    """A partner kept silent past the deadline."""

    tender_id: str
    batch_id: str
    parcel_ids: tuple[str, ...]
    next_tender_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """What happened to one parcel at the gate; `report_time` None = now."""

    parcel_id: str
    picked: bool
    reason: str
    report_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPickup:
    """A partner reports from a run. `parcel_ids` are those on its manifest."""

    batch_id: str
    partner_id: str
    parcel_ids: tuple[str, ...]
    reports: tuple[GateReport, ...]
    run_finished: bool
    handover_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LapseRun:
    """A partner did not report a run it took. `parcel_ids` are all of its manifest; it counts if back before that."""

    batch_id: str
    parcel_ids: tuple[str, ...]
    back_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportScan:
    """A partner scanned a parcel. `batch_id` is its run that the parcel is or was on, "" = none; `raw` the report."""

    scan_id: str
    partner_id: str
    parcel_id: str
    batch_id: str
    kind: ScanKind
    scan_time: datetime
    cod_collected_vnd: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareClosure:
    """A road or a commune is closed for a while; `from_time` None = from now."""

    closure_id: str
    road_id: str
    commune_code: str
    from_time: datetime | None
    to_time: datetime
    source: str
    declared_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftClosure:
    """A closure ends now. `officers_commune_code` "" = an operator says so."""

    closure_id: str
    officers_commune_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveBatch:
    """A closure may concern a live batch: find it another hub."""

    batch_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipClosedStops:
    """Closures may concern stops of a run: take them off. `parcel_ids` are the run's, `tender_id` is its, "" = none."""

    batch_id: str
    tender_id: str
    parcel_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePromise:
    """A closure may break a waiting parcel's promise: say what can be kept. `version` is its while it is on no run."""

    parcel_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DropParcels:
    """Parcels of a run were called off, or another run has them: take them off. `tender_id` is the run's, "" = none."""

    batch_id: str
    tender_id: str
    parcel_ids: tuple[str, ...]
