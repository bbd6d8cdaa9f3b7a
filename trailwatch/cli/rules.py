"""The detections: which there are, what one says, and whether one's own hold the laws."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from trailwatch.cli import options, output

app = typer.Typer(no_args_is_help=True, help="List, show, write, check and try detections.")


@app.command("list")
def list_rules(config: options.ConfigFile = None) -> None:
    """Print every detection with its severity, practices and title."""
    from trailwatch import config as configuration
    from trailwatch.detect import catalogue

    found = catalogue.load(configuration.load(config))
    width = max(len(rule.id) for rule in found.detections)
    lines = [
        f"{rule.id:<{width}}  {rule.severity:<8}  {','.join(rule.practices):<28}  {rule.title}"
        for rule in sorted(found.detections, key=lambda rule: rule.id)
    ]
    output.write("\n".join(lines), None)
    for broken in found.broken:
        output.say(f"not usable: {broken.path}: {broken.error}")


@app.command()
def show(
    rule: Annotated[str, typer.Argument(help="The id of a detection.")], config: options.ConfigFile = None
) -> None:
    """Print a detection's file."""
    from trailwatch import config as configuration
    from trailwatch.detect import catalogue

    output.write(catalogue.source(rule, configuration.load(config)), None)


@app.command()
def check(
    path: Annotated[str, typer.Argument(help="A file or a folder of detections.")], config: options.ConfigFile = None
) -> None:
    """Check detections against the laws and run their cases; each mistake is named with its line and column."""
    from trailwatch import config as configuration
    from trailwatch.detect import catalogue
    from trailwatch.detect.check import check as check_path

    known = catalogue.load(configuration.load(config), checked=False)
    problems = check_path(path, others=(*known.detections, *known.off))
    if not problems:
        output.write(f"{path}: every detection holds the laws and its cases", None)
        return
    output.write("\n".join(str(problem) for problem in problems), None)
    raise typer.Exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The id of the new detection: lower case with dashes.")],
    like: Annotated[
        str | None, typer.Option("--like", help="The id of a finding or of an event that it should find.")
    ] = None,
    out: Annotated[str, typer.Option("--output", "-o", help="The folder to write it into.")] = ".",
    store: options.Store = None,
    config: options.ConfigFile = None,
) -> None:
    """Write a detection to start from, with cases that hold; a file that is there is never touched."""
    from pathlib import Path

    from trailwatch import api
    from trailwatch.detect.template import template
    from trailwatch.errors import DetectionError

    path = Path(out) / f"{name}.toml"
    text = api.open(config=config, flags={"store.path": store}).template(name, like) if like else template(name)
    if path.exists():
        raise DetectionError("there is a file already", where=str(path), hint="another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    output.write(text, str(path))


@app.command()
def backtest(
    rule: Annotated[str, typer.Argument(help="The id of a detection, its file, or a folder of files.")],
    start: options.From = None,
    end: options.To = None,
    against: Annotated[
        str | None, typer.Option("--against", help="Another version to compare with: an id, a file or a folder.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option(min=0.0, help="Findings a day that are bearable; exit 3 when there are more.")
    ] = None,
    store: options.Store = None,
    config: options.ConfigFile = None,
    form: options.AccountFormat = options.Form.text,
    out: options.Output = None,
    quiet: options.Quiet = False,
) -> None:
    """Run detections over days that have passed, and say what each day would have told [default: the last 30 days]."""
    from trailwatch import api
    from trailwatch.digest.backtest_text import text

    trail = api.open(config=config, flags={"store.path": store})
    found = trail.backtest(
        rule, start=start, end=end, against=against, budget=budget, progress=output.progress(quiet=quiet)
    )
    output.write(json.dumps(found.as_dict(), indent=1) if form is options.Form.json else text(found), out)
    if found.failed:
        raise typer.Exit(1)
    if not found.within:
        raise typer.Exit(3)


@app.command()
def sigma(
    path: Annotated[list[str], typer.Argument(help="Sigma files, or folders of them.")],
    out: Annotated[str | None, typer.Option("--output", "-o", help="A folder to write one file each into.")] = None,
) -> None:
    """Translate Sigma's rules for CloudTrail into detection files; what cannot be told is listed with its reason."""
    from pathlib import Path

    from trailwatch.detect import cases, catalogue
    from trailwatch.errors import DetectionError

    files = catalogue.sigma_files(Path(one) for one in path)
    if not files:
        raise DetectionError("there is no Sigma file (*.yml) in it", where=", ".join(path))
    found = catalogue.from_sigma(files)
    done = [one for one in found if one.detection]
    for one in found:
        if one.reason:
            output.say(f"not translated: {one.title}: {one.reason}")
    if out is None:
        output.write("\n".join(one.text for one in done), None) if done else None
    else:
        Path(out).mkdir(parents=True, exist_ok=True)
        for one in done:
            target = Path(out) / f"{one.detection.id if one.detection else 'rule'}.toml"
            if target.exists():
                raise DetectionError("there is a file already", where=str(target), hint="another folder")
            output.write(one.text, str(target))
    detections = [one.detection for one in done if one.detection]
    wrong = {outcome.detection for outcome in cases.run(detections) if not outcome.right}
    for rule in detections:
        if rule.id in wrong or {case.fires for case in rule.cases} != {True, False}:
            output.say(f"{rule.id}: no example could be worked out from its condition: write its cases yourself")
    output.say(f"{len(done)} of {len(found)} rules translated")
    if not done:
        raise typer.Exit(1)
