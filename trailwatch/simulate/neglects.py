"""Standing neglects: against a practice for months, without an attack, and seen in the exports of IAM."""

from __future__ import annotations

from datetime import UTC, datetime

from trailwatch.simulate.stock import DEV, PROD, SECURITY
from trailwatch.simulate.story import Chapter

EXPORTED = datetime(2026, 7, 27, 6, tzinfo=UTC)  # when the exports beside the sample logs were taken


def _standing(name: str, title: str, principals: tuple[str, ...], *practices: str) -> Chapter:
    return Chapter(name, "neglect", (EXPORTED.date(),), title, principals, practices=practices)


NEGLECTS: tuple[Chapter, ...] = (
    _standing(
        "weak-passwords",
        "dev has no password policy: AWS's default of eight characters holds",
        (DEV,),
        "password-policy",
    ),
    _standing(
        "user-without-mfa",
        "kim, new in dev, has a console password and no MFA",
        (f"{DEV}/user/kim",),
        "mfa",
    ),
    _standing(
        "left-behind",
        "judy left in November; her user and her key are still there",
        (f"{DEV}/user/judy",),
        "unused",
        "rotation",
    ),
    _standing(
        "key-on-workload",
        "svc-thumbs is a function in dev that works with the long-term key of a user",
        (f"{DEV}/user/svc-thumbs",),
        "workload-roles",
        "rotation",
    ),
    _standing(
        "inline-by-hand",
        "Grace writes an inline policy into the group of the readers",
        (f"{SECURITY}/group/readers", "grace@example.com"),
        "managed-policies",
    ),
    _standing(
        "direct-grants",
        "Grace gives the emergency user of security its rights directly, one of them inline",
        (f"{SECURITY}/user/break-fix", "grace@example.com"),
        "groups",
        "managed-policies",
    ),
    _standing(
        "too-much",
        "The role that makes previews in dev may do everything",
        (f"{DEV}/role/preview-admin",),
        "least-privilege",
    ),
    _standing(
        "open-trust",
        "A role in prod may be taken by an account that nobody knows, without an external id",
        (f"{PROD}/role/partner-sync",),
        "delegation",
    ),
    _standing(
        "stopped-trail",
        "The trail that dev had before the organisation's was switched off and never deleted",
        (f"{DEV}/trail/dev-trail",),
        "monitoring",
    ),
    _standing("never-reviewed", "Nobody ever signed a review of permissions", (), "permission-review"),
)
