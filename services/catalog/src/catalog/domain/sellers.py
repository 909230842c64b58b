"""Sellers: who they are, where their parcels are collected and from when on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chassis.kernel import Aggregate, Invalid, Outcome, said

from catalog.domain.errors import SellerNotActive, SellerNotSuspended
from catalog.domain.events import PickupPointChanged, SellerKind, SellerRegistered, SellerReinstated, SellerSuspended
from catalog.domain.places import PickupPoint, Place
from catalog.domain.points import DatedPickupPoint, Places, point_at, with_move

AHEAD_MAX = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PublicBlock:
    """What the law wants buyers to see about a seller besides its address (R04); complete from the registration on."""

    legal_name: str
    kind: SellerKind
    tax_id: str
    registration_number: str
    public_phone: str
    return_policy: str
    complaint_policy: str
    price_includes_shipping: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller(Aggregate):
    """A trader. Invariant: its pickup points are as of Places, as it stated them; the first is never in the future."""

    public_block: PublicBlock
    commune_code: str
    commune_as_of_date: str
    hamlet: str
    pickup_points: Places
    suspend_time: datetime | None = None
    suspend_reason: str = ""

    @property
    def home(self) -> Place:
        """The business address."""
        return Place(self.commune_code, self.commune_as_of_date, self.hamlet)

    def pickup_point_at(self, time: datetime) -> PickupPoint:
        """Which point parcels made at that moment are collected at, as the seller stated it; see KnownPoint."""
        return point_at(self.pickup_points, time)

    def require_active(self) -> None:
        """Raises SellerNotActive if it may not sell."""
        if self.suspend_time is not None:
            raise SellerNotActive(seller_id=self.id)

    def suspended_at(self, time: datetime) -> bool:
        """Whether what it sold at that moment is refused; a suspension that was lifted refuses nothing any more."""
        return self.suspend_time is not None and self.suspend_time <= time

    def move_pickup_point(self, point: PickupPoint, wished_time: datetime | None, now: datetime) -> Outcome:
        """Collect elsewhere from a moment on, now at the earliest; replies with that moment."""
        from_time = effective_time(wished_time, now)
        moved = replace(self, pickup_points=with_move(self.pickup_points, point, from_time, now))
        return said(moved, PickupPointChanged(self.id, point, from_time), reply=from_time)

    def suspend(self, reason: str, now: datetime) -> Outcome:
        """Stop selling; replies with the moment."""
        self.require_active()
        stopped = replace(self, suspend_time=now, suspend_reason=reason)
        return said(stopped, SellerSuspended(self.id, reason, now), reply=now)

    def reinstate(self, reason: str, now: datetime) -> Outcome:
        """Sell again; replies with the moment."""
        if self.suspend_time is None:
            raise SellerNotSuspended(seller_id=self.id)
        back = replace(self, suspend_time=None, suspend_reason="")
        return said(back, SellerReinstated(self.id, reason, now), reply=now)


def register(
    seller_id: str, block: PublicBlock, home: Place, pickup_point: PickupPoint, now: datetime, trace: str
) -> Outcome:
    """A new seller; replies with its id."""
    seller = Seller(
        id=seller_id,
        trace=trace,
        public_block=block,
        commune_code=home.commune_code,
        commune_as_of_date=home.as_of_date,
        hamlet=home.hamlet,
        pickup_points=(DatedPickupPoint(pickup_point, now),),
    )
    fact = SellerRegistered(seller_id, block.legal_name, block.kind, block.tax_id, home, pickup_point, now)
    return said(seller, fact, reply=seller_id)


def effective_time(wished_time: datetime | None, now: datetime) -> datetime:
    """The moment a change takes effect: as wished, now at the earliest; raises Invalid if too far ahead."""
    if wished_time is not None and wished_time > now + AHEAD_MAX:
        raise Invalid("effective_time", f"at most {AHEAD_MAX.days} days ahead")
    return max(wished_time or now, now)
