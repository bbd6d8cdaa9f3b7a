"""What is special to one kind of sink."""

from __future__ import annotations

import json
import smtplib
import ssl
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from news import EVIL, MONDAY, TOLD, TUESDAY, news, tell
from sinks.places import OK, Gate, Hub, Mailbox, Smtp, Sns, Webhook, gate, started

from trailwatch.config import Config
from trailwatch.config.sinks import FileSink, S3Sink, StdoutSink
from trailwatch.sinks.files import ToFile
from trailwatch.sinks.needs import statements
from trailwatch.sinks.notice import Notice, SinkError


def test_a_mail_is_readable_as_text_and_has_the_page_beside_it(post: Smtp, run) -> None:
    run(sink=post.sink(page=True))
    (mail,) = post.box.took
    assert mail["Subject"] == "trailwatch Monday 5 January 2026: 1 critical, 3 high, 1 medium"
    assert (mail["From"], mail["To"], mail["Bcc"]) == ("trailwatch@example.com", "team@example.com", None)
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("trailwatch · Monday 5 January 2026 (UTC)")
    assert max(map(len, text.splitlines())) <= 100
    assert "Something happened 000000000001" in text
    assert f"{5:012x}" not in text, "what goes on as before is no news"
    page = mail.get_body(("html",)).get_content()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("digest-2026-01-05.html", "text/html")


def test_mails_of_two_days_are_two_and_one_that_is_refused_stops_the_rest(post: Smtp, run, store) -> None:
    tell(store, TUESDAY, news(20), complete=False)
    post.box.script.append("554 no")
    (first,) = run(sink=post.sink())
    assert (first.sent, first.waiting) == (0, 6)
    (second,) = run(sink=post.sink())
    assert (second.sent, len(post.box.took)) == (6, 2)
    assert len({mail["Message-ID"] for mail in post.box.took}) == 2


def test_a_mail_that_comes_again_has_the_same_id(post: Smtp, run) -> None:
    shown = [run(dry_run=True, sink=post.sink())[0].shown for _ in range(2)]
    assert shown[0] == shown[1]
    run(sink=post.sink())
    assert f"Message-ID: {post.box.took[0]['Message-ID']}" in shown[0][0]


def test_one_recipient_that_is_refused_is_told_and_the_others_get_no_second_mail(post: Smtp, run) -> None:
    post.box.refused.add("gone@example.com")
    (done,) = run(sink=post.sink(to=["team@example.com", "gone@example.com"]))
    assert done.sent == 5
    assert "not for gone@example.com" in done.problem
    assert run(sink=post.sink())[0].sent == 0


def test_a_server_without_encryption_or_password_gets_nothing(post: Smtp, run, monkeypatch) -> None:
    (plain,) = run(sink=post.sink(security="starttls"))
    assert "STARTTLS" in plain.problem
    monkeypatch.delenv("TRAILWATCH_SMTP_PASSWORD", raising=False)
    (silent,) = run(sink=post.sink(user="somebody"))
    assert "no password in TRAILWATCH_SMTP_PASSWORD" in silent.problem
    assert post.box.took == []
    assert issubclass(smtplib.SMTPNotSupportedError, smtplib.SMTPException)


def test_words_of_a_log_mention_nobody_and_link_nowhere(server, run) -> None:
    run(sink=Webhook(server).sink())
    body = json.loads(server.took[0][2])
    assert body["text"] == "trailwatch 2026-01-05: 5 findings new or worse"
    assert {one["text"]["type"] for one in body["blocks"]} == {"plain_text"}, "no markup is read in it"
    assert any("<!channel>" in one["text"]["text"] for one in body["blocks"])
    assert all(len(one["text"]["text"]) < 3000 for one in body["blocks"])
    assert server.took[0][1]["Content-Type"] == "application/json"


def test_a_message_that_is_refused_for_good_does_not_hold_up_the_next(server, run, store, monkeypatch) -> None:
    monkeypatch.setattr("trailwatch.sinks.webhook.MOST", 3)
    server.script.append((400, {}, b"invalid_blocks\x1b[2J"))
    (done,) = run(sink=Webhook(server).sink())
    assert (done.sent, done.waiting) == (2, 3)
    assert done.problem.startswith("sink sink: answered 400: invalid_blocks")
    assert "\x1b" not in done.problem
    assert run(sink=Webhook(server).sink())[0].sent == 3


def test_a_webhook_waits_as_long_as_it_is_told_but_not_for_hours(server, run, monkeypatch) -> None:
    monkeypatch.setattr("trailwatch.sinks.webhook.PATIENCE", 0.1)
    server.script += [(429, {"Retry-After": "7200"}, b""), (503, {}, b""), OK]
    assert run(sink=Webhook(server).sink())[0].sent == 5
    assert len(server.tried) == 3


def test_a_webhook_without_an_address_or_behind_a_redirect_gets_nothing(server, run, monkeypatch) -> None:
    monkeypatch.delenv("TRAILWATCH_WEBHOOK_URL", raising=False)
    sink = Webhook(server).sink()
    assert "has no address" in run(sink=type(sink)())[0].problem
    server.script.append((302, {"Location": f"{server.url}/elsewhere"}, b""))
    assert "answered 302" in run(sink=sink)[0].problem
    monkeypatch.setenv("TRAILWATCH_WEBHOOK_URL", sink.url)
    assert run(sink=type(sink)())[0].sent == 5


def test_a_part_that_sns_refuses_stays_and_comes_again_alone(moto, credentials, run) -> None:
    with gate(moto.port) as made:
        place = Sns(made)
        (dry,) = run(dry_run=True, sink=place.sink())
        entries = json.loads(dry.shown[0])["Entries"]
        refused = (f"<PublishBatchResponse><PublishBatchResult><Failed><member><Id>{entries[0]['Id']}</Id><Code>InternalError</Code>"
                   "<SenderFault>false</SenderFault></member></Failed><Successful/></PublishBatchResult></PublishBatchResponse>")  # fmt: skip
        made.script.append((200, {"Content-Type": "text/xml"}, refused.encode()))
        (done,) = run(sink=place.sink())
        assert (done.sent, done.waiting, done.problem) == (4, 1, "1 of 5 were refused")
        run(sink=place.sink())
        assert place.ids() == [[json.loads(entries[0]["Message"])["id"]]]
        assert entries[0]["MessageAttributes"]["severity"] == {"DataType": "String", "StringValue": "critical"}
        assert entries[0]["Subject"].isascii()


def test_a_finding_larger_than_a_message_of_sns_is_cut_and_blocks_nothing(moto, credentials, run, store) -> None:
    tell(store, TUESDAY, news(21, title="\u2028" * 300_000), news(22))
    with gate(moto.port) as made:
        place = Sns(made)
        (done,) = run(sink=place.sink())
        assert (done.sent, done.waiting, done.problem) == (2, 0, "")
        (dry,) = run(dry_run=True, sink=place.sink())
        assert not dry.shown
        bodies = [body.decode() for _, _, body in made.took]
    assert max(map(len, bodies)) < 262_144 * 3, "a request is percent-encoded"
    assert any("%22truncated%22" in body for body in bodies)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_goes_over_tls_with_a_login_and_not_to_a_stranger(security, run, monkeypatch, tmp_path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    logins: list[bytes] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def login(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        logins.append(data.password)
        return AuthResult(success=data.login == b"somebody" and data.password == b"right", handled=False)

    controller = Controller(
        Mailbox(), hostname="127.0.0.1", port=0, authenticator=login, auth_required=security == "starttls",
        **({"ssl_context": context, "auth_require_tls": False} if security == "tls" else {"tls_context": context, "require_starttls": True}),
    )  # fmt: skip
    with started(controller) as post:
        sink = post.sink(security=security, user="somebody")
        monkeypatch.setenv("TRAILWATCH_SMTP_PASSWORD", "right")
        for known, problem in ((stranger, "certificate verify failed"), (authority, "")):
            known.cert_pem.write_to_path(tmp_path / "ca.pem")
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
            (done,) = run(sink=sink)
            assert problem in done.problem
            assert done.sent == (0 if problem else 5)
    assert logins == [b"right"]
    assert len(post.box.took) == 1


def test_security_hub_holds_the_findings_and_a_rise_updates_one(moto, credentials, run, store) -> None:
    with gate(moto.port) as made:
        place = Hub(made)
        run(sink=place.sink())
        tell(store, TUESDAY, news(2, severity="critical", status="risen"))
        run(sink=place.sink())
        asked = [json.loads(body)["Findings"] for _, _, body in made.took]
    assert {one["AwsAccountId"] for one in asked[0]} == {"123456789012"}, "without a role all goes to the own account"
    held = {}
    for page in moto.client("securityhub", "eu-central-1").get_paginator("get_findings").paginate():
        held |= {one["Id"].rpartition("/")[2]: one for one in page["Findings"]}
    assert set(TOLD) <= set(held)
    assert held[f"{2:012x}"]["Severity"]["Label"] == "CRITICAL"
    assert held[f"{2:012x}"]["ProductFields"]["trailwatch/status"] == "risen"


def test_security_hub_gets_each_account_in_a_batch_with_its_own_role(moto, credentials, run) -> None:
    with gate(moto.port) as made:
        (done,) = run(sink=Hub(made).sink(role_name="Findings"))
        assert (done.sent, done.problem) == (5, "")
        batches = [json.loads(body)["Findings"] for _, _, body in made.took]
        signed = [headers["Authorization"].partition("Credential=")[2].partition("/")[0] for _, headers, _ in made.took]
    assert [{one["AwsAccountId"] for one in batch} for batch in batches] == [{"111122223333"}, {"444455556666"}]
    assert all(one["ProductArn"].split(":")[4] == one["AwsAccountId"] for batch in batches for one in batch)
    assert len(set(signed)) == 2, "each with credentials of its own"


def test_a_finding_that_security_hub_refuses_stays_and_the_rest_does_not(moto, credentials, run) -> None:
    answer = {"FailedCount": 1, "SuccessCount": 4, "FailedFindings": [{"Id": f"trailwatch/111122223333/{1:012x}", "ErrorCode": "x", "ErrorMessage": "m"}]}  # fmt: skip
    with gate(moto.port) as made:
        made.script.append((200, {"Content-Type": "application/json"}, json.dumps(answer).encode()))
        (done,) = run(sink=Hub(made).sink())
        assert (done.sent, done.waiting) == (4, 1)
        run(sink=Hub(made).sink())
        assert Hub(made).ids() == [[f"{1:012x}"]]


def test_a_real_bucket_holds_one_object_a_day_that_a_repetition_replaces(aws, run, store) -> None:
    aws.store("findings")
    sink = S3Sink(path="s3://findings/team/", format="json")
    run(one=sink)
    run(two=sink)
    import obstore

    keys = [one["path"] for batch in obstore.list(aws.store("findings"), prefix="team/") for one in batch]
    assert len(keys) == 1, "two sinks with the same news write the same object"
    assert keys[0].startswith("team/dt=2026-01-05/")
    lines = bytes(obstore.get(aws.store("findings"), keys[0]).bytes()).splitlines()
    assert sorted(json.loads(one)["id"] for one in lines) == sorted(TOLD)


def test_a_file_is_private_and_a_line_that_was_cut_off_is_no_part_of_the_next(tmp_path: Path, run, monkeypatch) -> None:
    target = tmp_path / "out.jsonl"
    target.write_bytes(b'{"half": ')
    run(sink=FileSink(path=str(target)))
    lines = target.read_text().splitlines()
    assert lines[0] == '{"half": '
    assert [json.loads(one)["id"] for one in lines[1:]] == TOLD
    fresh = tmp_path / "fresh"
    run(other=FileSink(path=str(fresh), format="text"))
    assert fresh.stat().st_mode & 0o777 == 0o600
    assert EVIL.splitlines()[0] in fresh.read_text()


def test_a_full_disk_leaves_no_half_message(tmp_path: Path, monkeypatch) -> None:
    import os

    target = tmp_path / "out"
    target.write_text("before\n")
    way = ToFile("sink", FileSink(path=str(target)))
    (message,) = way.pack([Notice(MONDAY, news(number)) for number in range(3)])
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < len(message.shown):
            raise OSError(28, "No space left on device")
        return real(descriptor, data[:100])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SinkError, match="No space left"):
        way.send(message)
    monkeypatch.undo()
    assert target.read_text() == "before\n"
    way.send(message)
    assert len(target.read_text().splitlines()) == 4


def test_standard_output_gets_lines_and_a_reader_that_left_gets_them_later(run, capsys, monkeypatch) -> None:
    import sys

    class Gone:
        def write(self, _: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Gone())
    (gone,) = run(sink=StdoutSink())
    assert (gone.sent, gone.waiting) == (0, 5)
    monkeypatch.undo()
    run(sink=StdoutSink())
    assert [text[:8].strip() for text in capsys.readouterr().out.splitlines()] == [
        "CRITICAL",
        "HIGH",
        "HIGH",
        "HIGH",
        "MEDIUM",
    ]


def test_the_policy_of_doctor_is_enough_for_what_is_configured() -> None:
    there = Gate()
    sinks = {
        "a": Sns(there).sink(),
        "b": Hub(there).sink(role_name="R"),
        "c": S3Sink(path="s3://b/p/"),
        "d": FileSink(path="x"),
    }
    found = {tuple(one["Action"]): one["Resource"] for one in statements(Config(sinks=sinks))}
    assert found == {
        ("sns:Publish",): "arn:aws:sns:eu-central-1:123456789012:findings",
        ("securityhub:BatchImportFindings",): "*",
        ("sts:AssumeRole",): "arn:aws:iam::*:role/R",
        ("s3:PutObject",): "arn:aws:s3:::b/p/*",
    }
    assert statements(Config()) == []
