"""Livestream sessions: a verified host, the sellers taking part, what was offered and when it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel import Aggregate, Outcome, said

from catalog.domain.errors import HostNotVerified, SellerNotInSession, SessionEnded, TooManyOffers
from catalog.domain.events import EndReason, LivestreamEnded, LivestreamStarted, OfferOpened

SESSION_OFFERS_MAX = 200


@dataclass(frozen=True, slots=True)
class HostVerification:
    """How the host's identity was verified: a reference, never an image of a paper (R05)."""

    method: str
    reference: str
    expire_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LivestreamSession(Aggregate):
    """One live sale. Invariant: verified host, at least one seller; nothing is offered once it has ended."""

    host_id: str
    host_verification: HostVerification
    seller_ids: tuple[str, ...]
    start_time: datetime
    offer_count: int = 0
    end_time: datetime | None = None
    end_reason: str = ""
    authority_reference: str = ""

    def was_live_at(self, time: datetime) -> bool:
        """Whether its offers held at a moment."""
        return self.start_time <= time and (self.end_time is None or time < self.end_time)

    def open_offer(self, product_id: str, seller_id: str, offer_price_vnd: int, quota: int, now: datetime) -> Outcome:
        """Offer a product of one of its sellers; replies with the first moment of the offer."""
        self._require_live()
        if seller_id not in self.seller_ids:
            raise SellerNotInSession(session_id=self.id, seller_id=seller_id)
        if self.offer_count >= SESSION_OFFERS_MAX:
            raise TooManyOffers(session_id=self.id, offers_max=SESSION_OFFERS_MAX)
        fact = OfferOpened(self.id, product_id, offer_price_vnd, quota, now)
        return said(replace(self, offer_count=self.offer_count + 1), fact, reply=now)

    def end(self, reason: EndReason, authority_reference: str, now: datetime) -> Outcome:
        """End it, and its offers with it; replies with the moment."""
        self._require_live()
        ended = replace(self, end_time=now, end_reason=reason.value, authority_reference=authority_reference)
        return said(ended, LivestreamEnded(self.id, now, reason), reply=now)

    def _require_live(self) -> None:
        if self.end_time is not None:
            raise SessionEnded(session_id=self.id)


def start(
    session_id: str,
    host_id: str,
    verification: HostVerification,
    seller_ids: tuple[str, ...],
    now: datetime,
    trace: str,
) -> Outcome:
    """A new session, live from now on; raises HostNotVerified; replies with the session."""
    expired = verification.expire_time is not None and verification.expire_time <= now
    if not verification.reference or expired:
        raise HostNotVerified(host_id=host_id)
    session = LivestreamSession(
        id=session_id,
        trace=trace,
        host_id=host_id,
        host_verification=verification,
        seller_ids=seller_ids,
        start_time=now,
    )
    return said(session, LivestreamStarted(session_id, host_id, seller_ids, now), reply=session)
