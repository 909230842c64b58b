"""The counters as a process: python -m counters <role>."""

from __future__ import annotations

from chassis.roles import main

from counters.bootstrap import service
from counters.speech import METHODS, servicers

if __name__ == "__main__":
    main(service(servicers=servicers, access={name: frozenset({"operator"}) for name in METHODS}))
