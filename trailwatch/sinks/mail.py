"""A day's news as mail: readable as plain text, with the page of the day beside it; through a mail server or SES."""

from __future__ import annotations

import os
import smtplib
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from itertools import groupby

from trailwatch.aws import Caller, Refused
from trailwatch.config.sinks import MailSink, SesSink
from trailwatch.digest.html import html
from trailwatch.digest.page import Digest
from trailwatch.digest.words import day_name
from trailwatch.finding import SEVERITIES
from trailwatch.sinks.cloud import failed
from trailwatch.sinks.notice import Message, Notice, SinkError

WAITS = (1.0, 3.0)  # seconds before another try at a server that is busy
PATIENCE = 30.0

Page = Callable[[Digest], str]
Days = Callable[[date], Digest]


class ToMail:
    """Makes one mail of each day that has news."""

    def __init__(self, name: str, sink: MailSink | SesSink, *, digest: Days, page: Page) -> None:
        self._name, self._sender, self._to, self._attach = name, sink.from_, sink.to, sink.page
        self._digest, self._page = digest, page

    def pack(self, notices: list[Notice]) -> Iterable[Message]:
        """Return a mail a day."""
        for day, some in groupby(notices, key=lambda one: one.day):
            news = tuple(some)
            letter = Message(news, "")
            mail = self._mail(self._digest(day), news, letter.id)
            text = mail.get_body(("plain",))
            shown = "\n".join([*(f"{key}: {mail[key]}" for key in ("From", "To", "Subject", "Message-ID")), "",
                               text.get_content() if text else "",
                               *(f"[{part.get_filename()}]" for part in mail.iter_attachments())])  # fmt: skip
            yield replace(letter, shown=shown, body=mail)

    def _mail(self, digest: Digest, news: tuple[Notice, ...], id: str) -> EmailMessage:
        # Only the news: what goes on as before was told by an earlier mail.
        short = replace(digest, findings=tuple(one.finding for one in news), quiet=(), practices=(), controls=())
        named = {one.finding.incident for one in news}
        short = replace(short, incidents=tuple(one for one in digest.incidents if one.id in named))
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"] = self._sender, ", ".join(self._to)
        mail["Subject"] = subject(digest, news)
        # The same news have the same id, so that a mailbox can tell a repetition.
        mail["Message-ID"] = f"<{id}@trailwatch.invalid>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(short.render("text"))
        mail.add_alternative(html(short), subtype="html")
        if self._attach:
            mail.add_attachment(self._page(digest), subtype="html", filename=f"digest-{digest.date}.html")
        return mail


def subject(digest: Digest, news: tuple[Notice, ...]) -> str:
    """Return the subject: the day and how grave it is; nothing of a log stands in it."""
    counts = [(sum(one.finding.severity == name for one in news), name) for name in reversed(SEVERITIES)]
    return f"trailwatch {day_name(digest.date)}: " + ", ".join(f"{count} {name}" for count, name in counts if count)


class ToSmtp(ToMail):
    """Sends through a mail server."""

    def __init__(self, name: str, sink: MailSink, *, digest: Days, page: Page) -> None:
        super().__init__(name, sink, digest=digest, page=page)
        self._sink, self._where = sink, f"sink {name}"

    def send(self, message: Message) -> set[str]:
        """Send one mail; a server that is busy is asked again twice."""
        for wait in (*WAITS, None):
            try:
                return self._once(message)
            except (OSError, smtplib.SMTPException) as error:
                code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
                if wait is None or code >= 500 or isinstance(error, (smtplib.SMTPRecipientsRefused, ssl.SSLError)):
                    raise SinkError(f"did not take the mail: {_said(error)}", where=self._where,
                                    hint=f"{self._sink.host}:{self._sink.port}, security, user") from error  # fmt: skip
                time.sleep(wait)
        return set()

    def _once(self, message: Message) -> set[str]:
        sink = self._sink
        context = ssl.create_default_context()
        server: smtplib.SMTP = (
            smtplib.SMTP_SSL(sink.host, sink.port, timeout=PATIENCE, context=context)
            if sink.security == "tls"
            else smtplib.SMTP(sink.host, sink.port, timeout=PATIENCE)
        )
        with server:
            if sink.security == "starttls":
                server.starttls(context=context)
            if sink.user:
                password = os.environ.get(sink.password_env)
                if password is None:
                    raise SinkError(f"has a user and no password in {sink.password_env}", where=self._where)
                server.login(sink.user, password)
            refused = server.send_message(message.body)
        if refused:
            who = ", ".join(sorted(refused))
            raise SinkError(f"took the mail, but not for {who}", where=self._where, hint="to", later=False, took=True)
        return set()


class ToSes(ToMail):
    """Sends through Amazon SES."""

    def __init__(self, name: str, sink: SesSink, *, digest: Days, page: Page, caller: Caller, region: str) -> None:
        super().__init__(name, sink, digest=digest, page=page)
        self._where, self._caller, self._region = f"sink {name}", caller, region

    def send(self, message: Message) -> set[str]:
        """Send one mail as it is."""
        try:
            self._caller.call("sesv2:SendEmail", region=self._region, FromEmailAddress=self._sender,
                              Destination={"ToAddresses": list(self._to)},
                              Content={"Raw": {"Data": message.body.as_bytes()}})  # fmt: skip
        except Refused as error:
            raise failed(error, where=self._where) from error
        return set()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return f"{error.smtp_code} {words}"
    return str(error) or type(error).__name__
