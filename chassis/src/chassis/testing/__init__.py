"""Fakes and small real things for tests: commands in memory, a clock moved by hand, recorded spans, a served socket."""

from chassis.testing.clocks import HandClock
from chassis.testing.eventually import eventually
from chassis.testing.memory import At, Memory, carry_out, carry_out_twice

__all__ = ["At", "HandClock", "Memory", "carry_out", "carry_out_twice", "eventually"]
