"""Random days: whatever sellers, partners, buyers, operators and the weather do, the invariants hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from shipping.app import commands
from shipping.domain import events, feed
from shipping.domain.batch import ENDED, FINISHED, Batch, BatchState
from shipping.domain.closure import Closure
from shipping.domain.line import Line, LineState, line_id
from shipping.domain.parcel import Parcel
from shipping.domain.parcel_steps import ENDS, MOVES, ScanKind
from shipping.domain.tender import Tender, TenderState

POINTS = ("pp-binh-lu-zone", "pp-hamlet", "pp-ban-bo")
SCANS = [kind for kind in ScanKind if kind is not ScanKind.UNKNOWN]
COLLECTING = (BatchState.ACCEPTED, BatchState.COLLECTING)


class Day(RuleBasedStateMachine):
    """One day of a small valley; `make` is set by the test, for a machine takes no arguments."""

    make: Callable[[], Any]

    def __init__(self) -> None:
        super().__init__()
        self.yard = type(self).make()
        self.scanned = 0

    def some(self, data: Any, kind: type, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        found = sorted((one for one in self.yard.memory.all(kind) if wanted(one)), key=lambda one: one.id)
        return data.draw(st.sampled_from(found)) if found else None

    @rule(point=st.sampled_from(POINTS), number=st.integers(1, 4))
    def pack(self, point: str, number: int) -> None:
        self.yard.packed(number, point)

    @rule(point=st.sampled_from(POINTS))
    def confirm(self, point: str) -> None:
        self.yard.confirm(point=point)

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.yard.later(minutes=minutes)
        self.yard.expire()
        self.yard.apply_closures()

    @rule(area=st.sampled_from(["hub-sa-pa", "hub-lai-chau"]), take_all=st.booleans())
    def wave(self, area: str, take_all: bool) -> None:
        self.yard.later(minutes=1)
        self.yard.expire()
        self.yard.plan(area, take_all=take_all)

    @rule(data=st.data(), some_refused=st.booleans())
    def accept(self, data: Any, some_refused: bool) -> None:
        batch = self.some(data, Batch, lambda b: b.state is BatchState.TENDERED and bool(b.stops))
        if batch is not None:
            refused = batch.parcel_ids[:1] if some_refused and len(batch.parcel_ids) > 1 else ()
            self.yard.accept(batch, batch.partner_id, refused)

    @rule(data=st.data())
    def decline(self, data: Any) -> None:
        tender = self.some(data, Tender, lambda t: t.state is TenderState.OFFERED)
        if tender is not None:
            command = commands.DeclineTender(
                tender_id=tender.id,
                batch_id=tender.batch_id,
                partner_id=tender.partner_id,
                reason="NO_DRIVER",
                parcel_ids=self.yard.batch(tender.batch_id).parcel_ids,
                next_tender_id=f"{tender.id}-next",
            )
            self.yard.twice(command)

    @rule(data=st.data(), finish=st.booleans())
    def report(self, data: Any, finish: bool) -> None:
        batch = self.some(data, Batch, self.may_be_reported)
        if batch is None:
            return
        self.yard.drop_cancelled()
        batch = self.yard.batch(batch.id)
        if not self.may_be_reported(batch):
            return
        ids = list(batch.parcel_ids)
        picked = data.draw(st.sets(st.sampled_from(ids)))
        missed = set(ids) - picked if finish else data.draw(st.sets(st.sampled_from(ids))) - picked
        handed_over = finish and data.draw(st.booleans())
        already = {line.parcel_id for line in self.yard.memory.all(Line) if line.batch_id == batch.id and not line.live}
        will_carry = any(self.line(batch, id).state is LineState.PICKED for id in ids) or bool(picked - already)
        self.yard.report(
            batch,
            sorted(picked),
            sorted(missed),
            finished=finish,
            handed_over=handed_over and will_carry,
            partner=batch.partner_id,
        )

    def may_be_reported(self, batch: Batch) -> bool:
        return bool(batch.stops) and batch.state in (*COLLECTING, *FINISHED)

    def was_taken(self, line: Line) -> bool:
        return line.state is not LineState.REFUSED and bool(self.yard.batch(line.batch_id).was_taken)

    @rule(hours=st.integers(0, 6))
    def lapse(self, hours: int) -> None:
        self.yard.later(hours=hours)
        self.yard.expire()
        self.yard.lapse()

    def line(self, batch: Batch, parcel_id: str) -> Line:
        found: Line = self.yard.memory.get(Line, line_id(batch.id, parcel_id))
        return found

    @rule(data=st.data(), kind=st.sampled_from(SCANS), hours=st.integers(0, 5), times=st.integers(1, 3))
    def scan(self, data: Any, kind: ScanKind, hours: int, times: int) -> None:
        line = self.some(data, Line, self.was_taken)
        if line is None:
            return
        self.scanned += 1
        run = {"batch_id": line.batch_id, "partner_id": self.yard.batch(line.batch_id).partner_id}
        at = self.yard.now - timedelta(hours=hours)
        command = self.yard.scan_command(line.parcel_id, kind, at, f"scan-{self.scanned}", **run)
        for _ in range(times):
            self.yard.do(command)

    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        parcel = self.some(data, Parcel)
        if parcel is not None:
            command = commands.CancelParcels(
                order_id=parcel.order_id, parcel_ids=(parcel.id,), reason="BUYER_CANCELLED"
            )
            self.yard.twice(command)

    @rule(hours=st.integers(1, 5))
    def close(self, hours: int) -> None:
        self.yard.close_road(hours=hours)

    @rule(hours=st.integers(1, 5), commune=st.sampled_from(["03390", "03424"]))
    def close_commune(self, hours: int, commune: str) -> None:
        self.yard.close_road(hours=hours, road_id="", commune_code=commune)

    @precondition(lambda self: any(True for _ in self.yard.memory.all(Closure)))
    @rule(data=st.data())
    def lift(self, data: Any) -> None:
        closure = self.some(data, Closure)
        self.yard.twice(commands.LiftClosure(closure_id=closure.id, officers_commune_code=""))

    @precondition(lambda self: any(True for _ in self.yard.memory.all(Batch)))
    @rule()
    def drop(self) -> None:
        self.yard.drop_cancelled()

    @invariant()
    def a_parcel_is_on_at_most_one_live_run(self) -> None:
        live = Counter(line.parcel_id for line in self.yard.memory.all(Line) if line.live)
        assert all(count == 1 for count in live.values())
        for line in self.yard.memory.all(Line):
            assert not (line.live and self.yard.batch(line.batch_id).state in ENDED)

    @invariant()
    def picked_and_missed_make_the_manifest(self) -> None:
        for batch in self.yard.memory.all(Batch):
            states = Counter(self.line(batch, id).state for id in batch.parcel_ids)
            picked, missed = states[LineState.PICKED], states[LineState.MISSED] + states[LineState.LAPSED]
            assert (batch.parcels_picked, batch.parcels_missed) == (picked, missed)
            if batch.state in FINISHED:
                assert picked + missed == len(batch.parcel_ids)
                assert (batch.state is BatchState.FAILED) == (picked == 0)

    @invariant()
    def a_parcel_ends_as_the_weightiest_of_its_scans(self) -> None:
        for parcel in self.yard.memory.all(Parcel):
            moves = [MOVES[ScanKind(step.kind)] for step in parcel.history if step.scan_id]
            ends = [state for state in moves if state in ENDS]
            assert not ends or parcel.state is max(ends, key=ENDS.__getitem__)
            assert not moves or parcel.state in moves, "also of a parcel that was called off"

    @invariant()
    def a_final_state_is_said_once(self) -> None:
        last = (events.ParcelDelivered, events.ParcelReturned, events.ParcelLost, events.ParcelCancelled)
        said = Counter((at.aggregate_id, type(at.fact)) for at in self.yard.memory.said if isinstance(at.fact, last))
        assert all(count == 1 for count in said.values())

    @invariant()
    def attempts_count_the_misses(self) -> None:
        missed = Counter(at.aggregate_id for at in self.yard.memory.said if isinstance(at.fact, events.PickupFailed))
        assert all(parcel.attempt == missed[parcel.id] + 1 for parcel in self.yard.memory.all(Parcel))

    @invariant()
    def an_order_is_offered_to_one_partner_at_a_time(self) -> None:
        offered = Counter(t.batch_id for t in self.yard.memory.all(Tender) if t.state is TenderState.OFFERED)
        assert all(count == 1 for count in offered.values())

    @invariant()
    def facts_are_numbered_without_gaps(self) -> None:
        for kind in (events.ParcelFact, events.BatchFact, feed.FeedFact):
            numbers: dict[str, list[int]] = {}
            for at in self.yard.memory.said:
                if isinstance(at.fact, kind):
                    numbers.setdefault(at.aggregate_id, []).append(at.fact.number)
            assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())

    @invariant()
    def histories_are_in_order(self) -> None:
        for parcel in self.yard.memory.all(Parcel):
            times = [(step.time, step.scan_id) for step in parcel.history]
            assert times == sorted(times)


@pytest.mark.parametrize("collectors", [1, 2])
def test_random_days_hold_every_invariant(new_yard: Callable[[], Any], collectors: int) -> None:
    def make() -> Any:
        yard = new_yard()
        if collectors == 2:
            yard.two_collectors()
        return yard

    machine = type("DayOfCollectors", (Day,), {"make": staticmethod(make)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
