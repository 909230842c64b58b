"""Lets every policy replay the same instances, on two processes, and remembers what was run with these very sources."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import msgspec
from shipping.domain import planning

from bench.planner.families import FAMILIES
from bench.planner.ladder import make_policy
from bench.planner.roads import Ground
from bench.planner.simulate import Outcome, replay

PROCESSES = 2
CACHE = Path(".run/bench/planner-replays.json")
COMMUNE_BUDGET_S = 0.5
PROVINCE, PROVINCE_POLICIES = "C", ("take_all", "ours")
"""The province runs one seed, and only with these: a wave of it is as large as 38 communes."""
DECIDING = "instance draws region families geography roads driving ends simulate asking foresight horizon ladder"
"""The files of this bench that decide what a replay comes to."""


@dataclass(frozen=True, slots=True)
class Task:
    """One replay: a family's seed, CPU seconds a wave, a policy."""

    family: str
    seed: int
    budget: float
    policy: str

    @property
    def key(self) -> str:
        """Names the task among all that were run with the same sources."""
        return f"{self.family}/{self.seed}/{self.budget:g}/{self.policy}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one replay came to."""

    late: int
    born_late: int
    money: float
    bill: float
    wait_h: float
    runs: int
    solo: int
    missed: int
    parcels: int
    cpu_s: float
    wave_cpu_s_max: float
    mended: int


def run_task(task: Task) -> tuple[Task, Figures, Outcome]:
    """Replay one instance with one policy."""
    ground = ground_of(task.family, task.seed, task.budget)
    policy = make_policy(task.policy, ground)
    outcome = replay(ground, policy)
    return task, figures(outcome, policy.mended), outcome


@cache
def ground_of(family: str, seed: int, budget: float) -> Ground:
    """The instance of a family's seed with a budget; the seed of the search is the family's seed."""
    return Ground(msgspec.structs.replace(FAMILIES[family](seed), budget=budget, seed=seed))


def figures(outcome: Outcome, mended: int) -> Figures:
    """The numbers of an outcome, without its runs."""
    stated = {name: getattr(outcome, name) for name in Figures.__slots__ if name != "mended"}
    return Figures(**stated, mended=mended)


def run_all(
    tasks: Iterable[Task], until: float, done: Callable[[Task, Figures, Outcome], None], processes: int = PROCESSES
) -> None:
    """Run tasks in their order until `time.monotonic()` passes `until`; what is begun is finished."""
    queue, running = iter(tasks), set[Future[tuple[Task, Figures, Outcome]]]()
    with ProcessPoolExecutor(processes, initializer=step_back) as pool:
        more = True
        while more or running:
            while more and len(running) < processes and time.monotonic() < until:
                task = next(queue, None)
                if task is None:
                    more = False
                else:
                    running.add(pool.submit(run_task, task))
            more = more and time.monotonic() < until
            finished, running = wait(running, return_when=FIRST_COMPLETED) if running else (set(), set())
            for one in finished:
                done(*one.result())


def step_back() -> None:
    """Leave the machine to whoever else needs it: budgets count CPU seconds, not the clock."""
    os.nice(10)


class Remembered:
    """Replays that were already run; forgotten as soon as any source of the planner or of this bench changes."""

    def __init__(self, path: Path = CACHE) -> None:
        self.path, self.sources = path, sources()
        self.rows = self._stored()

    def _stored(self) -> dict[str, dict[str, float]]:
        stored = json.loads(self.path.read_text()) if self.path.exists() else {}
        rows: dict[str, dict[str, float]] = stored.get("rows", {}) if stored.get("sources") == self.sources else {}
        return rows

    def get(self, task: Task) -> Figures | None:
        """The figures of a task, if it was run."""
        row = self.rows.get(task.key)
        return Figures(**row) if row else None  # type: ignore[arg-type]

    def put(self, task: Task, found: Figures) -> None:
        """Remember, and write at once: a bench may be stopped at any time, and another may write beside it."""
        self.rows = self._stored() | self.rows | {task.key: asdict(found)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"sources": self.sources, "rows": self.rows}))
        fresh.replace(self.path)


def sources() -> str:
    """Names the sources that decide what a replay comes to."""
    files = [Path(__file__).with_name(f"{name}.py") for name in DECIDING.split()]
    files += sorted(Path(planning.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def in_rounds(
    families: Sequence[str], seeds: int, budgets: Mapping[str, Sequence[float]], policies: Sequence[str]
) -> Iterator[Task]:
    """Seed by seed over all families, so that whenever time is up every family has as many seeds as any other."""
    for seed in range(seeds):
        for family in families:
            if family == PROVINCE and seed:
                continue
            for budget in budgets.get(family, (COMMUNE_BUDGET_S,)):
                for policy in policies:
                    if family != PROVINCE or policy in PROVINCE_POLICIES:
                        yield Task(family, seed, budget, policy)
