"""The in-memory dispatcher that services' unit tests stand on."""

from dataclasses import dataclass, replace

import pytest
from chassis.kernel import NOTHING, Aggregate, Handler, Handlers, Key, Loaded, Moment, NotFound, Outcome, said
from chassis.testing import At, Memory, carry_out, carry_out_twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Door(Aggregate):
    open: bool = False


@dataclass(frozen=True)
class Open:
    door_id: str


@dataclass(frozen=True)
class Knock:
    door_id: str
    named: bool = True


@dataclass(frozen=True)
class Said:
    what: str


def _open(command: Open, loaded: Loaded, _moment: Moment) -> Outcome:
    door = loaded.require(Door, command.door_id)
    return NOTHING if door.open else said(replace(door, open=True), Said("creak"), Said("bang"), reply="in")


def _knock(command: Knock, loaded: Loaded, _moment: Moment) -> Outcome:
    return said(loaded.get(Door, command.door_id) or Door(id=command.door_id), Said("knock"))


HANDLERS: Handlers = {
    Open: Handler(_open, lambda c: [Key(Door, c.door_id)]),
    Knock: Handler(_knock, lambda c: [Key(Door, c.door_id)] if c.named else []),
}


def test_facts_get_consecutive_versions_of_their_aggregate() -> None:
    memory = Memory().put(Door(id="d", version=3))
    assert carry_out(HANDLERS, memory, Open("d")).reply == "in"
    assert memory.said == [At("d", 4, Said("creak")), At("d", 5, Said("bang"))]
    assert memory.get(Door, "d").version == 5


def test_running_twice_is_held_to_change_nothing() -> None:
    assert carry_out_twice(HANDLERS, Memory().put(Door(id="d")), Open("d")).reply == "in"
    with pytest.raises(AssertionError, match="Knock said again: Said"):
        carry_out_twice(HANDLERS, Memory(), Knock("d"))


def test_a_refusal_leaves_no_trace() -> None:
    memory = Memory()
    with pytest.raises(NotFound):
        carry_out(HANDLERS, memory, Open("d"))
    assert memory == Memory()


def test_changing_what_was_not_named_is_caught() -> None:
    with pytest.raises(AssertionError, match="did not name"):
        carry_out(HANDLERS, Memory(), Knock("d", named=False))
