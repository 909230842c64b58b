"""The command line: up, down, status, story, clean."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.markup import escape

from laptop import interruption, process, state
from laptop.environment import SERVICES
from laptop.errors import StackError, last_lines, told
from laptop.layout import PARTS, Layout
from laptop.stack import Stack

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Chophien on one machine: real Kafka, PostgreSQL, Zipkin and the four services, on 127.0.0.1 only.",
)
# One line a row for whoever reads us through a pipe.
PIPE_WIDTH = 200
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)

RunDir = Annotated[Path, typer.Option("--run-dir", help="Folder of data, logs, ports and tokens.")]
HERE = Path(".run")
STOP_WAIT_SECONDS_MAX = 90.0


@app.command()
def up(
    split: Annotated[bool, typer.Option("--split", help="One process for each role, as in Kubernetes.")] = False,
    parts: Annotated[str, typer.Option(help="Comma-separated choice of parts.")] = ",".join(PARTS),
    sampling: Annotated[float, typer.Option(min=0, max=1, help="Share of traces that are kept.")] = 1.0,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is up; `down` stops it.")] = False,
    run_dir: RunDir = HERE,
) -> None:
    """Start everything, wait until all answers, and stay until Ctrl-C or `down`."""
    chosen = [part.strip() for part in parts.split(",")]
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    interruption.heed()
    if detach:
        _up_in_background(run_dir)
        return
    stack = Stack(run_dir, split=split, parts=chosen, sampling=sampling, say=_say)
    try:
        with stack:
            _introduce(stack)
            while True:
                stack.check()
                time.sleep(0.5)
    except KeyboardInterrupt:
        console.print(f"stopped; data is kept in {stack.run_dir} (`make clean` removes it)")


def _say(line: str) -> None:
    console.print(f"  {escape(line)}")


def _introduce(stack: Stack) -> None:
    console.print(f"[green]up[/], using {stack.pss_mb():,.0f} MB")
    if "services" in stack.parts:
        console.print("  gRPC      " + "  ".join(f"{service} {stack.target(service)}" for service in SERVICES))
        console.print(f"  tokens    {stack.tokens_file}")
    if "zipkin" in stack.parts:
        console.print(f"  traces    {stack.zipkin_url}/zipkin/")
    console.print(f"  logs      {stack.run_dir / 'logs'}")
    console.print("Ctrl-C or `make down` stops it")


def _up_in_background(run_dir: Path) -> None:
    """Runs the same command without --detach in a session of its own and waits until it is ready."""
    home = run_dir.resolve()
    log_file = home / "logs" / "up.log"
    if owner := state.Ownership(home).owner():  # the log is that one's
        raise StackError(f"{home} is in use by process {owner}; `make down` stops it")
    argv = [sys.executable, "-m", "laptop", *(each for each in sys.argv[1:] if each != "--detach")]
    with told(home):
        log_file.parent.mkdir(parents=True, exist_ok=True)
        log = log_file.open("wb")
    with log:
        keeper = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    stack_file = home / "stack.json"
    try:
        while not (running := state.read_json(stack_file)).get("ready") or running["pid"] != keeper.pid:
            if keeper.poll() is not None:
                raise StackError(f"the stack did not start{last_lines(log_file, 12)}", log_file)
            time.sleep(0.1)
    except KeyboardInterrupt:
        keeper.terminate()
        keeper.wait()
        console.print("stopped")
        raise typer.Exit(130) from None
    console.print(f"[green]up[/] as process {keeper.pid}; `make down` stops it")


@app.command()
def down(run_dir: RunDir = HERE) -> None:
    """Stop what `up` started, wherever it runs, or the demo; data is kept."""
    _end_all(state.homes(run_dir.resolve()))


def _end_all(homes: list[Path]) -> None:
    stopped = [home for home in homes if _end(home)]
    console.print("stopped" if stopped else f"nothing runs from {homes[-1]}")


def _end(home: Path) -> bool:
    """Ends launcher and parts of one run folder; answers whether there were any."""
    owner = state.Ownership(home).owner()
    try:
        if owner:
            launcher = psutil.Process(owner)
            launcher.terminate()
            _, alive = psutil.wait_procs([launcher], timeout=STOP_WAIT_SECONDS_MAX)
            for each in alive:
                each.kill()
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise StackError(f"process {owner}, which runs {home}, is another user's") from None
    return bool(owner) | bool(process.sweep(str(home)))


def _running(run_dir: Path) -> Layout:
    """The stack to look at: the demo in the folder if there is one, else that of the folder itself."""
    homes = state.homes(run_dir.resolve())
    return Layout.attach(next((home for home in homes if state.Ownership(home).owner()), run_dir))


@app.command()
def status(run_dir: RunDir = HERE) -> None:
    """Show each part, outbox age, lag, dead letters, what waits for somebody; exits 1 when something needs a look."""
    from laptop.status import show

    if not show(_running(run_dir), console):
        raise typer.Exit(1)


@app.command()
def story(
    code: Annotated[str, typer.Option(help="Code of an order, parcel or batch, or a text with it.")],
    run_dir: RunDir = HERE,
) -> None:
    """Tell the whole life of an order, parcel or batch from the services' own answers."""
    from laptop.story import tell

    tell(_running(run_dir), code, console)


@app.command()
def clean(run_dir: RunDir = HERE) -> None:
    """Stop everything, a demo, test or bench in the folder too, and remove the folder with all its data."""
    homes = state.all_homes(run_dir.resolve())
    _end_all(homes)
    for home in homes:
        Stack(home).clean()
    console.print(f"removed {run_dir.resolve()}")


def main() -> None:
    """Runs the command line; a failure of the stack is one message on standard error and exit code 1."""
    try:
        app()
    except StackError as error:
        Console(stderr=True, highlight=False).print("[red]error:[/] " + escape(str(error)), soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
