"""Starts the actors of a play and runs one actor's process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from simulation.actor import Actor, Stage, play
from simulation.conductor import Puppet
from simulation.line import Line
from simulation.script import SCENARIOS, Script
from simulation.spool import Spool

ACTORS = ("sellers", "buyers", "bank", "partner-a", "partner-b", "operations")


@dataclass(frozen=True)
class Play:
    """What the actors' processes are told; kept in <folder>/play.json. Secrets stay in the tokens file."""

    scenario: str
    seed: int
    targets: Mapping[str, str]
    kafka_bootstrap: str
    tokens_file: str
    patience_seconds: float

    @property
    def script(self) -> Script:
        """The script, drawn again from its seed."""
        return SCENARIOS[self.scenario](self.seed)


async def start_actors(folder: Path, play_: Play, env: Mapping[str, str]) -> list[Puppet]:
    """One process for each actor, with `env` besides ours; what they saw goes to <folder>/<actor>.jsonl."""
    (folder / "world").mkdir(parents=True, exist_ok=True)
    (folder / "play.json").write_text(json.dumps(asdict(play_), indent=1))
    return [await Puppet.start(name, folder, env) for name in ACTORS]


def run_actor(name: str, folder: Path) -> None:
    """The life of one actor's process."""
    play_ = Play(**json.loads((folder / "play.json").read_text()))
    entries = json.loads(Path(play_.tokens_file).read_text())["tokens"]
    tokens = {entry["identity"]: entry["token"] for entry in entries}
    make = _maker(name)

    async def live() -> None:
        journal = Spool(folder / f"{name}.jsonl")
        line = Line(play_.targets, tokens, journal, play_.patience_seconds)
        await play(make(Stage(name, play_.script, line, folder, play_.kafka_bootstrap)))

    asyncio.run(live())


def _maker(name: str) -> Callable[[Stage], Actor]:
    """The actor's class; imported late, so that each process holds only what it needs."""
    if name == "sellers":
        from simulation.actors.sellers import Sellers

        return Sellers
    if name == "buyers":
        from simulation.actors.buyers import Buyers

        return Buyers
    if name == "bank":
        from simulation.actors.bank import Bank

        return Bank
    if name == "operations":
        from simulation.actors.operations import Operations

        return Operations
    from simulation.actors.partner import Partner

    return lambda stage: Partner(stage, name)
