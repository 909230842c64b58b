"""Says for every parcel why it rides or waits, with the figures and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from shipping.domain.planning.answer import LOST, Addition, Reason, Run, Witness
from shipping.domain.planning.items import Outlook
from shipping.domain.planning.marginal import Marginals
from shipping.domain.planning.model import Ride
from shipping.domain.planning.money import days_late
from shipping.domain.planning.session import Decision, Session

HELD, WITNESS_TIME, NOT_PROVED = "HELD_FOR_LATER_WAVE", "witness_time", "none"
"""Every parcel held by the planner's own word has a figure with the wave of its witness, or says that it has none."""


class Reasons:
    """The reasons of one plan."""

    def __init__(
        self, session: Session, decision: Decision, runs: Sequence[Run], witnesses: Sequence[Witness] = ()
    ) -> None:
        """`runs` are all the plan's, the pinned ones first."""
        self.session, self.decision, self.runs = session, decision, runs
        self.of = {p: number for number, run in enumerate(runs) for stop in run.stops for p in stop.parcel_ids}
        self.added = {p: one for one in session.additions for p in one.parcel_ids}
        self.meant = {ride.parcel_id for item in session.items if id(item) in decision.rides for ride in item.rides}
        self.proved = {p: one.decide_time for one in witnesses for stop in one.run.stops for p in stop.parcel_ids}
        self.marginals = Marginals(session, runs)

    def all(self) -> tuple[Reason, ...]:
        """One for every parcel of the wave, in its order."""
        return tuple(self._reason(ride) for ride in self.session.wave.rides)

    def _reason(self, ride: Ride) -> Reason:
        outlook = self.session.outlooks[ride.parcel_id]
        if ride.parcel_id in self.of:
            return self._rides(outlook, self.of[ride.parcel_id])
        if ride.parcel_id in self.added:
            return self._added(ride, self.added[ride.parcel_id])
        return self._waits(outlook)

    def _rides(self, outlook: Outlook, number: int) -> Reason:
        ride, run, ground = outlook.ride, self.runs[number], self.session.ground
        code = self.decision.held_codes.get(ride.parcel_id, "MUST_GO" if outlook.must else "RIDES_ALONG")
        if days_late(ride, ground.hubs[ground.hub_number[run.hub_id]], run.return_time):
            code = "NOT_ON_TIME_ANY_MORE"
        return Reason(
            parcel_id=ride.parcel_id,
            code="RUN_STAYS" if number < len(self.session.wave.pinned_runs) else code,
            rides=True,
            run_index=number,
            marginal_cost_vnd=self.marginals.riding(number, ride),
            figures=(
                ("hub_id", run.hub_id),
                ("deadline_time", _deadline(ride, run.hub_id)),
                ("return_time", run.return_time.isoformat()),
                ("weight_g", str(ride.weight_g)),
                ("run_weight_g", str(run.weight_g)),
                ("run_parcels", str(sum(len(stop.parcel_ids) for stop in run.stops))),
            ),
        )

    def _added(self, ride: Ride, addition: Addition) -> Reason:
        run = next(run for run in self.session.wave.committed if run.run_id == addition.run_id)
        return Reason(
            parcel_id=ride.parcel_id,
            code="ADDED_TO_RUN",
            rides=True,
            marginal_cost_vnd=self.marginals.added(addition, ride),
            figures=(
                ("run_id", run.run_id),
                ("hub_id", run.hub_id),
                ("deadline_time", _deadline(ride, run.hub_id)),
                ("return_time", run.return_time.isoformat()),
                ("weight_g", str(ride.weight_g)),
            ),
        )

    def _waits(self, outlook: Outlook) -> Reason:
        ride, ground = outlook.ride, self.session.ground
        full = (ride.parcel_id in self.meant or outlook.must) and ride.parcel_id not in self.proved
        code = outlook.refusal or ("NO_CAPACITY" if full else HELD)
        pinned = any(pin.parcel_id == ride.parcel_id and pin.rides for pin in self.session.wave.pins)
        wave = outlook.last_wave if code == HELD else None
        wave = self.session.sorter.next_chance(ride) if wave is None else wave
        figures = [("deadline_time", min(ride.latest.values()).isoformat())] if ride.latest else []
        if pinned:
            figures.append(("because", code))
            code = "PIN_IMPOSSIBLE"
        if outlook.home_if_last is not None and not outlook.refusal and wave == outlook.last_wave:
            figures.append(("return_time_if_held", ground.moment(outlook.home_if_last).isoformat()))
        if self._lost(outlook):
            figures.append(LOST)
        if code == HELD and ride.must_ride is None:
            proof = self.proved.get(ride.parcel_id)
            figures.append((WITNESS_TIME, proof.isoformat() if proof else NOT_PROVED))
        return Reason(
            parcel_id=ride.parcel_id,
            code=code,
            rides=False,
            waits_for=None if wave is None else ground.moment(wave),
            marginal_cost_vnd=self.marginals.waiting(ride),
            figures=tuple(figures),
        )

    def _lost(self, outlook: Outlook) -> bool:
        """Whether no later wave keeps its promise. Of what is not packed, or reaches no hub, nobody can say; nor of
        what a partner may take again before it is due."""
        if outlook.refusal in ("NOT_READY", "NO_REACHABLE_HUB"):
            return False
        if outlook.refusal == "NO_PARTNER_LEFT":
            return self.session.sorter.next_chance(outlook.ride, in_time=True) is None
        return outlook.late or outlook.last_wave is None


def _deadline(ride: Ride, hub_id: str) -> str:
    latest = ride.latest.get(hub_id)
    return latest.isoformat() if latest else ""
