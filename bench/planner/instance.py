"""The replay format as data: everything one region's days are made of, in seconds from the first midnight."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

DAY_S = 86_400
KINDS = ("motorbike", "van", "truck")
"""Vehicle kinds from the smallest to the largest; a kind outside this list fits every gate."""

Seconds = Annotated[int, Meta(description="Seconds from midnight before the first day")]
Span = tuple[int, int]
DAILY = "in the first day only, where waves go on to later days = every day"
Counted = Annotated[int, Meta(ge=0)]
Price = Annotated[float, Meta(ge=0)]
Amounts = Annotated[dict[str, Counted], Meta(description="Amount by dimension, such as g (grams) and parcels (count)")]
Cells = list[list[Counted | None]]


class Units(Struct, frozen=True, kw_only=True):
    """What the numbers mean; for people, nothing is converted."""

    time: str = "s"
    distance: str = "m"
    money: str = "vnd"


class Profile(Struct, frozen=True, kw_only=True):
    """How one sort of vehicle drives: a matrix for each departure period, rows and columns in the order of `places`."""

    periods: Annotated[
        list[int], Meta(min_length=1, description="Start of each period, seconds after midnight, first 0; daily")
    ]
    duration_s: Annotated[list[Cells], Meta(description="Seconds; null = unreachable in that period")]
    distance_m: Annotated[list[Cells], Meta(description="Metres; null = unreachable in that period")]


class Hub(Struct, frozen=True, kw_only=True):
    """Where runs end. `cutoffs` are the departures of the line haul; `latest` of the parcels is what binds."""

    id: str
    place: str
    open: Seconds = 0
    close: Annotated[int, Meta(description=f"Hours when runs may come home; {DAILY}")] = 365 * DAY_S
    cutoffs: Annotated[list[int], Meta(description=f"Seconds from midnight before the first day; {DAILY}")] = []
    handling_s: Annotated[int, Meta(ge=0, description="From arrival to being ready for the line haul")] = 0


class Place(Struct, frozen=True, kw_only=True):
    """A point of the map. Stop time and fee are paid once for each visit, however many parcels stand there."""

    id: str
    stop_service_s: Annotated[int, Meta(ge=0)] = 0
    stop_fee: Annotated[float, Meta(ge=0)] = 0
    max_kind: Annotated[str | None, Meta(description="Largest vehicle that gets there; null = any")] = None
    windows: Annotated[list[Span], Meta(description="When a visit may begin; empty = always")] = []
    position: Annotated[tuple[float, float] | None, Meta(description="Degrees north and east, for pictures")] = None


class Parcel(Struct, frozen=True, kw_only=True):
    """One parcel. It is revealed at `known_at`; `ready_actual` is what the driver finds (null: as `ready`)."""

    id: str
    place: str
    known_at: Seconds
    ready: Seconds
    load: Amounts
    latest: Annotated[dict[str, int], Meta(description="By hub: the instant it must be there, handling included")]
    open: Annotated[int, Meta(description="Earliest start of service")] = 0
    close: Annotated[int, Meta(description="Latest start of service")] = 365 * DAY_S
    service_s: Annotated[int, Meta(ge=0, description="On top of the place's stop time")] = 0
    must_wave: Annotated[
        Counted | None,
        Meta(description="With must_rule given: rides at this wave at the latest, the first is 0; null = derived"),
    ] = None
    ready_actual: int | None = None
    min_kind: Annotated[str | None, Meta(description="Smallest vehicle that may carry it")] = None

    @property
    def really_ready(self) -> int:
        """When it can truly be collected."""
        return self.ready if self.ready_actual is None else self.ready_actual


class Vehicle(Struct, frozen=True, kw_only=True):
    """A kind of vehicle of a partner. Every vehicle has each dimension of load it names in `capacity`, others free."""

    id: Annotated[str, Meta(description="Empty = made from partner, profile and place in the list")] = ""
    profile: str
    capacity: Amounts
    start: Annotated[str, Meta(description="Place where its runs begin")]
    end: Annotated[str, Meta(description="Hub where its runs end")]
    partner: str = ""
    kind: str = ""
    number: Annotated[Counted | None, Meta(description="null = as many as wanted")] = None
    number_scope: Annotated[
        Literal["wave", "in_use", "day"],
        Meta(description="The number counts runs sent at one wave, runs under way at once, or runs of one day"),
    ] = "wave"
    shift: Annotated[list[Span], Meta(description=f"A run lies within one of these; empty = always; {DAILY}")] = []
    max_run_s: Counted | None = None
    fixed: Price = 0
    per_m: Price = 0
    per_drive_s: Price = 0
    per_duty_s: Price = 0
    per_stop: Price = 0
    per_parcel: Price = 0


class WaveTime(Struct, frozen=True, kw_only=True):
    """A moment of decision; runs decided there leave no earlier than `earliest_leave`."""

    decide_at: Seconds
    earliest_leave: Seconds


class Expected(Struct, frozen=True, kw_only=True):
    """A parcel of an earlier day; `known_at`, `ready` and `latest` count from that day's midnight."""

    place: str
    known_at: int
    ready: int
    load: Amounts
    latest: dict[str, int]
    open: int = 0
    close: int = 365 * DAY_S
    service_s: Counted = 0


class Pool(Struct, frozen=True, kw_only=True):
    """Draw places, windows, loads and services independently; `window` counts from the first midnight."""

    draws_per_wave: Counted
    place: list[str]
    window: list[Span]
    load: list[Amounts]
    service: list[Counted]
    drop_unreachable: Annotated[bool, Meta(description="Leave out draws that no run of that wave could serve")] = True


class Forecast(Struct, frozen=True, kw_only=True):
    """What may come, from earlier days or a sampling pool; neither = none."""

    days: list[list[Expected]] = []
    pool: Pool | None = None


class LatePrice(Struct, frozen=True, kw_only=True):
    """Money for a late parcel, once and for each day begun."""

    fixed: Price = 0
    per_day: Price = 0


class Instance(Struct, frozen=True, kw_only=True):
    """One region's days. `budget` is CPU seconds a wave; `wait_price`: a parcel's hour from ready to hub."""

    profiles: dict[str, Profile]
    hubs: list[Hub]
    places: list[Place]
    parcels: list[Parcel]
    vehicles: list[Vehicle]
    waves: list[WaveTime]
    format: Literal["chophien-pickup-replay/1"] = "chophien-pickup-replay/1"
    name: str = ""
    units: Units = Units()
    information: Literal["frozen", "door"] = "frozen"
    late_forbidden: bool = False
    must_rule: Annotated[
        Literal["derived", "given"],
        Meta(
            description="When a parcel must ride: derived = no later wave would do; given = from must_wave on, or then"
        ),
    ] = "derived"
    last_wave_all: Annotated[bool, Meta(description="Whatever is ready rides at the last wave")] = False
    budget: Price = 0.5
    seed: int = 0
    forecast: Forecast = Forecast()
    late_price: LatePrice = LatePrice()
    wait_price: Price = 0
