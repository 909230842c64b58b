"""Names and settings of the simple dispatch rules."""

from __future__ import annotations

from dataclasses import dataclass

RULES = ("greedy", "lazy", "take_all", "timetable", "quantity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A dispatch rule. Everything that must go always goes; the rule says what goes with it.

    "greedy": everything that is ready. "lazy": nothing else. "take_all": nothing until something must go, then all.
    "timetable": all at fixed times, `hours` seconds after midnight in the zone of the wave's instants, plus take_all.
    "quantity": all as soon as `fill_permille` of the smallest vehicle is there, plus take_all.
    """

    name: str = "take_all"
    hours: tuple[int, ...] = (36_000, 57_600)
    fill_permille: int = 1000

    def __post_init__(self) -> None:
        """A name that is no rule is a programming error."""
        assert self.name in RULES, self.name
