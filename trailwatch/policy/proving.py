"""The round trip: a policy that was made tried on the calls that it was made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from trailwatch.policy import document
from trailwatch.policy.evaluate import Policies, Request, evaluate, together
from trailwatch.policy.fates import Needed
from trailwatch.policy.forms import Form
from trailwatch.policy.generated import Proof
from trailwatch.policy.patterns import Context
from trailwatch.policy.uses import Use
from trailwatch.policy.write import Document

_ALL = document.parse(
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}', name="*"
)


def prove(
    needs: Iterable[tuple[Use, Sequence[Needed]]], made: Sequence[Document], form: Form, arns: Sequence[str]
) -> Proof:
    """Return how many calls the documents allow, deny, or leave open."""
    kind: document.Kind = "scp" if form == "scp" else "boundary" if form == "boundary" else "identity"
    read = tuple(
        document.parse(json.dumps(one), name=f"{form} {place}", kind=kind) for place, one in enumerate(made, 1)
    )
    policies = (
        Policies((_ALL,), scps=read)
        if form == "scp"
        else Policies((_ALL,), read)
        if form == "boundary"
        else Policies(read)
    )
    counts = {"allow": 0, "would deny": 0, "cannot tell": 0}
    for use, asked in needs:
        known = {"aws:CalledViaLast": (), "kms:ViaService": (), "aws:PrincipalArn": tuple(arns[:1])}
        verdict = together([
            evaluate(Request(one.action, one.resource, Context(known | {key: (value,) for _, key, value in one.condition})), policies)
            for one in asked
        ])  # fmt: skip
        counts[verdict.outcome] += use.group.calls
    return Proof(counts["allow"], counts["would deny"], counts["cannot tell"])
