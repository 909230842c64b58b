"""Who can drive: vehicles, what partners carried today and their ceilings, and runs that are already promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """From an instant to an instant, both included."""

    from_time: datetime
    to_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A kind of vehicle of a partner, up to `number` of them in this wave, from `start_id` to a hub by `home_time`.

    A run leaves at the decision + `lead_seconds` or later, and not before `available_time`; it is never under way
    during a break and lasts at most `run_seconds_max`. `number_later` of them can be booked in each later wave (None =
    the same number); `number_scope`: "wave" = a new set each wave, "in_use" = so many at the same time, "day" = runs a
    day. `hub_ids` empty = every hub. `profile` names its matrix. `on_time` is the share of runs that come when they
    should. `returning_times`: others of the same kind, on the road now, that are back then.
    """

    vehicle_id: str
    partner_id: str
    kind: str
    weight_max_g: int
    parcels_max: int
    number: int
    start_id: str
    lead_seconds: int
    home_time: datetime
    fixed_vnd: int
    per_km_vnd: int
    per_stop_vnd: int
    per_parcel_vnd: int
    volume_max_cm3: int | None = None
    available_time: datetime | None = None
    run_seconds_max: int | None = None
    breaks: tuple[Window, ...] = ()
    hub_ids: tuple[str, ...] = ()
    profile: str = ""
    per_kg_vnd: int = 0
    per_drive_hour_vnd: int = 0
    per_duty_hour_vnd: int = 0
    on_time: float = 1.0
    number_later: int | None = None
    number_scope: str = "wave"
    returning_times: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscountStep:
    """From this many parcels of the day on, so many thousandths off everything the partner carried that day."""

    parcels_from: int
    off_permille: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDay:
    """What a partner has already carried today, its discounts (rising) and its ceilings for the day (None = none)."""

    partner_id: str
    discounts: tuple[DiscountStep, ...] = ()
    parcels_today: int = 0
    bill_today_vnd: int = 0
    runs_today: int = 0
    parcels_max: int | None = None
    runs_max: int | None = None
    weight_max_g: int | None = None
    weight_today_g: int = 0


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A partner that declined, does not serve or did not answer for a commune, until a time."""

    partner_id: str
    commune_code: str
    until_time: datetime


@dataclass(frozen=True, slots=True)
class CommittedStop:
    """A planned stop of a committed run and when it is there; parcels may be told to it until then."""

    gate_id: str
    arrive_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A run that was offered, accepted or is under way. It never changes but for parcels added at its coming stops.

    `…_left` is the capacity that no planned load of it needs on any leg. `spare_seconds`: so long may collecting added
    parcels take in all; the run keeps its promises, its windows and `return_time` all the same. 0 = only parcels that
    take no time to collect are added.
    """

    run_id: str
    vehicle_id: str
    partner_id: str
    kind: str
    hub_id: str
    return_time: datetime
    stops: tuple[CommittedStop, ...]
    weight_left_g: int
    parcels_left: int
    volume_left_cm3: int | None = None
    per_parcel_vnd: int = 0
    spare_seconds: int = 0
