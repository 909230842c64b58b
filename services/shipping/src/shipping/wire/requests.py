"""RPC requests as commands and questions, with the bounds of what is taken in."""

from __future__ import annotations

from chassis.access import Caller
from chassis.kernel import Invalid
from chophien.shipping.v1 import courier_service_pb2 as courier
from chophien.shipping.v1 import shipping_service_pb2 as pb

from shipping.app import commands
from shipping.domain.errors import NotYourCommune
from shipping.domain.goods import NEVER, Place, Shipment
from shipping.domain.parcel_steps import ScanKind
from shipping.domain.promise import World
from shipping.wire.words import (
    COD_VND_MAX,
    between,
    code,
    commune_code,
    handling_from,
    identifier,
    maybe_identifier,
    needed_time,
    place_from,
    size_from,
    text,
    time_from,
)

REPORTS_MAX = 1_000
REFUSED_MAX = 1_000
PAGE_MAX = 200
PAGE_DEFAULT = 50

MISS_REASONS = frozenset(
    {
        "NOT_READY",
        "SELLER_ABSENT",
        "WRONG_ADDRESS",
        "OVER_SIZE",
        "BAD_PACKING",
        "COURIER_INCIDENT",
        "WEATHER",
        "SELLER_CANCELLED",
    }
)

SCAN_KINDS = {
    courier.SCAN_KIND_IN_TRANSIT: ScanKind.IN_TRANSIT,
    courier.SCAN_KIND_OUT_FOR_DELIVERY: ScanKind.OUT_FOR_DELIVERY,
    courier.SCAN_KIND_DELIVERED: ScanKind.DELIVERED,
    courier.SCAN_KIND_DELIVERY_FAILED: ScanKind.DELIVERY_FAILED,
    courier.SCAN_KIND_RETURNED: ScanKind.RETURNED,
    courier.SCAN_KIND_LOST: ScanKind.LOST,
}


def quote(request: pb.QuotePromiseRequest) -> tuple[Place, Shipment]:
    """What is asked for: the origin, and the shipment as it would be; its place_time is NEVER if now is meant."""
    point_id = maybe_identifier(request.pickup_point_id, "pickup_point_id")
    left_out = bool(point_id) and not request.HasField("origin")
    origin = Place() if left_out else place_from(request.origin, "origin")
    shipment = Shipment(
        pickup_point_id=point_id,
        destination=place_from(request.destination, "destination"),
        size=size_from(request.size, "size"),
        handling=handling_from(request.handling),
        channel=text(request.channel, "channel"),
        place_time=time_from(request, "place_time") or NEVER,
    )
    return origin, shipment


def mark_ready(request: pb.MarkReadyRequest, caller: Caller) -> commands.MarkReady:
    """A seller's own credential counts for its own parcels only."""
    return commands.MarkReady(
        parcel_id=identifier(request.parcel_id, "parcel_id"),
        seller_id=caller.seller_id,
        by_operator=caller.role == "operator",
    )


def cancel_parcel(request: pb.CancelParcelRequest) -> commands.CancelParcel:
    """A parcel and a reason."""
    return commands.CancelParcel(
        parcel_id=identifier(request.parcel_id, "parcel_id"), reason=code(request.reason, "reason")
    )


def declare_closure(
    request: pb.DeclareClosureRequest, caller: Caller, world: World, closure_id: str
) -> commands.DeclareClosure:
    """Either a known road or a current commune; an officer's own."""
    if not request.road_id and not request.commune_code:
        raise Invalid("what", "must be a road or a commune")
    if request.road_id and request.road_id not in world.network.roads:
        raise Invalid("road_id", "is not a road that is watched")
    commune = commune_code(request.commune_code, "commune_code") if request.commune_code else ""
    if commune and world.units.position(commune) is None:
        raise Invalid("commune_code", "is no current commune")
    own = caller.commune_code
    theirs = commune == own if commune else world.network.road_serves(request.road_id, own)
    if caller.role == "officer" and not theirs:
        raise NotYourCommune(commune_code=own)
    return commands.DeclareClosure(
        closure_id=closure_id,
        road_id=request.road_id,
        commune_code=commune,
        from_time=time_from(request, "from_time"),
        to_time=needed_time(request, "to_time"),
        source=text(request.source, "source"),
        declared_by=caller.identity,
    )


def lift_closure(request: pb.LiftClosureRequest, caller: Caller) -> commands.LiftClosure:
    """A closure; an officer's own."""
    return commands.LiftClosure(
        closure_id=identifier(request.closure_id, "closure_id"), officers_commune_code=caller.commune_code
    )


def gate_reports(request: courier.ReportPickupRequest) -> tuple[commands.GateReport, ...]:
    """The reports of one call, bounded, each parcel once."""
    if len(request.reports) > REPORTS_MAX:
        raise Invalid("reports", f"must be at most {REPORTS_MAX}")
    if len({report.parcel_id for report in request.reports}) != len(request.reports):
        raise Invalid("reports", "must name each parcel once")
    return tuple(_gate_report(report) for report in request.reports)


def _gate_report(report: courier.PickupReport) -> commands.GateReport:
    if report.picked and report.reason:
        raise Invalid("reports.reason", "must be empty for a parcel that was picked")
    if not report.picked and report.reason not in MISS_REASONS:
        raise Invalid("reports.reason", f"must be one of {', '.join(sorted(MISS_REASONS))}")
    return commands.GateReport(
        parcel_id=identifier(report.parcel_id, "reports.parcel_id"),
        picked=report.picked,
        reason=report.reason,
        report_time=time_from(report, "report_time"),
    )


def report_scan(request: courier.ReportScanRequest, caller: Caller, batch_id: str) -> commands.ReportScan:
    """A scan; kinds that are not known here are kept and change nothing."""
    kind = SCAN_KINDS.get(request.kind, ScanKind.UNKNOWN)
    cod = between(request.cod_collected_vnd, "cod_collected_vnd", 0, COD_VND_MAX)
    if cod and kind is not ScanKind.DELIVERED:
        raise Invalid("cod_collected_vnd", "only goes with DELIVERED")
    return commands.ReportScan(
        scan_id=identifier(request.scan_id, "scan_id"),
        partner_id=caller.partner_id,
        parcel_id=identifier(request.parcel_id, "parcel_id"),
        batch_id=batch_id,
        kind=kind,
        scan_time=needed_time(request, "scan_time"),
        cod_collected_vnd=cod,
        reason=code(request.reason, "reason", needed=False),
        raw=request.SerializeToString(),
    )


def refused_parcel_ids(request: courier.AcceptTenderRequest) -> tuple[str, ...]:
    """Parcels a partner does not take, each once."""
    if len(request.refused_parcel_ids) > REFUSED_MAX:
        raise Invalid("refused_parcel_ids", f"must be at most {REFUSED_MAX}")
    return tuple(dict.fromkeys(identifier(one, "refused_parcel_ids") for one in request.refused_parcel_ids))


def partner_filter(request: pb.ListBatchesRequest, world: World) -> str:
    """A partner there is, or "" for any."""
    if request.partner_id and request.partner_id not in world.partners:
        raise Invalid("partner_id", "is no partner")
    return request.partner_id


def page_size(value: int) -> int:
    """How many entries a page has."""
    return between(value, "page_size", 0, PAGE_MAX) or PAGE_DEFAULT
