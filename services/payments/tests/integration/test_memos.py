"""What a payer wrote into a transfer that named no order is kept for a person, and not for ever."""

from __future__ import annotations

from chophien.payments.v1 import payments_service_pb2 as pb

from .conftest import House
from .speech import notice

JOB = "forget_memos"
ASKED = pb.GetLedgerRequest(view=pb.LEDGER_VIEW_UNMATCHED_TRANSFERS)


async def memos(house: House) -> list[tuple[str, int]]:
    """Memo and amount of every transfer in the queue."""
    queue = (await house.stub().GetLedger(ASKED)).unmatched_transfers
    return [(one.memo, one.amount_vnd) for one in queue]


async def test_an_unmatched_memo_is_forgotten_after_three_years_and_its_money_is_not(house: House) -> None:
    """R130: a day before the end it is there, a day after it is gone."""
    request = notice("", 7_000, "tx-1", memo="Vang Thi Mai tra no")
    await house.stub("bank").ReportBankTransfer(request)
    await house.tick(JOB, days=3 * 365 - 1)
    assert await memos(house) == [("Vang Thi Mai tra no", 7_000)]
    for _ in range(2):
        await house.tick(JOB, days=1)
        assert await memos(house) == [("", 7_000)]
    assert not await house.rows("SELECT id FROM bank_transfers WHERE memo <> ''")
    request.request_id = "again"
    assert (await house.stub("bank").ReportBankTransfer(request)).state == pb.TRANSFER_STATE_UNMATCHED
    assert await memos(house) == [("", 7_000)]


async def test_every_job_ticks_often_enough_for_a_clock_that_is_moved(house: House) -> None:
    """Who moves the clock waits until each job has seen the new time; ten minutes of rest stopped the whole day."""
    assert max(job.every_seconds for job in house.served.runtime.service.jobs) <= 0.5


async def test_it_is_kept_from_when_it_was_heard_whatever_time_the_bank_gave(house: House) -> None:
    early = notice("", 7_000, memo="tra no")
    early.bank_time.FromSeconds(1)
    await house.stub("bank").ReportBankTransfer(early)
    await house.tick(JOB, days=30)
    assert await memos(house) == [("tra no", 7_000)]
