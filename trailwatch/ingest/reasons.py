"""Why nothing was collected, and what to try."""

from __future__ import annotations

from trailwatch.ingest.account import Account
from trailwatch.ingest.items import Wanted

_LAYOUT = "<prefix>/AWSLogs/<account>/CloudTrail/<region>/<year>/<month>/<day>/"


def why(account: Account, wanted: Wanted) -> str:
    """Return a sentence on why no event came in, '' where some did or all is as expected."""
    if account.events:
        return ""
    if account.failed_objects and not account.read:
        return f"No object could be read. The first: {account.failed[0]['reason']}."
    if account.known and not account.read:
        return "Nothing new: every object in these days was read before. --reconcile looks further back."
    if not account.listed:
        days = f" between key days {wanted.days[0]} and {wanted.days[1]}" if wanted.days else ""
        hint = ". Try --reconcile, or other --from/--to, --account or --region." if wanted != Wanted() else "."
        passed = ", ".join(f"{count} {kind}" for kind, count in account.not_listed.items())
        beside = f" Folders beside: {passed}." if passed else ""
        return f"Nothing is stored there{days}.{beside} Logs are expected under {_LAYOUT}{hint}"
    if account.outside:
        return f"{account.outside:,} objects are outside of what was asked for. Try other --from/--to, --account or --region."
    if account.read:
        return "The objects that were read hold no events."
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(account.skipped.items()))
    return f"No object is a log of events ({kinds}). Logs are expected under {_LAYOUT}"
