"""Turns a decision into the plan: loads for the way out, spare partners, the cost split, a reason for every parcel."""

from __future__ import annotations

from collections.abc import Sequence

from shipping.domain.planning.answer import Plan, Run, Witness
from shipping.domain.planning.money import late_parcels, split
from shipping.domain.planning.outbound import with_outbound
from shipping.domain.planning.reasons import Reasons
from shipping.domain.planning.session import Decision, Session
from shipping.domain.planning.spare import with_spares


def finish(session: Session, decision: Decision, witnesses: Sequence[Witness] = ()) -> Plan:
    """The plan of a decision. Pinned runs come first; they stay as they are but for their spare partner."""
    candidates = sorted(decision.routed.runs, key=lambda one: (one.run.leave_time, one.run.vehicle_id, _first(one.run)))
    runs = list(session.wave.pinned_runs)
    for one in candidates:
        runs.append(with_outbound(session, one, runs))
    runs = with_spares(session, runs)
    trace = tuple(session.meter.trace)
    return Plan(
        wave_id=session.wave.wave_id,
        runs=tuple(runs),
        reasons=Reasons(session, decision, runs, witnesses).all(),
        steps=sum(trace),
        seed=session.seed,
        policy=decision.policy,
        trace=trace,
        additions=session.additions,
        witnesses=tuple(witnesses),
        cost=split(session.ground, runs, session.additions),
        late_parcels=len(late_parcels(session.wave, runs)),
    )


def _first(run: Run) -> str:
    return run.stops[0].parcel_ids[0]
