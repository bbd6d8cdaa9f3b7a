"""The command line: every station under its own name, results on stdout, everything else on stderr."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback

import typer

from trailwatch.cli import (
    ask,
    cases,
    conditions,
    daily,
    demo,
    doctor,
    generate,
    guard,
    investigate,
    keep,
    look,
    mark,
    output,
    policy,
    posture,
    practices,
    review,
    rules,
    scorecard,
    send,
    suppress,
    verify,
    workloads,
)
from trailwatch.errors import ConfigError, TrailwatchError

FINE, ERROR, USAGE, FINDINGS, GAPS, CANCELLED = 0, 1, 2, 3, 4, 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read CloudTrail, learn what each identity normally does, and report each morning what was not normal.",
    epilog="Exit codes: 0 fine, 1 error, 2 usage, 3 findings at or above --fail-on, 4 gaps with --strict, 130 cancelled.",
)
for command in (demo.demo, daily.run, daily.ingest, daily.settle, verify.verify, daily.digest, daily.scan, send.send, look.show, practices.practices,
                investigate.history, investigate.lineage, ask.sql, look.config, look.init, demo.simulate, posture.snapshot, doctor.doctor,
                suppress.suppress, mark.mark, mark.stats, keep.forget, scorecard.scorecard):  # fmt: skip
    app.command()(command)
policy.app.command()(generate.generate)
policy.app.command()(conditions.conditions)
policy.app.command()(conditions.window)
policy.app.command()(review.review)
policy.app.command()(workloads.workloads)
app.add_typer(rules.app, name="rules")
app.add_typer(policy.app, name="policy")
app.add_typer(cases.app, name="case")


def main() -> None:
    """Run the command line and leave with one of its exit codes."""
    os.umask(0o077)
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    if threading.current_thread() is threading.main_thread():
        # Stopped by a service manager it leaves as with Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        guard.room_enough()
        app(prog_name="trailwatch")
    except TrailwatchError as error:
        _complain(str(error), debug=debug)
        # An option with a value that cannot be used is a matter of usage.
        sys.exit(USAGE if isinstance(error, ConfigError) and error.where.startswith("--") else ERROR)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _complain(f"{place}{error.strerror or error}", debug=debug)
        sys.exit(ERROR)
    except MemoryError:
        _complain("there is not enough memory. Try: more of it, or a shorter --from/--to", debug=debug)
        sys.exit(ERROR)
    except Exception as error:  # noqa: BLE001 — a person gets one sentence, whatever went wrong
        what = (str(error).splitlines() or [""])[0]
        _complain(f"this is a fault of trailwatch: {type(error).__name__}: {what} (--debug shows where)", debug=debug)
        sys.exit(ERROR)
    except SystemExit as left:
        if left.code != CANCELLED:
            raise
        output.say("trailwatch: cancelled; what was committed stays, run it again to go on")
        sys.stdout.flush()
        # A thread that waits for a server would hold an ordinary exit for minutes.
        os._exit(CANCELLED)


def _complain(what: str, *, debug: bool) -> None:
    if debug:
        output.say(traceback.format_exc())
    output.say(f"trailwatch: {what}")


__all__ = ["app", "main"]
