"""A yard for tests: Bình Lư's and Bản Bo's gates in memory, and short words for what everybody does there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from chassis.kernel import Handlers, Outcome
from chassis.testing import Memory, carry_out, carry_out_twice
from shipping.adapters.reference import load_world
from shipping.app import commands
from shipping.app.handlers import make_handlers
from shipping.app.handlers.runs import PickupReply
from shipping.domain.batch import ENDED, Batch, BatchState
from shipping.domain.closure import EVERY, Closure, Closures
from shipping.domain.gathering import Gathered
from shipping.domain.goods import Shipment
from shipping.domain.line import Line, line_id
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ScanKind
from shipping.domain.partners import Partner
from shipping.domain.pickup_point import Gate
from shipping.domain.planning import Budget, plan_wave
from shipping.domain.promise import World
from shipping.domain.tender import Tender, TenderState
from shipping.domain.wave import PlannedWave, wave_id

from .goods import PLACED, POINTS, gate, shipment
from .knowing import known_now, open_batches


@dataclass
class Yard:
    """Memory with the handlers over the real reference data; `now` is business time."""

    world: World
    handlers: Handlers
    memory: Memory = field(default_factory=Memory)
    now: datetime = PLACED
    _numbers: Any = field(default_factory=lambda: count(1))

    def do(self, command: object) -> Outcome:
        self._read_closures()
        return carry_out(self.handlers, self.memory, command, self.now)

    def twice(self, command: object) -> Outcome:
        self._read_closures()
        return carry_out_twice(self.handlers, self.memory, command, self.now)

    def _read_closures(self) -> None:
        """All of them as one, as their store reads them."""
        self.memory.put(Closures(id=EVERY, closures=tuple(self.memory.all(Closure))))

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def at(self, clock: str, days: int = 0) -> None:
        """Local time of the Wednesday, or days later."""
        self.now = datetime.fromisoformat(f"2026-02-04T{clock}:00+07:00").astimezone(UTC) + timedelta(days=days)

    def points(self, *names: str) -> None:
        for name in names or POINTS:
            self.twice(commands.StatePickupPoint(pickup_point_id=name, gate=gate(name)))

    def confirm(self, order_id: str = "", point: str = "pp-binh-lu-zone", **changes: Any) -> str:
        """An order of one part is confirmed; its parcel's id."""
        order_id = order_id or f"DH{next(self._numbers):04}"
        made = shipment(order_id, point, **{"place_time": self.now, **changes})
        self.twice(commands.CreateParcels(order_id=order_id, parts=((f"{order_id}-1", made),)))
        return f"{order_id}-1"

    def ready(self, *parcel_ids: str) -> None:
        for id in parcel_ids:
            self.do(commands.MarkReady(parcel_id=id, seller_id="seller-1", by_operator=False))

    def packed(self, number: int, point: str = "pp-binh-lu-zone") -> list[str]:
        ids = [self.confirm(point=point) for _ in range(number)]
        self.ready(*ids)
        return ids

    def gathered(self, area: str, take_all: bool = False) -> Gathered:
        """What a wave of an area knows now."""
        return Gathered(self.world, known_now(self.world, self.memory, area, self.now, take_all))

    def plan_command(self, area: str = "hub-sa-pa", take_all: bool = False) -> commands.SavePlan:
        gathered = self.gathered(area, take_all)
        plan = plan_wave(gathered.wave(), Budget(), 1)
        batches = gathered.batches(plan, [next(self._numbers) for _ in plan.runs], "")
        return commands.SavePlan(
            wave_id=gathered.known.wave_id,
            area_hub_id=area,
            pushed=False,
            batches=batches,
            tender_ids=tuple(f"TD-{next(self._numbers)}" for _ in batches),
            reasons=plan.reasons,
            waits_for={r.parcel_id: wave_id(area, r.waits_for) for r in plan.reasons if r.waits_for},
            versions={parcel.id: parcel.version for parcel in gathered.known.parcels},
            open_batches=open_batches(self.memory, area),
        )

    def plan(self, area: str = "hub-sa-pa", take_all: bool = True) -> list[Batch]:
        """Plan a wave now, by default with everything that is ready; its batches."""
        reply = self.do(self.plan_command(area, take_all)).reply
        assert isinstance(reply, PlannedWave)
        return [self.batch(id) for id in reply.batch_ids]

    def batch(self, id: str) -> Batch:
        return self.memory.get(Batch, id)

    def parcel(self, id: str) -> Parcel:
        return self.memory.get(Parcel, id)

    def line(self, batch: Batch, parcel_id: str) -> Line:
        return self.memory.get(Line, line_id(batch.id, parcel_id))

    def tender(self, batch: Batch) -> Tender:
        return self.memory.get(Tender, self.batch(batch.id).tender_id)

    def accept(self, batch: Batch, partner: str = "partner-a", refused: Sequence[str] = ()) -> Outcome:
        run: dict[str, Any] = {"tender_id": self.tender(batch).id, "batch_id": batch.id, "partner_id": partner}
        ids = tuple(line.parcel_id for line in self.memory.all(Line) if line.batch_id == batch.id)
        return self.do(commands.AcceptTender(**run, parcel_ids=ids, refused_parcel_ids=tuple(refused)))

    def expire(self) -> None:
        for tender in list(self.memory.all(Tender)):
            if tender.state is TenderState.OFFERED and tender.is_silent(self.now):
                self.twice(
                    commands.ExpireTender(
                        tender_id=tender.id,
                        batch_id=tender.batch_id,
                        parcel_ids=self.batch(tender.batch_id).parcel_ids,
                        next_tender_id=f"TD-{next(self._numbers)}",
                    )
                )

    def report(
        self,
        batch: Batch,
        picked: Sequence[str] = (),
        missed: Sequence[str] = (),
        *,
        reason: str = "NOT_READY",
        finished: bool = False,
        handed_over: bool = False,
        partner: str = "partner-a",
        at: datetime | None = None,
    ) -> PickupReply:
        reports = [commands.GateReport(parcel_id=id, picked=True, reason="", report_time=at) for id in picked]
        reports += [commands.GateReport(parcel_id=id, picked=False, reason=reason, report_time=at) for id in missed]
        reply = self.do(
            commands.ReportPickup(
                batch_id=batch.id,
                partner_id=partner,
                parcel_ids=self.batch(batch.id).parcel_ids,
                reports=tuple(reports),
                run_finished=finished,
                handover_time=(at or self.now) if handed_over else None,
            )
        ).reply
        assert isinstance(reply, PickupReply)
        return reply

    def scan_command(self, parcel_id: str, kind: ScanKind, at: datetime, scan_id: str, **changes: Any) -> Any:
        live = next((one.batch_id for one in self.memory.all(Line) if one.parcel_id == parcel_id and one.live), "")
        made = commands.ReportScan(
            scan_id=scan_id,
            partner_id="partner-a",
            parcel_id=parcel_id,
            batch_id=live,
            kind=kind,
            scan_time=at,
            cod_collected_vnd=50_000 if kind is ScanKind.DELIVERED else 0,
            reason="BUYER_ABSENT" if kind is ScanKind.DELIVERY_FAILED else "",
            raw=b"raw",
        )
        return replace(made, **changes)

    def close_road(self, hours: float = 24, **changes: Any) -> str:
        fields: dict[str, Any] = {"road_id": "o-quy-ho", "commune_code": "", "from_time": None, "source": "police"}
        fields |= {"to_time": self.now + timedelta(hours=hours), "declared_by": "officer", **changes}
        command = commands.DeclareClosure(closure_id=f"CL-{next(self._numbers)}", **fields)
        self.do(command)
        self.apply_closures()
        return command.closure_id

    def apply_closures(self) -> None:
        for one in [batch for batch in self.memory.all(Batch) if batch.state not in ENDED]:
            self.twice(commands.MoveBatch(batch_id=one.id))
            run: dict[str, Any] = {"batch_id": one.id, "tender_id": one.tender_id, "parcel_ids": one.parcel_ids}
            self.twice(commands.SkipClosedStops(**run))
        for parcel in [one for one in self.memory.all(Parcel) if not self.on_run(one.id)]:
            self.twice(commands.MakePromise(parcel_id=parcel.id, version=parcel.version))

    def on_run(self, parcel_id: str) -> bool:
        return any(line.live for line in self.memory.all(Line) if line.parcel_id == parcel_id)

    def lapse(self, back_before: datetime | None = None) -> None:
        for batch in list(self.memory.all(Batch)):
            ids, moment = batch.parcel_ids, back_before or self.now
            self.twice(commands.LapseRun(batch_id=batch.id, parcel_ids=ids, back_before=moment))

    def drop_cancelled(self) -> None:
        for batch in list(self.memory.all(Batch)):
            if batch.state is not BatchState.WITHDRAWN:
                ids, tender = batch.parcel_ids, batch.tender_id
                self.twice(commands.DropParcels(batch_id=batch.id, tender_id=tender, parcel_ids=ids))

    def employ(self, *partners: Partner) -> None:
        """These partners, asked after those there are, or changed."""
        self.world = replace(self.world, partners={**self.world.partners, **{one.partner_id: one for one in partners}})
        self.handlers = make_handlers(self.world)

    def two_collectors(self) -> None:
        self.employ(replace(self.world.partners["partner-a"], partner_id="partner-c"))

    def demand_hamlets(self, *partner_ids: str) -> None:
        self.employ(*(replace(self.world.partners[id], needs_hamlet=True) for id in partner_ids))

    def said(self, id: str) -> list[str]:
        """Names of what one aggregate said."""
        return [type(at.fact).__name__ for at in self.memory.said if at.aggregate_id == id]

    def last(self, kind: type) -> Any:
        return [fact for fact in self.memory.facts if isinstance(fact, kind)][-1]


def _bare_yard() -> Yard:
    return Yard(load_world(), make_handlers(load_world()))


def _new_yard() -> Yard:
    yard = _bare_yard()
    yard.points()
    return yard


@pytest.fixture
def yard() -> Yard:
    return _new_yard()


@pytest.fixture
def bare_yard() -> Yard:
    """No pickup point was heard of yet."""
    return _bare_yard()


@pytest.fixture
def new_yard() -> Callable[[], Yard]:
    return _new_yard


@pytest.fixture
def world() -> World:
    return load_world()


@pytest.fixture
def make_shipment() -> Callable[..., Shipment]:
    return shipment


@pytest.fixture
def make_gate() -> Callable[..., Gate]:
    return gate
