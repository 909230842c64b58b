"""`python -m bench.planner.hindsight` betters the store of best known plans: many starts that know the whole future."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from bench.planner.contest import PROCESSES, ground_of, step_back
from bench.planner.families import FAMILIES
from bench.planner.ladder import HINDSIGHT, make_hindsight
from bench.planner.progress import Progress
from bench.planner.simulate import Outcome, replay
from bench.planner.store import Store

STARTS = 10
"""With fewer starts than that nothing is said about convergence."""
REST_BUDGET_S = 0.1
"""CPU seconds a wave for what the routes of the whole future leave over."""

Job = tuple[str, int, int, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """`--starts` single starts an instance, then as many again: if that helps little, best known is converged."""
    stated = argparse.ArgumentParser(prog="bench.planner.hindsight", description=__doc__)
    stated.add_argument("--families", nargs="+", required=True, choices=sorted(FAMILIES))
    stated.add_argument("--seeds", type=int, default=20)
    stated.add_argument("--starts", type=int, default=STARTS)
    stated.add_argument("--cpu", type=float, default=20.0, help="CPU seconds of each start")
    stated.add_argument("--minutes", type=float, default=60.0)
    options = stated.parse_args(arguments)
    pairs = [(family, seed) for seed in range(options.seeds) for family in options.families]
    jobs = [(f, s, start, options.cpu) for f, s in pairs for start in range(2 * options.starts)]
    fill(jobs, options.starts, time.monotonic() + 60 * options.minutes)
    return 0


def fill(jobs: Sequence[Job], starts: int, until: float) -> None:
    """Run the starts and keep what is better; best known after `starts` and after twice as many is noted."""
    store, queue, done = Store(), iter(jobs), Counter[tuple[str, int]]()
    with Progress(len(jobs)) as progress, ProcessPoolExecutor(PROCESSES, initializer=step_back) as pool:
        for job, outcome in _finished(pool, queue, until):
            family, seed, _, _ = job
            ground = ground_of(family, seed, REST_BUDGET_S)
            done[family, seed] += 1
            better, runs = store.offer(ground, outcome, HINDSIGHT), done[family, seed]
            if starts >= STARTS and runs in (starts, 2 * starts):
                store.note_effort(ground, str(runs // starts))
            if better or runs % starts == 0:
                store.save()
            progress.step(f"{family}/{seed}")


def start(job: Job) -> tuple[Job, Outcome]:
    """One start: another fleet mix and another seed of the search every time, mostly from the best plan so far."""
    family, seed, number, cpu_s = job
    ground = ground_of(family, seed, REST_BUDGET_S)
    return job, replay(ground, make_hindsight(ground, cpu_s, number, Store().best(ground)))


def _finished(pool: ProcessPoolExecutor, queue: Iterator[Job], until: float) -> Iterator[tuple[Job, Outcome]]:
    running = set[Future[tuple[Job, Outcome]]]()
    while True:
        while len(running) < PROCESSES and time.monotonic() < until and (job := next(queue, None)):
            running.add(pool.submit(start, job))
        if not running:
            return
        finished, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (one.result() for one in finished)


if __name__ == "__main__":
    sys.exit(main())
