"""Cash on delivery: what a partner collected for a parcel, what it stated, and what differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from chassis.kernel import Aggregate

from payments.domain import ledger
from payments.domain.words import CodState, RemittanceOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CodParcel(Aggregate):
    """The cash of one parcel at one partner.

    Invariant: what was expected is outstanding, stated or disputed, to the đồng. The first statement that names the
    parcel ends "outstanding": what it leaves open is disputed. A statement before the delivery is remembered here.
    """

    parcel_id: str
    order_id: str
    partner_id: str
    state: CodState = CodState.DISPUTED
    delivered: bool = False
    stated: bool = False
    expected_vnd: int = 0
    collected_vnd: int = 0
    remitted_vnd: int = 0
    settled_vnd: int = 0
    outstanding_vnd: int = 0
    disputed_vnd: int = 0
    remit_due_date: date | None = None

    @property
    def open_vnd(self) -> int:
        """What the partner still owes."""
        return self.outstanding_vnd + self.disputed_vnd

    def books(self) -> ledger.Books:
        """What the parcel stands for in the ledger."""
        partner = self.partner_id
        return {
            ledger.bank_clearing(partner): self.settled_vnd,
            ledger.cod_in_transit(partner): self.remitted_vnd - self.settled_vnd,
            ledger.cod_receivable(partner): self.outstanding_vnd,
            ledger.cod_disputed(partner): self.disputed_vnd,
            ledger.SELLERS_PAYABLE: -self.expected_vnd,
        }

    def collect(self, expected_vnd: int, collected_vnd: int, remit_due_date: date) -> CodParcel:
        """The parcel was delivered: the partner owes what it collected, and must explain what is missing."""
        return replace(
            self,
            delivered=True,
            expected_vnd=expected_vnd,
            collected_vnd=collected_vnd,
            remit_due_date=remit_due_date,
        )._weighed()

    def remit(self, amount_vnd: int) -> CodParcel:
        """The partner stated an amount as remitted."""
        return replace(self, stated=True, remitted_vnd=self.remitted_vnd + amount_vnd)._weighed()

    def settle(self, amount_vnd: int) -> CodParcel:
        """A stated amount was seen at the bank."""
        return replace(self, settled_vnd=self.settled_vnd + amount_vnd)._weighed()

    def outcome(self, amount_vnd: int) -> RemittanceOutcome:
        """How an amount on a statement compares with what is open."""
        if amount_vnd == self.open_vnd:
            return RemittanceOutcome.MATCHED
        if not self.delivered:
            return RemittanceOutcome.UNKNOWN_PARCEL
        return RemittanceOutcome.SHORT if amount_vnd < self.open_vnd else RemittanceOutcome.OVER

    def _weighed(self) -> CodParcel:
        outstanding = self.collected_vnd if not self.stated else 0
        disputed = self.expected_vnd - outstanding - self.remitted_vnd
        return replace(
            self, outstanding_vnd=outstanding, disputed_vnd=disputed, state=self._state(outstanding, disputed)
        )

    def _state(self, outstanding: int, disputed: int) -> CodState:
        if disputed:
            return CodState.DISPUTED
        if outstanding:
            return CodState.COLLECTED
        return CodState.REMITTED if self.settled_vnd < self.remitted_vnd else CodState.SETTLED


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedLine:
    """One line of a statement and how it compared when it came."""

    parcel_id: str
    amount_vnd: int
    open_vnd: int
    outcome: RemittanceOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CodStatement(Aggregate):
    """A partner's remittance statement. Invariant: its lines are never changed; settled at most once.

    `transfer_id` is the one bank transfer that brought its money; empty = nobody has said which.
    """

    partner_id: str
    statement_id: str
    remit_time: datetime
    settled: bool = False
    transfer_id: str = ""
    lines: tuple[StatedLine, ...]

    @property
    def total_vnd(self) -> int:
        """What the partner says to have remitted."""
        return sum(line.amount_vnd for line in self.lines)

    def says(self, lines: tuple[tuple[str, int], ...]) -> bool:
        """Whether a repeated report has the same parcels and amounts, in any order."""
        return sorted(lines) == sorted((line.parcel_id, line.amount_vnd) for line in self.lines)


def cod_parcel_id(partner_id: str, parcel_id: str) -> str:
    """The id of a parcel's cash: per partner, so that one partner's statement cannot touch another's."""
    return f"{partner_id}/{parcel_id}"


def statement_key(partner_id: str, statement_id: str) -> str:
    """The id of a statement: numbers are unique per partner only."""
    return f"{partner_id}/{statement_id}"


def order_of(parcel_id: str) -> str:
    """The order a parcel belongs to, by the contract `<order_id>-<n>`."""
    return parcel_id.rpartition("-")[0]
