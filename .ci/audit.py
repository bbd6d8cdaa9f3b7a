"""Looks up every pinned version among the known vulnerabilities; says aloud where nothing could be looked up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parent / "requirements.lock"
SECONDS = 180  # for all of them; a machine without the internet finds out sooner


def main(command: str = "pip-audit") -> int:
    """Return 1 where a pinned version is known to be vulnerable, else 0."""
    call = [command, "-r", str(LOCK), "--disable-pip", "--require-hashes", "--timeout", "5", "--progress-spinner", "off",
            "-f", "json"]  # fmt: skip
    try:
        done = subprocess.run(call, capture_output=True, text=True, timeout=SECONDS, check=False)
        found = json.loads(done.stdout)["dependencies"]
    except (OSError, ValueError, LookupError, subprocess.TimeoutExpired) as error:
        sys.stdout.write(f"AUDIT SKIPPED: pip-audit gave no answer ({type(error).__name__})\n")
        return 0
    # pip-audit ends well where an index knows nothing of advisories: then nothing was looked at.
    looked = [one for one in found if "vulns" in one]
    bad = [one for one in looked if one["vulns"]]
    for one in bad:
        sys.stdout.write(f"{one['name']} {one['version']}: {', '.join(known['id'] for known in one['vulns'])}\n")
    if not looked:
        sys.stdout.write(f"AUDIT SKIPPED: no advisory could be looked up for any of {len(found)} packages\n")
        return 0
    left = f", {len(found) - len(looked)} could not be looked up" if len(looked) < len(found) else ""
    sys.stdout.write(f"audit: {len(looked)} packages, {len(bad)} known to be vulnerable{left}\n")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
