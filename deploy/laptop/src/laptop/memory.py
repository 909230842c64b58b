"""Samples how much memory the launcher and everything below it use, and remembers the peak."""

from __future__ import annotations

import threading

import psutil

from laptop.process import pss_mb


class MemorySampler:
    """A background thread that measures every few seconds; the measure costs some milliseconds a process."""

    def __init__(self, interval_seconds: float) -> None:
        self.peak_mb = 0.0
        self._interval_seconds = interval_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-sampler", daemon=True)

    def start(self) -> None:
        """Begins to measure."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; harmless when it never ran."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def sample(self) -> float:
        """PSS in MB, now, of this process and all below it."""
        now_mb = pss_mb([psutil.Process()])
        self.peak_mb = max(self.peak_mb, now_mb)
        return now_mb

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_seconds):
            self.sample()
