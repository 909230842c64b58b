"""Fakes and small real things for tests: carry out commands in memory, record spans, set the clock, speak gRPC."""

from chassis.testing.memory import At, Memory, carry_out, carry_out_twice

__all__ = ["At", "Memory", "carry_out", "carry_out_twice"]
