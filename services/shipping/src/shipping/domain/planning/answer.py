"""What a planner answers: runs, additions, one reason for every parcel, the cost split and the steps it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStop:
    """One stop of a run; `leave_time` is when the last parcel is on board. `outbound_ids` are handed out here."""

    gate_id: str
    arrive_time: datetime
    leave_time: datetime
    parcel_ids: tuple[str, ...]
    outbound_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One vehicle's way: when it leaves, its stops in order, and when it is at the hub.

    `cost_vnd` is money paid to the partner before discounts; `spare_partner_id` could take the same run ("" = nobody).
    """

    vehicle_id: str
    partner_id: str
    kind: str
    hub_id: str
    leave_time: datetime
    return_time: datetime
    stops: tuple[RunStop, ...]
    weight_g: int
    metres: int
    cost_vnd: int
    volume_cm3: int = 0
    spare_partner_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Parcels that a committed run takes along at a stop it makes anyway."""

    run_id: str
    gate_id: str
    parcel_ids: tuple[str, ...]
    cost_vnd: int = 0


LOST = "promise", "lost"
"""The figure of a parcel that waits although its promise cannot be kept any more: no later wave is in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a parcel rides or is held; `run_index` points into the plan's runs.

    `waits_for` is the later wave that could take it, in time if one would do; None = none that is known could.
    `marginal_cost_vnd` is what the plan would save without this parcel. `figures` are names and values as text.
    """

    parcel_id: str
    code: str
    rides: bool
    run_index: int | None = None
    waits_for: datetime | None = None
    marginal_cost_vnd: int = 0
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSplit:
    """Where the money of a plan goes, in đồng. `late` and `wait` are prices of the objective, not bills."""

    fixed_vnd: int = 0
    way_vnd: int = 0
    stops_vnd: int = 0
    parcels_vnd: int = 0
    discount_vnd: int = 0
    late_vnd: int = 0
    wait_vnd: int = 0
    change_vnd: int = 0

    @property
    def bill_vnd(self) -> int:
        """What partners are paid."""
        return self.fixed_vnd + self.way_vnd + self.stops_vnd + self.parcels_vnd - self.discount_vnd

    @property
    def total_vnd(self) -> int:
        """What the search minimises after the number of late parcels."""
        return self.bill_vnd + self.late_vnd + self.wait_vnd + self.change_vnd


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A run on a later wave that could take held parcels in time: why holding them is safe."""

    decide_time: datetime
    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer: runs, and one reason for every parcel of the wave, in its order.

    `policy` is the rule (or "look_ahead") whose plan this is. `trace` holds the steps of every search in order; with
    the same wave and seed, `Budget(trace=plan.trace)` makes the same plan again, byte for byte. `steps` is their sum.
    `call_sellers` are announced parcels whose readiness would change this wave's decision.
    """

    wave_id: str
    runs: tuple[Run, ...]
    reasons: tuple[Reason, ...]
    steps: int = 0
    seed: int = 0
    policy: str = "take_all"
    trace: tuple[int, ...] = ()
    additions: tuple[Addition, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    cost: CostSplit = CostSplit()
    late_parcels: int = 0
    call_sellers: tuple[str, ...] = ()

    @property
    def broken_promises(self) -> int:
        """Parcels that ride late, or wait although no later wave brings them to the hub in time."""
        return self.late_parcels + sum(LOST in reason.figures for reason in self.reasons)
