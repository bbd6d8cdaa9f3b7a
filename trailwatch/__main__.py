"""`python -m trailwatch` is the command."""

from trailwatch.cli import main

main()
