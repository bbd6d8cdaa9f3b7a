"""The history of one user, role, key, session, address or resource: when, what, where from, with what, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.investigate.asked import Asked, network_of, resolve
from trailwatch.investigate.desk import BESIDE, MEMORY, Desk
from trailwatch.investigate.listed import dicts
from trailwatch.investigate.parts import Day, Done, History, Made, Moment, Told, Use
from trailwatch.investigate.subject import MEANT, OWN, did, meant
from trailwatch.profile.portrait import networks_of
from trailwatch.store.tables import Store
from trailwatch.window import Window

_TARGETED = ("request", "response", "error_message", "error_code", "identity_type", "recipient_account_id", "resources")
TARGETS = 30  # moments of which the event itself is read
MOMENTS = 200  # worth telling; all rows are in the table
MINTING = (
    "CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile", "CreateServiceSpecificCredential",
    "ResetServiceSpecificCredential", "UploadSigningCertificate", "UploadSSHPublicKey", "CreateVirtualMFADevice",
    "GetFederationToken", "GetSessionToken",
)  # fmt: skip


def history(store: Store, text: str, *, config: Config, window: Window | None = None) -> History:
    """Return the history of what a text names [default: the last 90 days of the store]."""
    with Engine(memory=MEMORY) as engine:
        asked = resolve(store, engine, text)
        if asked.kind == "event":
            raise StoreError("an event has no history", where=text, hint=f"trailwatch lineage {text}")
        desk = Desk(store, engine, config, window)
        notes = did(desk, asked)
        used: dict[str, list[Use]] = {}
        for row in dicts(engine.relation("history_used")):
            used.setdefault(row.pop("dimension"), []).append(Use(**row))
        days = [Day(**row | {"networks": tuple(row["networks"] or ())})
                for row in dicts(engine.relation("history_days"))]  # fmt: skip
        first, last = _ends(desk, asked, days)
        _firsts(desk, asked)
        moments = dicts(engine.relation("history_moments", most=MOMENTS))
        rows = engine.query("select * exclude (shard) from did order by first_time, event_name, event_id")
        made = _made(desk, asked)
        return History(
            asked, desk.span, first, last, used, days, _moments(desk, asked, moments), made, findings(desk, asked),
            done_to(desk, asked), rows,
            networks=networks_of(config, [one.value for one in used.get("network", [])]),
            accounts=dict(config.organization.accounts), notes=tuple(notes),
        )  # fmt: skip


def findings(desk: Desk, asked: Asked) -> list[Told]:
    """Return the findings about what is asked, of the digests of the window's days."""
    if not desk.days:
        return []
    desk.store.show(desk.engine, "findings", days=(desk.days[0], desk.days[-1]))
    word = network_of(asked.value) if asked.kind == "address" else asked.value
    rows = dicts(desk.engine.relation(
        "history_findings", persons=list(asked.persons), principals=list(asked.principals), word=word,
        first=desk.days[0], last=desk.days[-1],
    ))  # fmt: skip
    return [Told(**row) for row in rows]


def done_to(desk: Desk, asked: Asked) -> list[Done]:
    """Return what others did to a key, a user or a role: made, changed, switched off, deleted."""
    if asked.kind == "key":
        names = [f"iam:{verb}AccessKey" for verb in ("Create", "Update", "Delete")]
        first, last = desk.life([asked.value])
        days = [day for day in desk.days_of_actions(names, everywhere=True)
                if day <= first or day >= last or day in desk.days]  # fmt: skip
        desk.take(
            days, "event_source = 'iam.amazonaws.com' and event_name in $names", everywhere=True,
            without=BESIDE,
            then="contains(request, $key) or contains(response, $key)",
            names=[name.partition(":")[2] for name in names], key=asked.value,
        )  # fmt: skip
    elif asked.kind == "identity" and (found := _names(asked)):
        desk.take(
            desk.days_of_changes("iam"), "event_source = 'iam.amazonaws.com' and (read_only = false or read_only is null)",
            without=BESIDE,
            then="json_extract_string(request, '$.userName') in $names or json_extract_string(request, '$.roleName') in $names",
            names=found,
        )  # fmt: skip
    else:
        return []
    desk.understand()
    return [Done(**row) for row in dicts(desk.engine.relation("history_done_to"))]


def _names(asked: Asked) -> list[str]:
    every = [*asked.principals, *(person for person in asked.persons if "@" not in person)]
    return [name.rpartition("/")[2] for name in every if "/root" not in name]


def _ends(desk: Desk, asked: Asked, days: list[Day]) -> tuple[datetime | None, datetime | None]:
    """Return first and last use over all history where `seen` keeps it, else those of the window."""
    found: list[tuple[Any, ...]] = []
    if asked.kind == "identity":
        found = desk.engine.rows(
            "select min(first_time), max(last_time) from seen where dimension = 'account' and "
            f"({OWN})",
            persons=list(asked.persons), principals=list(asked.principals),
        )  # fmt: skip
    elif asked.kind in {"key", "network"}:
        found = desk.engine.rows(
            "select min(first_time), max(last_time) from seen where dimension = $dimension and value = $value",
            dimension="key" if asked.kind == "key" else "address", value=asked.value,
        )  # fmt: skip
    times = [time for row in found for time in row if time]
    times += [time for day in days for time in (day.first_time, day.last_time)]
    return (min(times), max(times)) if times else (None, None)


def _firsts(desk: Desk, asked: Asked) -> None:
    """Leave as `firsts` when each network was used first, over all history where `seen` keeps it."""
    known = (
        "select value as address, min(first_time) as first_time from seen where dimension = 'address' and (" + OWN + ")"
    )
    if asked.kind != "identity":
        known = "select address, first_time from did where $persons = $principals"
    desk.engine.execute(
        f"create table firsts as select address, min(first_time) as first_time from ({known} group by all) group by address",
        persons=list(asked.persons), principals=list(asked.principals),
    )  # fmt: skip


def _moments(desk: Desk, asked: Asked, rows: list[dict[str, Any]]) -> list[Moment]:
    targets = _targets(desk, asked, rows)
    return [
        Moment(
            row["first_time"], row["action"], row["outcome"], row["events"], row["principal"], row["address"],
            row["client"], row["event_id"], row["role"], targets.get(row["event_id"], ""), row["new_network"],
            row["writes"], row["place"],
        )
        for row in rows
    ]  # fmt: skip


def _targets(desk: Desk, asked: Asked, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return what the events that stand for moments were done to."""
    rows = [row for row in rows if row["place"] <= TARGETS]
    if not rows:
        return {}
    # A key's own calls are found by the key in a fraction of the time; those of its roles have keys of their own.
    direct = asked.kind == "key" and all("/role/" not in row["principal"] for row in rows)
    own = "access_key_id = $key and " if direct else ""
    desk.take(
        {row["first_time"].date() for row in rows},
        own + "event_time in $times", only=_TARGETED, key=asked.value, times=sorted({row["first_time"] for row in rows}),
    )  # fmt: skip
    desk.means()
    ids = [row["event_id"] for row in rows]
    return dict(desk.engine.rows("select event_id, target from events where target <> '' and list_contains($ids, event_id)",
                                 ids=ids))  # fmt: skip


def _made(desk: Desk, asked: Asked) -> list[Made]:
    days = [row[0] for row in desk.engine.rows(
        "select distinct dt from did where list_contains($names, event_name)", names=list(MINTING))]  # fmt: skip
    if not days:
        return []
    desk.take(days, "event_name in $names", without=BESIDE, names=MINTING)
    desk.understand()
    rows = dicts(desk.engine.query(
        "select event_time as time, action, outcome, target, issued_key as key, person, principal, event_id "
        f"from attributed where {MEANT} order by event_time, event_id limit 200", **meant(asked),
    ))  # fmt: skip
    return [Made(**row) for row in rows]
