"""A tender: the offer of one batch to one partner until a deadline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.kernel import Aggregate, NotFound

from shipping.domain.errors import NoLongerYours


class TenderState(StrEnum):
    """How the offer stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender(Aggregate):
    """One offer. Invariant: only an offered tender changes, and an acceptance counts only up to its deadline."""

    batch_id: str
    partner_id: str
    state: TenderState = TenderState.OFFERED
    answer_deadline_time: datetime
    reason: str = ""

    def owned_by(self, partner_id: str) -> Tender:
        """Itself for its own partner; for others it does not exist."""
        if partner_id != self.partner_id:
            raise NotFound(kind="Tender", id=self.id)
        return self

    def accept(self, now: datetime) -> Tender:
        """Taken in time; raises NoLongerYours."""
        return self._answered(TenderState.ACCEPTED, "", now)

    def decline(self, reason: str, now: datetime) -> Tender:
        """Not taken; raises NoLongerYours."""
        return self._answered(TenderState.DECLINED, reason, now)

    def _answered(self, state: TenderState, reason: str, now: datetime) -> Tender:
        if self.state is not TenderState.OFFERED or now > self.answer_deadline_time:
            raise NoLongerYours(tender_id=self.id, state=self.state)
        return replace(self, state=state, reason=reason)

    def is_silent(self, now: datetime) -> bool:
        """Whether the deadline passed without an answer."""
        return self.state is TenderState.OFFERED and now > self.answer_deadline_time

    def ended(self, state: TenderState) -> Tender:
        """Expired or withdrawn by us."""
        return replace(self, state=state)
