"""A courier partner's system: hears its feed, takes runs, collects at the gates, scans, delivers, remits the cash."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from chophien.payments.v1 import payments_service_pb2 as payments
from chophien.shipping.v1 import courier_service_pb2 as courier
from google.protobuf.json_format import MessageToDict

from simulation.actor import Actor, Stage
from simulation.actors.feed import Feed
from simulation.times import MINUTE, THE_DAY, VIETNAM, at, moment, stamp

ANSWERS_AFTER = 3 * MINUTE
TO_THE_HUB = 75 * MINUTE
LAST_DELIVERY_DATE = THE_DAY + timedelta(days=5)
REMITS_AFTER_BANK_DAYS = 2
MORNING, NOON, AFTERNOON, NIGHT = time(8), time(12), time(17), time(22)
SATURDAY, SUNDAY = 5, 6


def working_day(day: date, after: int, rests_from: int = SUNDAY) -> date:
    """The `after`-th day after a day on which couriers work, Monday to Saturday."""
    while after:
        day += timedelta(days=1)
        after -= day.weekday() < rests_from
    return day


def bank_day(day: date, after: int) -> date:
    """The `after`-th day after a day on which banks work, Monday to Friday."""
    return working_day(day, after, SATURDAY)


class Partner(Actor):
    """One courier partner; `partner_id` is its credential and the name of its feed."""

    def __init__(self, stage: Stage, partner_id: str) -> None:
        """Plan an hourly look at open tenders; the rest follows from what is heard."""
        super().__init__(stage)
        self.id = partner_id
        self._feed = Feed(partner_id, stage.kafka_bootstrap)
        self._gate, self._doors, self._statements = (stage.world(name) for name in ("gate", "doors", "statements"))
        self._at_gate_from: dict[str, datetime] = {}
        self._luck: dict[str, dict[str, Any]] = {}
        self._heard: set[tuple[str, int, str]] = set()
        self._manifests: dict[str, Any] = {}
        self._called_off: set[tuple[str, str]] = set()
        self._cash: dict[date, dict[str, int]] = {}
        for hour in range(14, 18):
            self.plan(at(f"{hour}:50"), self._look_at_tenders)

    async def listen(self) -> int:
        """The feed, and what stands at gates and doors."""
        for entry in self._gate.fresh():
            self._at_gate_from[entry["parcel_id"]] = datetime.fromisoformat(entry["at_gate_from"])
        self._luck.update((entry["parcel_id"], entry) for entry in self._doors.fresh())
        fresh = await self._feed.fresh()
        for fact in fresh:
            self._hear(fact)
        return len(fresh)

    async def leave(self) -> None:
        """Leave the consumer group."""
        await self._feed.close()

    def _hear(self, fact: Any) -> None:
        """Note it, and act on it once however often it comes."""
        kind = fact.WhichOneof("fact") or ""
        self.line.journal.write({"heard": kind, **MessageToDict(fact, preserving_proto_field_name=True)})
        if (fact.batch_id, fact.version, kind) in self._heard:
            return
        self._heard.add((fact.batch_id, fact.version, kind))
        if kind == "tender_offered":
            self.plan(self.now + ANSWERS_AFTER, partial(self._accept, fact.tender_offered.tender_id))
        elif kind in ("run_awarded", "run_moved"):
            self.plan(self.now, partial(self._fetch, fact.batch_id))
        elif kind == "run_parcel_cancelled":
            self._called_off.add((fact.batch_id, fact.run_parcel_cancelled.parcel_id))

    async def _look_at_tenders(self) -> None:
        await self.line.call(self.id, courier.ListTendersRequest())

    async def _accept(self, tender_id: str) -> None:
        await self.line.call(
            self.id, courier.AcceptTenderRequest(request_id=f"accept-{tender_id}", tender_id=tender_id)
        )

    # The run

    async def _fetch(self, batch_id: str) -> None:
        """Read the manifest, again when the run moved; the first time, plan the drive."""
        first = batch_id not in self._manifests
        manifest = await self.line.call(self.id, courier.GetManifestRequest(batch_id=batch_id))
        self._manifests[batch_id] = manifest
        if first:
            self.plan(max(self.now, moment(manifest.leave_time)), partial(self._drive, batch_id))

    async def _drive(self, batch_id: str) -> None:
        stops = self._manifests[batch_id].stops
        for n, stop in enumerate(stops):
            self.plan(max(self.now, moment(stop.arrive_time)), partial(self._visit, batch_id, n, n == len(stops) - 1))

    async def _visit(self, batch_id: str, n: int, last: bool) -> None:
        """Collect what is at the gate, report what is not."""
        stop = self._manifests[batch_id].stops[n]
        wanted = [parcel for parcel in stop.parcels if (batch_id, parcel.parcel_id) not in self._called_off]
        reports = [self._at_the_gate(parcel.parcel_id) for parcel in wanted]
        for parcel, report in zip(wanted, reports, strict=True):
            if report.picked:
                self._plan_delivery(parcel)
        request = courier.ReportPickupRequest(
            request_id=f"visit-{batch_id}-{n}", batch_id=batch_id, reports=reports, run_finished=last
        )
        self.post(self.id, request)
        if last:
            self.plan(self.now + TO_THE_HUB, partial(self._hand_over, batch_id))

    def _at_the_gate(self, parcel_id: str) -> Any:
        there = parcel_id in self._at_gate_from and self._at_gate_from[parcel_id] <= self.now
        return courier.PickupReport(
            parcel_id=parcel_id, picked=there, reason="" if there else "NOT_READY", report_time=stamp(self.now)
        )

    async def _hand_over(self, batch_id: str) -> None:
        request = courier.ReportPickupRequest(
            request_id=f"hub-{batch_id}", batch_id=batch_id, run_finished=True, handover_time=stamp(self.now)
        )
        self.post(self.id, request)

    # On the way and at the door

    def _plan_delivery(self, parcel: Any) -> None:
        """In transit the same night; at the door two days later, or by the deadline; told in bulk at noon and five."""
        picked = self.now.astimezone(VIETNAM).date()
        luck = self._luck[parcel.parcel_id]
        soon, deadline = working_day(picked, 2), (moment(parcel.delivery_deadline_time) - MINUTE).date()
        day = min(max(soon, deadline) if luck["second_day"] else soon, LAST_DELIVERY_DATE)
        night, morning, noon, afternoon = (
            datetime.combine(date_, clock, VIETNAM)
            for date_, clock in ((picked, NIGHT), (day, MORNING), (day, NOON), (day, AFTERNOON))
        )
        self._scan_at(night, parcel, courier.SCAN_KIND_IN_TRANSIT)
        out_told = afternoon + 30 * MINUTE if luck["reorders_scans"] else morning
        self._scan_at(out_told, parcel, courier.SCAN_KIND_OUT_FOR_DELIVERY, scanned=morning - 15 * MINUTE)
        if luck["door"] == "home":
            self._scan_at(noon, parcel, courier.SCAN_KIND_DELIVERED)
        elif luck["door"] == "absent_once":
            self._scan_at(noon, parcel, courier.SCAN_KIND_DELIVERY_FAILED, "BUYER_ABSENT")
            self._scan_at(afternoon, parcel, courier.SCAN_KIND_DELIVERED)
        else:
            self._scan_at(noon, parcel, courier.SCAN_KIND_DELIVERY_FAILED, "BUYER_REFUSED")
            back = datetime.combine(working_day(day, 2), NOON, VIETNAM)
            self._scan_at(back, parcel, courier.SCAN_KIND_RETURNED, "BUYER_REFUSED")

    def _scan_at(
        self, told: datetime, parcel: Any, kind: int, reason: str = "", scanned: datetime | None = None
    ) -> None:
        """Scanned a little before it is told; by some systems it is told twice, under one scan_id."""
        scanned = scanned or told - 20 * MINUTE
        self.plan(told, partial(self._scan, parcel, kind, reason, scanned))
        if self._luck[parcel.parcel_id]["repeats_scans"]:
            self.plan(told + 60 * MINUTE, partial(self._scan, parcel, kind, reason, scanned, again="-again"))

    async def _scan(self, parcel: Any, kind: int, reason: str, scanned: datetime, again: str = "") -> None:
        delivered = kind == courier.SCAN_KIND_DELIVERED
        request = courier.ReportScanRequest(
            request_id=f"{parcel.parcel_id}-{kind}{again}",
            scan_id=f"{parcel.parcel_id}-{kind}",
            parcel_id=parcel.parcel_id,
            kind=kind,  # type: ignore[arg-type]
            scan_time=stamp(scanned),
            cod_collected_vnd=parcel.cod_vnd if delivered else 0,
            reason=reason,
        )
        await self.line.call(self.id, request)
        if delivered and parcel.cod_vnd and not again:
            self._take_cash(scanned.date(), parcel)

    def _take_cash(self, day: date, parcel: Any) -> None:
        """Cash of a day is remitted together, two bank days later."""
        if day not in self._cash:
            remits = datetime.combine(bank_day(day, REMITS_AFTER_BANK_DAYS), time(10), VIETNAM)
            self.plan(remits, partial(self._remit, day))
        self._cash.setdefault(day, {})[parcel.parcel_id] = parcel.cod_vnd

    async def _remit(self, day: date) -> None:
        """The cash of one day's deliveries, parcel by parcel."""
        lines = sorted(self._cash[day].items())
        statement_id = f"ST-{self.id}-{day:%Y%m%d}"
        request = payments.ReportCodRemittanceRequest(
            request_id=f"remit-{statement_id}",
            statement_id=statement_id,
            remit_time=stamp(self.now),
            lines=[payments.RemittanceLine(parcel_id=parcel_id, amount_vnd=vnd) for parcel_id, vnd in lines],
        )
        statement = {"statement_id": statement_id, "partner_id": self.id, "remit_time": self.now.isoformat()}
        self.post(self.id, request, then=lambda _answer: self._statements.write({**statement, "lines": lines}))
