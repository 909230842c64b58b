"""An actor does not outlive the launcher of its stack, not even in the middle of a turn."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

LAUNCHER = """
import asyncio, sys
from pathlib import Path
from laptop.stack import Stack
from simulation.performance import SERVICES, marks, make_stage
from simulation.playing import Play, start_actors
from simulation.script import binh_lu

async def busy(stack, script):
    nowhere = {service: "127.0.0.1:1" for service in SERVICES}
    play = Play("binh_lu", 1, nowhere, "127.0.0.1:1", str(stack.tokens_file), 300.0)
    sellers, *_ = await start_actors(stack.run_dir / "actors", play, marks(stack))
    turn = asyncio.ensure_future(sellers.turn(script.opening))
    await asyncio.sleep(3)  # The sellers have imported what they need, and call and call where nobody is.
    print(sellers.pid, turn.done(), flush=True)
    await turn

script = binh_lu(1)
make_stage(Path(sys.argv[1]), script)
with Stack(sys.argv[1], parts=()) as stack:
    asyncio.run(busy(stack, script))
"""
SECONDS_MAX = 20


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    argv = (sys.executable, "-c", LAUNCHER, str(tmp_path / "run"))
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def test_a_killed_launcher_leaves_no_actor_behind(launcher: subprocess.Popen[str]) -> None:
    assert launcher.stdout is not None
    pid, turn_is_over = launcher.stdout.readline().split()
    assert turn_is_over == "False"
    launcher.send_signal(signal.SIGKILL)
    launcher.wait()
    _, alive = psutil.wait_procs([psutil.Process(int(pid))], timeout=SECONDS_MAX)
    for actor in alive:
        actor.kill()
    assert alive == []
