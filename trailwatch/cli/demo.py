"""The product on sample logs, and the generator that made them."""

from __future__ import annotations

import shlex
import shutil
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from trailwatch.cli import options, output


def demo(
    date: Annotated[str, typer.Option("--date", help="The day to print.")] = "2026-07-28",
    keep: Annotated[str | None, typer.Option(help="Keep the store in this folder.")] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Run everything on the sample logs in a temporary store, print one digest, and write its page."""
    from trailwatch import api
    from trailwatch.simulate import EXPORTED

    logs = api.sample_logs()
    folder = Path(keep) if keep else Path(tempfile.mkdtemp(prefix="trailwatch-demo-"))
    trail = api.open(str(folder / "store"), config=str(logs / "trailwatch.toml"), create=True)
    progress = output.progress(quiet=quiet)
    account = trail.ingest(str(logs), progress=progress)
    output.say(account.text())
    output.say(trail.snapshot(str(logs / "iam"), taken=EXPORTED, progress=progress).text())
    output.say(trail.settle(progress=progress).text())
    page = trail.digest(date, progress=progress)
    output.write(page.render("text"), None)
    target = folder / f"digest-{page.date}.html"
    output.write(trail.page(page), str(target))
    shutil.copy(logs / "trailwatch.toml", folder / "trailwatch.toml")
    places = f"--store {shlex.quote(str(folder / 'store'))} --config {shlex.quote(str(folder / 'trailwatch.toml'))}"
    output.say(NEXT.format(program=_program(), places=places))
    if show:
        webbrowser.open(target.as_uri())


def simulate(
    folder: Annotated[str, typer.Argument(help="Where to write the logs.")],
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 7,
    days: Annotated[int, typer.Option(help="Dense days at the end.")] = 75,
    scale: Annotated[float, typer.Option(help="How many times the usual number of events.")] = 1.0,
) -> None:
    """Write the logs of an invented organization, in the key layout of a real trail."""
    from trailwatch import simulate as generator

    made = generator.write(Path(folder), seed=seed, days=days, scale=scale)
    output.write(f"{made.events} events in {made.objects} objects under {folder}", None)


def _program() -> str:
    # The command as it can be typed here: it may stand in an environment that is not active.
    if shutil.which("trailwatch"):
        return "trailwatch"
    called = Path(sys.argv[0])
    return shlex.quote(sys.argv[0]) if called.name == "trailwatch" else f"{shlex.quote(sys.executable)} -m trailwatch"


NEXT = """
Try next:
  {program} digest --date 2026-08-04 {places}
  {program} show alice@example.com {places}
  {program} sql "select person, count(*) as events from events group by all order by events desc limit 10" {places}
  {program} ingest s3://YOUR-BUCKET/PREFIX && {program} run"""
