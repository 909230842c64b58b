"""The buyer behind an order: the only personal data in Chophien, in a row of its own that can be erased."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from chassis.kernel import Aggregate


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Aggregate):
    """Who receives the goods of one order. Invariant: once erased, it holds no personal data and never will again.

    `place_time` is when they ordered, from which it is kept; None = not known, then it is erased only when asked for.
    """

    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)
    place_time: datetime | None = None
    erase_time: datetime | None = None

    def erase(self, now: datetime) -> Contact:
        """Forget the person for good."""
        return self if self.erase_time else replace(self, name="", phone="", address="", erase_time=now)
