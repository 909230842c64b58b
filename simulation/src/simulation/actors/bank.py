"""The bank: tells payments about the buyers' transfers, pays out refunds, confirms the couriers' cash."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from typing import Any

from chophien.payments.v1 import payments_service_pb2 as payments

from simulation.actor import Actor, Stage
from simulation.times import MINUTE, at, stamp

REFUND_CLOCK = "17:00"
BANK, PROVIDER = "bank", "sepay"
REPEATS_EVERY = 7
"""Every so many notices one is told twice, as webhooks are."""
CONFIRMS_AFTER = 120 * MINUTE
"""How long a courier's remittance takes to arrive on the account."""


class Bank(Actor):
    """One bank for everybody."""

    def __init__(self, stage: Stage) -> None:
        """Plan a refund run for every afternoon of the play."""
        super().__init__(stage)
        self._transfers = stage.world("transfers")
        self._statements = stage.world("statements")
        self._told = 0
        self._paid_out: set[str] = set()
        for day in range((self.script.end - self.script.opening).days + 1):
            self.plan(at(REFUND_CLOCK, day), self._pay_refunds)

    async def listen(self) -> int:
        """Transfers and remitted cash are told when the bank gets round to it."""
        transfers, statements = self._transfers.fresh(), self._statements.fresh()
        for transfer in transfers:
            self._told += 1
            times = 2 if self._told % REPEATS_EVERY == 0 else 1
            for n in range(times):
                self.plan(datetime.fromisoformat(transfer["told_time"]), partial(self._tell, transfer, n))
        for statement in statements:
            self.plan(self.now + CONFIRMS_AFTER, partial(self._confirm, statement))
        return len(transfers) + len(statements)

    async def _tell(self, transfer: dict[str, Any], n: int) -> None:
        """A notice, with the bank's own words around the memo."""
        request = payments.ReportBankTransferRequest(
            request_id=f"tell-{transfer['id']}-{n}",
            provider=PROVIDER,
            provider_transaction_id=transfer["id"],
            bank_time=stamp(datetime.fromisoformat(transfer["bank_time"])),
            amount_vnd=transfer["amount_vnd"],
            memo=f"IBFT {transfer['memo']} chuyen tien",
            direction=payments.TRANSFER_DIRECTION_IN,
        )
        await self.line.call(BANK, request)

    async def _pay_refunds(self) -> None:
        page = ""
        while True:
            answer = await self.line.call(BANK, payments.ListRefundsDueRequest(page_token=page))
            for refund in answer.refunds:
                if refund.refund_id not in self._paid_out:
                    self._paid_out.add(refund.refund_id)
                    self.post(BANK, self._payout(refund))
            page = answer.next_page_token
            if not page:
                return

    def _payout(self, refund: Any) -> Any:
        number = hashlib.sha256(refund.refund_id.encode()).hexdigest()[:20]
        return payments.ReportRefundPaidRequest(
            request_id=f"refund-{number}",
            refund_id=refund.refund_id,
            amount_vnd=refund.amount_vnd,
            provider=PROVIDER,
            provider_transaction_id=f"out-{number}",
            refund_time=stamp(self.now),
        )

    async def _confirm(self, statement: dict[str, Any]) -> None:
        """The money of a courier's statement has arrived."""
        request = payments.ReportCodRemittanceRequest(
            request_id=f"confirm-{statement['statement_id']}",
            partner_id=statement["partner_id"],
            statement_id=statement["statement_id"],
            remit_time=stamp(datetime.fromisoformat(statement["remit_time"])),
            lines=[payments.RemittanceLine(parcel_id=parcel, amount_vnd=vnd) for parcel, vnd in statement["lines"]],
        )
        await self.line.call(BANK, request)
