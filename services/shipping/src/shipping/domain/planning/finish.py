"""Turns a decision into the plan: spare partners, loads for the way out, the cost split, a reason for every parcel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from shipping.domain.planning.answer import Plan, Reason, Run, Witness
from shipping.domain.planning.items import Outlook
from shipping.domain.planning.model import Ride, Vehicle
from shipping.domain.planning.money import late_parcels, split
from shipping.domain.planning.outbound import with_outbound
from shipping.domain.planning.router import Candidate, stops_of
from shipping.domain.planning.session import Decision, Session
from shipping.domain.planning.timing import Stop


def finish(session: Session, decision: Decision, witnesses: Sequence[Witness] = ()) -> Plan:
    """The plan of a decision."""
    candidates = sorted(decision.routed.runs, key=lambda one: (one.run.leave_time, one.run.vehicle_id, _first(one.run)))
    runs = list(session.wave.pinned_runs)
    for one in candidates:
        run = with_outbound(session, one, runs)
        runs.append(_with_spare(session, one, run))
    writer = _Reasons(session, decision, candidates, runs)
    reasons = tuple(writer.reason(ride) for ride in session.wave.rides)
    late = late_parcels(session.wave, runs)
    trace = tuple(session.meter.trace)
    return Plan(
        wave_id=session.wave.wave_id,
        runs=tuple(runs),
        reasons=reasons,
        steps=sum(trace),
        seed=session.seed,
        policy=decision.policy,
        trace=trace,
        additions=session.additions,
        witnesses=tuple(witnesses),
        cost=split(session.ground, runs, session.additions),
        late_parcels=len(late),
    )


def _first(run: Run) -> str:
    return run.stops[0].parcel_ids[0]


def _with_spare(session: Session, one: Candidate, run: Run) -> Run:
    """Name another partner that has a vehicle of the same kind for every parcel of the run."""
    rides = [ride for item in one.items for ride in item.rides]
    for vehicle in session.ground.vehicles:
        if vehicle.partner_id == run.partner_id or not _could(vehicle, run):
            continue
        ground = session.ground
        if all(ground.suits(vehicle, ride) and one.hub in ground.hubs_of(vehicle, ride) for ride in rides):
            return replace(run, spare_partner_id=vehicle.partner_id)
    return run


def _could(vehicle: Vehicle, run: Run) -> bool:
    pieces = sum(len(stop.parcel_ids) for stop in run.stops)
    fits = run.weight_g <= vehicle.weight_max_g and pieces <= vehicle.parcels_max
    return fits and vehicle.number > 0 and run.return_time <= vehicle.home_time


class _Reasons:
    def __init__(self, session: Session, decision: Decision, candidates: Sequence[Candidate], runs: list[Run]) -> None:
        self.session, self.decision, self.runs = session, decision, runs
        first = len(runs) - len(candidates)
        self.of: dict[str, tuple[int, Candidate]] = {}
        for number, one in enumerate(candidates):
            for item in one.items:
                self.of |= {ride.parcel_id: (first + number, one) for ride in item.rides}
        self.pinned = {p: n for n, run in enumerate(session.wave.pinned_runs) for s in run.stops for p in s.parcel_ids}
        self.added = {p: one for one in session.additions for p in one.parcel_ids}
        self.meant = {ride.parcel_id for item in session.items if id(item) in decision.rides for ride in item.rides}
        self._saved: dict[tuple[int, str], int] = {}

    def reason(self, ride: Ride) -> Reason:
        outlook = self.session.outlooks[ride.parcel_id]
        if ride.parcel_id in self.of:
            number, one = self.of[ride.parcel_id]
            return self._rides(outlook, number, one)
        if ride.parcel_id in self.pinned:
            return Reason(parcel_id=ride.parcel_id, code="RUN_STAYS", rides=True, run_index=self.pinned[ride.parcel_id])
        if ride.parcel_id in self.added:
            figures = (("run_id", self.added[ride.parcel_id].run_id),)
            return Reason(parcel_id=ride.parcel_id, code="ADDED_TO_RUN", rides=True, figures=figures)
        return self._waits(outlook)

    def _rides(self, outlook: Outlook, number: int, one: Candidate) -> Reason:
        ride, run, ground = outlook.ride, self.runs[number], self.session.ground
        code = self.decision.held_codes.get(ride.parcel_id, "MUST_GO" if outlook.must else "RIDES_ALONG")
        handling = timedelta(seconds=ground.hubs[one.hub].handling_seconds)
        latest = ride.latest.get(run.hub_id)
        if latest is not None and run.return_time + handling > latest:
            code = "NOT_ON_TIME_ANY_MORE"
        figures = (
            ("hub_id", run.hub_id),
            ("deadline_time", latest.isoformat() if latest else ""),
            ("return_time", run.return_time.isoformat()),
            ("weight_g", str(ride.weight_g)),
            ("run_weight_g", str(run.weight_g)),
            ("run_parcels", str(sum(len(stop.parcel_ids) for stop in run.stops))),
        )
        return Reason(
            parcel_id=ride.parcel_id,
            code=code,
            rides=True,
            run_index=number,
            marginal_cost_vnd=self._marginal(one, number, ride),
            figures=figures,
        )

    def _marginal(self, one: Candidate, number: int, ride: Ride) -> int:
        """What this run would cost less without the parcel, its other stops in the same order."""
        stops = [
            Stop(s.gate_id, tuple(r for r in s.rides if r is not ride))
            for s in stops_of(one.items, self.session.ground)
        ]
        stops = [stop for stop in stops if stop.rides]
        if not stops:
            return self.runs[number].cost_vnd
        gone = next(i for i in one.items if ride in i.rides)
        alone = len([r for i in one.items if i.place == gone.place for r in i.rides]) == 1
        vehicle = self.session.ground.vehicles[one.vehicle]
        if not alone:
            charged = ride.weight_g if ride.chargeable_g is None else ride.chargeable_g
            return ride.count * vehicle.per_parcel_vnd + charged * vehicle.per_kg_vnd // 1000
        key = number, ride.parcel_id
        if key not in self._saved:
            less = self.session.timer.run(vehicle, stops, one.hub)
            self._saved[key] = one.run.cost_vnd - less.cost_vnd if less else 0
        return self._saved[key]

    def _waits(self, outlook: Outlook) -> Reason:
        ride, ground = outlook.ride, self.session.ground
        full = ride.parcel_id in self.meant or outlook.must
        code = outlook.refusal or ("NO_CAPACITY" if full else "HELD_FOR_LATER_WAVE")
        pinned = any(pin.parcel_id == ride.parcel_id and pin.rides for pin in self.session.wave.pins)
        wave = outlook.last_wave if code == "HELD_FOR_LATER_WAVE" else outlook.next_wave
        wave = outlook.next_wave if wave is None else wave
        figures = [("deadline_time", min(ride.latest.values()).isoformat())] if ride.latest else []
        if pinned:
            figures.append(("because", code))
            code = "PIN_IMPOSSIBLE"
        if outlook.home_if_last is not None and not outlook.refusal:
            figures.append(("return_time_if_held", ground.moment(outlook.home_if_last).isoformat()))
        return Reason(
            parcel_id=ride.parcel_id,
            code=code,
            rides=False,
            waits_for=None if wave is None else ground.moment(wave),
            figures=tuple(figures),
        )
