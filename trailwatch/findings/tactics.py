"""ATT&CK tactics in the order of an attack, the techniques that trailwatch names, and tactics in plain words."""

from __future__ import annotations

from collections.abc import Iterable

# Tactic → what somebody did, as it reads in a sentence after a name.
WORDS = {
    "initial-access": "got in",
    "execution": "ran commands or code",
    "persistence": "left a way back in",
    "privilege-escalation": "gained more permissions",
    "defense-evasion": "weakened the monitoring",
    "credential-access": "went for secrets and credentials",
    "discovery": "looked around",
    "lateral-movement": "moved on to another identity or machine",
    "collection": "collected data",
    "exfiltration": "opened data to the outside",
    "impact": "destroyed or misused resources",
}
ORDER = {tactic: place for place, tactic in enumerate(WORDS)}

# Techniques of ATT&CK v18, and the numbers that v19 gave to the same. A sub-technique falls back to its technique.
_TECHNIQUES = {
    "T1078": "initial-access", "T1199": "initial-access", "T1190": "initial-access",
    "T1651": "execution", "T1648": "execution", "T1059": "execution", "T1204": "execution", "T1610": "execution",
    "T1098": "persistence", "T1136": "persistence", "T1525": "persistence", "T1556": "persistence",
    "T1505": "persistence", "T1098.003": "privilege-escalation", "T1548": "privilege-escalation",
    "T1484": "privilege-escalation", "T1134": "privilege-escalation",
    "T1562": "defense-evasion", "T1685": "defense-evasion", "T1686": "defense-evasion", "T1535": "defense-evasion",
    "T1070": "defense-evasion", "T1578": "defense-evasion", "T1036": "defense-evasion",
    "T1110": "credential-access", "T1552": "credential-access", "T1555": "credential-access",
    "T1528": "credential-access", "T1606": "credential-access", "T1621": "credential-access",
    "T1580": "discovery", "T1526": "discovery", "T1087": "discovery", "T1538": "discovery", "T1069": "discovery",
    "T1619": "discovery", "T1046": "discovery", "T1518": "discovery", "T1040": "discovery", "T1613": "discovery",
    "T1550": "lateral-movement", "T1021": "lateral-movement", "T1570": "lateral-movement",
    "T1530": "collection", "T1119": "collection", "T1213": "collection", "T1074": "collection",
    "T1537": "exfiltration", "T1567": "exfiltration", "T1048": "exfiltration", "T1020": "exfiltration",
    "T1485": "impact", "T1486": "impact", "T1490": "impact", "T1496": "impact", "T1531": "impact",
    "T1489": "impact", "T1491": "impact", "T1498": "impact", "T1657": "impact",
}  # fmt: skip


def tactic_of(attack: Iterable[str]) -> str:
    """Return the tactic of the first technique that is known, '' if there is none."""
    for technique in attack:
        found = _TECHNIQUES.get(technique) or _TECHNIQUES.get(technique.partition(".")[0])
        if found:
            return found
    return ""


def progress(tactics: Iterable[str]) -> tuple[str, ...]:
    """Return the longest run of different tactics that come in the order of an attack, given them by time."""
    best: dict[str, tuple[str, ...]] = {}
    for tactic in tactics:
        if tactic in ORDER:
            before = [run for last, run in best.items() if ORDER[last] < ORDER[tactic]]
            run = (*max(before, key=len, default=()), tactic)
            if len(run) > len(best.get(tactic, ())):
                best[tactic] = run
    return max(best.values(), key=len, default=())


def in_words(tactics: Iterable[str]) -> str:
    """Return tactics as one clause: 'looked around, gained more permissions and weakened the monitoring'."""
    parts = [WORDS[tactic] for tactic in dict.fromkeys(tactics) if tactic in WORDS]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
