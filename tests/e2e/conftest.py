"""Tells the seeds of the journeys at the end of every run, a green and quiet one too."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each journey that recorded its seed, however it ended."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            seed = dict(getattr(report, "user_properties", ())).get("seed")
            if seed is not None and report.when == "call":
                terminalreporter.write_line(f"seed {seed}: {report.nodeid} {report.outcome}")
