"""Exports in every form that the CLI, the console and people's shells give them mean the same."""

from __future__ import annotations

import base64
import json
from typing import Any

import exports
import pytest

from trailwatch.snapshot.export import DETAILS, KINDS, PASSWORDS, REPORT, SUMMARY, TRAILS, USES, Unusable, canonical
from trailwatch.snapshot.joining import join
from trailwatch.snapshot.reading import read


def body(text: Any) -> tuple[str, str, Any]:
    """Kind, account and canonical content of a file that holds one export."""
    data = text if isinstance(text, bytes) else (text if isinstance(text, str) else json.dumps(text)).encode()
    parts = read(data)
    (kind,) = {part.kind for part in parts}
    (account,) = {part.account for part in parts}
    return kind, account, json.loads(canonical(join(kind, parts)))


PLAIN = body(exports.REPORT)
LINES = exports.REPORT.splitlines()
EXTRA = "\n".join([LINES[0] + ",additional_credentials_info", *[line + "," for line in LINES[1:]]])


@pytest.mark.parametrize("text", [
    exports.REPORT + "\n", exports.REPORT.replace("\n", "\r\n"), "\ufeff" + exports.REPORT,
    exports.REPORT.encode("utf-16"), "\n\n" + exports.REPORT + "\n\n",
    exports.REPORT.replace(",true,", ",TRUE,").replace(",false,", ",False,"),
    exports.REPORT.replace("Z,", "+00:00,"), exports.REPORT.replace(",", ";"), exports.REPORT.replace(",", "\t"),
    "\n".join(",".join(f'"{value}"' for value in line.split(",")) for line in LINES),
    "\n".join([LINES[0].upper(), *LINES[1:]]), "\n".join([LINES[0], *reversed(LINES[1:])]),
    exports.answered(exports.REPORT), base64.b64encode(exports.REPORT.encode()) + b"\n",
    base64.encodebytes(exports.REPORT.encode()), json.dumps(PLAIN[2]),
], ids=["line feed", "CRLF", "BOM", "UTF-16 of PowerShell", "empty lines", "TRUE and False", "offset", "semicolons", "tabs",
        "quoted", "upper-case header", "other order", "JSON of the CLI", "base64", "base64 in lines", "our own form"])  # fmt: skip
def test_forms_of_a_credential_report(text) -> None:
    assert body(text) == PLAIN


def test_a_credential_report_is_typed() -> None:
    kind, account, rows = PLAIN
    assert (kind, account) == (REPORT, exports.ACCOUNT)
    assert [row["user"] for row in rows] == ["<root_account>", "alice", "bob"]
    root, alice, bob = rows
    assert (root["password_enabled"], root["mfa_active"], root["password_last_used"]) == (
        None,
        True,
        "2026-06-30T10:00:00Z",
    )
    assert (alice["password_never_used"], alice["password_last_used"], alice["password_enabled"]) == (True, None, True)
    assert (root["password_never_used"], bob["password_never_used"]) == (False, False)
    assert (bob["access_key_2_active"], bob["access_key_2_last_used_region"]) == (True, None)
    assert len(rows[0]) == 23


def test_a_report_of_23_columns_keeps_the_last_one() -> None:
    rows = body(EXTRA)[2]
    assert {row.pop("additional_credentials_info") for row in rows} == {""}
    assert rows == PLAIN[2]


def test_a_report_without_root_and_with_few_columns_is_one() -> None:
    no_root = body("\n".join([LINES[0], *LINES[2:]]))
    assert [row["user"] for row in no_root[2]] == ["alice", "bob"]
    few = body("\n".join(",".join(line.split(",")[:9]) for line in LINES))
    assert few[2][1]["access_key_2_active"] is None
    assert few[2][1]["access_key_1_active"] is True


WHOLE = body(exports.DETAILS)
FIRST, SECOND = exports.pages(exports.DETAILS)


@pytest.mark.parametrize("text", [
    exports.encoded(exports.DETAILS), json.dumps(exports.DETAILS, indent=4) + "\n",
    {**exports.DETAILS, "IsTruncated": False}, [FIRST, SECOND], [SECOND, FIRST],
    json.dumps(FIRST) + json.dumps(SECOND), json.dumps(FIRST, indent=1) + "\n" + json.dumps(SECOND, indent=1) + "\n",
    json.dumps(exports.DETAILS).encode("utf-16"), exports.DETAILS | {"UserDetailList": exports.DETAILS["UserDetailList"][::-1]},
    json.dumps(exports.DETAILS).replace("+00:00", "Z"),
], ids=["URL-encoded", "indented", "one page", "a list of pages", "pages in another order", "pages end to end",
        "indented pages", "UTF-16", "another order", "Z"])  # fmt: skip
def test_forms_of_authorization_details(text) -> None:
    assert body(text) == WHOLE


def test_documents_are_objects_and_times_are_utc() -> None:
    kind, account, found = WHOLE
    assert (kind, account) == (DETAILS, exports.ACCOUNT)
    (role,) = found["RoleDetailList"]
    assert role["AssumeRolePolicyDocument"] == exports.TRUST
    assert role["RoleLastUsed"]["LastUsedDate"] == "2026-07-01T10:00:00Z"
    assert found["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"] == exports.ALLOW_ALL


def test_policies_of_aws_that_nobody_has_are_left_out() -> None:
    unused = {"Arn": "arn:aws:iam::aws:policy/Unused", "AttachmentCount": 0, "PermissionsBoundaryUsageCount": 0}
    boundary = {"Arn": "arn:aws:iam::aws:policy/Boundary", "AttachmentCount": 0, "PermissionsBoundaryUsageCount": 1}
    found = body({**exports.DETAILS, "Policies": [*exports.DETAILS["Policies"], unused, boundary]})
    assert [one["Arn"].rpartition("/")[2] for one in found[2]["Policies"]] == ["own", "Boundary"]
    assert found[1] == exports.ACCOUNT


NO_POLICY = """
An error occurred (NoSuchEntity) when calling the GetAccountPasswordPolicy operation: The Password Policy with domain name
111122223333 cannot be found."""


@pytest.mark.parametrize(("text", "kind", "meant"), [
    ({"PasswordPolicy": exports.POLICY}, PASSWORDS, exports.POLICY), (exports.POLICY, PASSWORDS, exports.POLICY),
    ({"default": True}, PASSWORDS, {"default": True}), ({"PasswordPolicy": None}, PASSWORDS, {"default": True}),
    (NO_POLICY, PASSWORDS, {"default": True}),
    ({"SummaryMap": exports.SUMMARY}, SUMMARY, exports.SUMMARY), (exports.SUMMARY, SUMMARY, exports.SUMMARY),
])  # fmt: skip
def test_forms_of_policy_and_summary(text, kind, meant) -> None:
    assert body(text) == (kind, "", meant)


@pytest.mark.parametrize("text", [
    exports.USES, {**exports.USES, "Arn": f"arn:aws:iam::{exports.ACCOUNT}:user/alice"},
    {f"arn:aws:iam::{exports.ACCOUNT}:user/alice": exports.USES["ServicesLastAccessed"]},
])  # fmt: skip
def test_forms_of_last_accessed_services(text) -> None:
    kind, account, found = body(text)
    assert (kind, account) == (USES, exports.ACCOUNT)
    (services,) = found.values()
    assert {one["ServiceNamespace"]: one.get("LastAuthenticated") for one in services} == {
        "s3": "2026-07-20T11:00:00Z", "iam": None,
    }  # fmt: skip


@pytest.mark.parametrize("text", [
    [{"trailList": [exports.TRAIL]}, exports.SELECTORS, exports.STATUS], [{"Trail": exports.TRAIL}, exports.SELECTORS, exports.STATUS],
    json.dumps(exports.STATUS) + json.dumps(exports.SELECTORS) + json.dumps({"trailList": [exports.TRAIL]}),
    [exports.TRAIL | exports.SELECTORS | exports.STATUS],
])  # fmt: skip
def test_forms_of_trails(text) -> None:
    parts = read((text if isinstance(text, str) else json.dumps(text)).encode())
    (trail,) = join(TRAILS, parts)
    assert trail["IsLogging"] is True
    assert trail["EventSelectors"][0]["ExcludeManagementEventSources"] == ["kms.amazonaws.com"]
    assert trail["AdvancedEventSelectors"] is None  # nobody said what they are
    assert {part.account for part in parts} - {""} == {exports.ACCOUNT}


def test_a_file_may_hold_several_kinds() -> None:
    several = [exports.DETAILS, {"SummaryMap": exports.SUMMARY}, {"PasswordPolicy": exports.POLICY}, exports.USES]
    assert {part.kind for part in read(json.dumps(several).encode())} == {DETAILS, SUMMARY, PASSWORDS, USES}
    assert set(KINDS) >= {DETAILS}


LIST_POLICIES = {"Policies": exports.DETAILS["Policies"]}
CUT = json.dumps(exports.DETAILS, indent=2)[:-30]


@pytest.mark.parametrize(("data", "kind", "words"), [
    (b"", "", "empty"), (b" \n\n", "", "empty"), (b"\x1f\x8b\x08\x00", "", "packed (gzip)"), (b"PK\x03\x04zip", "", "packed (zip)"),
    (b"\x89PNG\r\n\x1a\n\xff", "", "byte 1 is no text"), (b"# Notes\nnothing here", "", "no export that trailwatch knows"),
    (b'{"Records": []}', "", "no export"), (b"[]", "", "no export"), (b"{}", "", "no export"), (b"[1, 2]", "", "no export"),
    (json.dumps(LIST_POLICIES).encode(), "", "no export"), (b'{"a": NaN}', "", "NaN"), (b"[" * 100_000, "", "nested too deeply"),
    (b"user,name\nbob,b", "", "no export"),
    (CUT.encode(), DETAILS, "seems cut off"), (CUT[: len(CUT) // 2].encode(), DETAILS, "line "),
    (exports.HEADER.encode(), REPORT, "no users"), (exports.HEADER[:200].encode(), REPORT, "no users"),
    (exports.REPORT[:-20].encode(), REPORT, "line 4 has 18 of 22 columns"), (exports.REPORT[:-2].encode(), REPORT, "column cert_2_last_rotated"),
    (exports.REPORT[:-8].encode(), REPORT, "line 4 has 21"), (exports.REPORT.replace("true", "yes").encode(), REPORT, "'yes' is neither true nor false"),
    (exports.REPORT.replace("2025-03-01T09:05:00Z", "03/01/2025 09:05").encode(), REPORT, "'03/01/2025 09:05' is not a time"),
    (exports.REPORT.replace("user_creation_time", "created").encode(), REPORT, "lacks user_creation_time"),
    (exports.REPORT.replace("cert_2_active", "cert_1_active").encode(), REPORT, "twice"),
    ((exports.REPORT + "\n" + exports.other(exports.ALICE_ROW)).encode(), REPORT, "2 accounts: 111122223333, 444455556666"),
    (exports.answered("nothing").encode(), REPORT, "no credential report"),
    (json.dumps({**exports.DETAILS, "UserDetailList": exports.DETAILS["UserDetailList"] + exports.other(exports.DETAILS)["UserDetailList"]}).encode(), DETAILS, "2 accounts"),
    (json.dumps({**exports.USES, "JobStatus": "IN_PROGRESS"}).encode(), USES, "IN_PROGRESS"),
    (json.dumps({**exports.USES, "ServicesLastAccessed": []}).encode(), USES, "does not say whose"),
    (b'{"PasswordPolicy": {}}', PASSWORDS, "MinimumPasswordLength"), (b'{"SummaryMap": {}}', SUMMARY, "AccountMFAEnabled"),
    (b'{"SummaryMap": {"AccountMFAEnabled": "yes"}}', SUMMARY, "no figures"),
])  # fmt: skip
def test_what_cannot_be_read_says_what_where_and_what_to_try(data, kind, words) -> None:
    with pytest.raises(Unusable) as caught:
        read(data)
    assert words in caught.value.reason
    assert "Try: " in caught.value.reason
    assert caught.value.kind == kind


@pytest.mark.parametrize(("change", "words"), [
    ({"IsTruncated": True, "Marker": "x"}, "more pages follow"), ({"NextToken": "x"}, "more pages follow"),
    ({"RoleDetailList": None}, "RoleDetailList is no list"), ({"UserDetailList": [{"UserName": "x"}]}, "UserDetailList[0] has no Arn"),
    ({"RoleDetailList": [{"Arn": "a", "AssumeRolePolicyDocument": "%7B%22Ver"}]}, "RoleDetailList[0].AssumeRolePolicyDocument: the policy document"),
    ({"RoleDetailList": [{"Arn": "a", "CreateDate": "once"}]}, "RoleDetailList[0].CreateDate: 'once' is not a time"),
])  # fmt: skip
def test_damaged_details_name_the_place(change, words) -> None:
    parts = read(json.dumps({**exports.DETAILS, **change}).encode())
    with pytest.raises(Unusable) as caught:
        join(DETAILS, parts)
    assert words in caught.value.reason
    assert "aws iam get-account-authorization-details" in caught.value.reason


def test_a_list_that_is_missing_was_filtered() -> None:
    parts = read(json.dumps({"UserDetailList": exports.DETAILS["UserDetailList"]}).encode())
    with pytest.raises(Unusable, match="GroupDetailList, RoleDetailList, Policies is missing"):
        join(DETAILS, parts)
