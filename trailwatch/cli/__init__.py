"""The command line: every station under its own name, results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import sys
import traceback

import typer

from trailwatch.cli import daily, demo, look, rules
from trailwatch.errors import TrailwatchError

FINE, ERROR, USAGE, FINDINGS, GAPS, CANCELLED = 0, 1, 2, 3, 4, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read CloudTrail, learn what each identity normally does, and report each morning what was not normal.",
)
for command in (demo.demo, daily.run, daily.ingest, daily.settle, daily.digest, daily.scan, look.show, look.sql,
                look.config, look.init, demo.simulate):  # fmt: skip
    app.command()(command)
app.add_typer(rules.app, name="rules")


def main() -> None:
    """Run the command line and leave with one of its exit codes."""
    os.umask(0o077)
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except TrailwatchError as error:
        if debug:
            traceback.print_exc()
        sys.stderr.write(f"trailwatch: {error}\n")
        sys.exit(ERROR)
    except KeyboardInterrupt:
        sys.stderr.write("trailwatch: cancelled; what was committed stays, run it again to go on\n")
        sys.exit(CANCELLED)
    except BrokenPipeError:
        # The reader of a pipe left, as `head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FINE)


__all__ = ["app", "main"]
