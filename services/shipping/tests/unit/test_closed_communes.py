"""A commune that is closed: its stops leave runs that have not begun; and closures that are lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from chassis.kernel import NotFound
from shipping.app import commands
from shipping.domain.batch import BatchState
from shipping.domain.calendar import Timetable
from shipping.domain.closure import Closure
from shipping.domain.errors import NotYourCommune
from shipping.domain.line import LineState
from shipping.domain.parcel_steps import ParcelState, ScanKind
from shipping.domain.profile import Network, Profile, Way
from shipping.domain.tender import TenderState

Yard = Any


def close_commune(yard: Yard, hours: float = 24, **changes: Any) -> str:
    closure: str = yard.close_road(hours, road_id="", commune_code="03390", **changes)
    return closure


def lift(yard: Yard, closure_id: str, officer: str = "") -> Any:
    return yard.twice(commands.LiftClosure(closure_id=closure_id, officers_commune_code=officer)).reply


@pytest.mark.parametrize("accepted", [False, True])
def test_a_run_in_a_commune_that_closes_gives_its_parcels_back(yard: Yard, accepted: bool) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    if accepted:
        yard.accept(batch)
    close_commune(yard, hours=2)
    assert yard.batch(batch.id).state is BatchState.WITHDRAWN
    assert yard.said(batch.id)[-3:] == ["RunParcelCancelled", "RunParcelCancelled", "TenderClosed"]
    assert yard.tender(batch).state is (TenderState.ACCEPTED if accepted else TenderState.WITHDRAWN)
    assert {(yard.line(batch, id).state, yard.line(batch, id).reason) for id in ids} == {
        (LineState.CANCELLED, "COMMUNE_CLOSED")
    }
    yard.later(hours=2)
    (again,) = yard.plan()
    assert set(again.parcel_ids) == set(ids) and yard.parcel(ids[0]).state is ParcelState.READY


def test_a_mixed_run_keeps_its_stops_in_the_commune_that_stays_open(yard: Yard) -> None:
    closed, stays = yard.packed(1), yard.packed(1, "pp-hamlet")
    (batch,) = yard.plan()
    here = next(stop for stop in batch.stops if stop.parcel_ids == tuple(closed))
    close_commune(yard, from_time=here.arrive_time, to_time=here.leave_time)
    left = yard.batch(batch.id)
    assert left.parcel_ids == tuple(stays) and left.manifest_hash != batch.manifest_hash
    assert yard.accept(batch).reply.parcel_ids == tuple(stays)


def test_a_driver_who_collected_in_a_closed_commune_is_believed_by_his_scans(yard: Yard) -> None:
    closed, _ = yard.packed(1), yard.packed(1, "pp-hamlet")
    (first,) = yard.plan()
    yard.accept(first)
    here = next(stop for stop in first.stops if stop.parcel_ids == tuple(closed))
    close_commune(yard, from_time=here.arrive_time, to_time=here.leave_time)
    assert yard.report(first, closed).outcomes == ((closed[0], "cancelled"),)
    yard.now = here.leave_time
    (second,) = yard.plan()
    yard.do(yard.scan_command(closed[0], ScanKind.IN_TRANSIT, yard.now, "s1", batch_id=first.id))
    yard.drop_cancelled()
    assert yard.line(second, closed[0]).reason == "COLLECTED_BEFORE"
    assert yard.parcel(closed[0]).batch_id == first.id


def test_a_closure_after_the_stops_or_over_a_run_under_way_takes_nothing_out(yard: Yard) -> None:
    ids = yard.packed(2)
    (batch,) = yard.plan()
    yard.accept(batch)
    last = batch.stops[-1].leave_time + timedelta(minutes=1)
    close_commune(yard, from_time=last, to_time=last + timedelta(hours=1))
    yard.report(batch, ids[:1])
    close_commune(yard)
    assert yard.batch(batch.id).parcel_ids == batch.parcel_ids


def test_a_stop_the_vehicle_should_have_left_is_not_taken_out(yard: Yard) -> None:
    """The courier may have been there, and have no line to say so."""
    yard.packed(1)
    (batch,) = yard.plan()
    yard.accept(batch)
    yard.now = batch.stops[0].leave_time + timedelta(minutes=5)
    close_commune(yard)
    assert yard.batch(batch.id).state is BatchState.ACCEPTED


def test_a_lifted_closure_holds_no_longer(yard: Yard) -> None:
    closure_id = close_commune(yard)
    yard.packed(1)
    assert yard.plan() == []
    yard.later(minutes=5)
    assert lift(yard, closure_id).to_time == yard.now
    assert len(yard.plan()) == 1
    yard.later(hours=1)
    assert lift(yard, closure_id).to_time < yard.now, "lifting again is no news"


def test_a_closure_that_has_not_begun_never_does(yard: Yard) -> None:
    start = yard.now + timedelta(hours=1)
    closure_id = close_commune(yard, from_time=start, to_time=start + timedelta(hours=5))
    lift(yard, closure_id)
    assert not yard.memory.get(Closure, closure_id).overlaps(yard.now, start + timedelta(hours=9))


def test_an_officer_lifts_their_own_communes_closures_only(yard: Yard) -> None:
    commune, road = close_commune(yard), yard.close_road()
    with pytest.raises(NotYourCommune):
        lift(yard, commune, "03424")
    with pytest.raises(NotYourCommune):
        lift(yard, road, "03598")
    assert lift(yard, commune, "03390") and lift(yard, road, "03424")
    with pytest.raises(NotFound):
        lift(yard, "CL-none")


def test_a_promise_counts_on_no_wave_while_its_commune_is_closed(yard: Yard) -> None:
    """R47, R93: four days from Wednesday on leave Monday's first wave."""
    yard.at("09:00")
    close_commune(yard, hours=96)
    made = yard.parcel(yard.confirm()).promise
    assert (f"{made.first_wave_time:%d %H:%M}", made.bound_by) == ("09 02:30", "COMMUNE_SCHEDULE")
    assert made.handover_deadline_time.date() == made.first_wave_time.date()
    elsewhere = yard.parcel(yard.confirm(point="pp-ban-bo")).promise
    assert f"{elsewhere.handover_deadline_time:%d}" == "04"


@pytest.mark.parametrize(
    ("closed", "opened", "day"),
    [("16:00", "18:00", "04"), ("08:00", "17:00", "04"), ("12:00", "20:00", "05"), ("15:00", "20:59", "05")],
    ids=["in the evening", "until the afternoon", "until late", "before anybody could be there"],
)
def test_hours_that_leave_time_for_a_run_break_no_promise(yard: Yard, closed: str, opened: str, day: str) -> None:
    yard.at(closed)
    from_time = yard.now
    yard.at(opened)
    to_time = yard.now
    yard.at("11:00")
    close_commune(yard, from_time=from_time, to_time=to_time)
    assert f"{yard.parcel(yard.confirm()).promise.handover_deadline_time:%d}" == day


def test_closed_roads_break_the_promise_where_they_are_all_there_is(yard: Yard) -> None:
    own = {
        "03390": Profile("03390", (Way("hub-sa-pa", "o-quy-ho"),), Timetable((time(9, 30),), frozenset(range(7))), 30)
    }
    network = Network(yard.world.units, yard.world.network.hubs, own, own["03390"], yard.world.network.roads)
    yard.at("08:00")
    yard.close_road(hours=24)
    assert f"{yard.parcel(yard.confirm()).promise.first_wave_time:%d}" == "04", "there is another way"
    yard.world = replace(yard.world, network=network)
    yard.employ()
    assert f"{yard.parcel(yard.confirm()).promise.first_wave_time:%d}" == "05"


@pytest.mark.parametrize("planned", [True, False], ids=["on a run", "waiting"])
def test_a_closure_makes_the_promises_it_breaks_anew(yard: Yard, planned: bool) -> None:
    """R93: the buyer hears of it once, and whoever waited in vain rides first."""
    ids = yard.packed(2)
    if planned:
        yard.at("14:45")
        (batch,) = yard.plan()
        yard.accept(batch)
    close_commune(yard, hours=96)
    yard.apply_closures()
    for parcel in map(yard.parcel, ids):
        assert yard.said(parcel.id)[-2:] == ["ParcelReady", "PromiseMade"]
        assert f"{parcel.promise.handover_deadline_time:%d} {parcel.promise.planned_by_time:%d}" == "09 04"


def test_a_parcel_that_a_wave_took_meanwhile_keeps_its_promise(yard: Yard) -> None:
    (id,) = yard.packed(1)
    waited = yard.parcel(id).version
    yard.plan()
    yard.memory.put(Closure(id="CL-1", commune_code="03390", from_time=yard.now, to_time=yard.now + timedelta(days=4)))
    yard.do(commands.MakePromise(parcel_id=id, version=waited))
    assert yard.said(id)[-1] == "ParcelReady"


def test_where_it_stays_closed_for_too_long_nothing_is_promised(yard: Yard) -> None:
    id = yard.confirm()
    close_commune(yard, hours=24 * 90)
    assert yard.said(id) == ["ParcelCreated", "PromiseMade"], "what was promised stays: nothing better is known"
    assert yard.parcel(yard.confirm()).reason == "NO_PARTNER"
