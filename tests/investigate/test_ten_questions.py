"""Ten questions about the intruder of 28 July that an outsider answers with one command each."""

from __future__ import annotations

import re

import pytest
from investigate.conftest import INTRUDER, MADE

DAY = ("--from", "2026-07-28", "--to", "2026-07-28")
ADDRESS = "45.155.205.118"
TEN = {
    "From which network that was new did alice's account come, and with what?": (
        ("history", "alice@example.com", *DAY), [r"45\.155\.205\.0/24 \(new\) +browser linux", r"boto3 linux"],
    ),
    "Which session was it, and when did it work?": (
        ("lineage", ADDRESS, *DAY), [rf"{INTRUDER}; .*01:10:45 to 2026-07-28 01:37:37, 45 events, 5 refused"],
    ),
    "Who was behind the session, and how did they get it?": (
        ("lineage", INTRUDER), [r"federated/alice@example\.com in prod", rf"SAML {INTRUDER}"],
    ),
    "Which key did it make, and for whom?": (
        ("history", INTRUDER), [rf"01:33:00 +iam:CreateAccessKey +svc-reports +{MADE} +alice@example\.com"],
    ),
    "Was that key ever used?": (("lineage", MADE), [rf"{MADE}; .*never used in these logs"]),
    "Who removed it, and when?": (
        ("history", MADE), [r"2026-07-29 08:00:40 +iam:DeleteAccessKey +.*grace@example\.com"],
    ),
    "Which rights did it hand out, and do they still hold?": (
        ("lineage", INTRUDER), [r"user policy +svc-reports arn:aws:iam::aws:policy/AdministratorAccess .*removed 2026-07-29"],
    ),
    "How many secrets did it read?": (
        ("sql", (f"select count(distinct target) as secrets from events where credential = '{INTRUDER}' and "
                "action = 'secretsmanager:GetSecretValue'"), *DAY), [r"\n12\n"],
    ),
    "What was it refused?": (
        ("history", INTRUDER), [r"kms:ListKeys \(denied\)", r"organizations:ListAccounts \(denied\)",
                                r"guardduty:ListDetectors \(denied\)"],
    ),
    "Who else came from that network?": (
        ("history", "45.155.205.0/24"), [r"2026-07-22 11:18:00 +signin:ConsoleLogin", r"210987654321/root", MADE],
    ),
}  # fmt: skip


def test_they_are_ten() -> None:
    assert len(TEN) == 10


@pytest.mark.parametrize("question", TEN)
def test_one_command_answers(command, place, settings, question) -> None:
    arguments, answers = TEN[question]
    done = command(*arguments, "--store", place, "--config", settings)
    assert done.code == 0, done.err
    assert [answer for answer in answers if not re.search(answer, done.out)] == [], done.out
