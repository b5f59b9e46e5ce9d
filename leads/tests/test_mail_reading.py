# ruff: noqa: E501 - mails as they come
"""What a mail says, as real mail programs and servers write it."""

import time
import tracemalloc
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.mail import Kind, Own, identity_of, read, text_of_html, without_quotes
from leads.mail.kinds import Aside

OWN = Own(frozenset({"office@elm.example"}))
QUOTING = {
    "gmail": "Thursday is fine.\n\nOn Mon, Nov 23, 2026 at 10:12 AM Elm Garage <office@elm.example> wrote:\n\n> Would\n> Thursday do?\n",
    "gmail wrapped": "Thursday is fine.\n\nOn Mon, Nov 23, 2026 at 10:12 AM Elm Street Garage and Body Shop\n<office@elm.example> wrote:\n> Would Thursday do?\n",
    "gmail de": "Thursday is fine.\n\nAm Mo., 23. Nov. 2026 um 10:12 Uhr schrieb Elm <office@elm.example>:\n\n> Passt Donnerstag?\n",
    "gmail fr": "Thursday is fine.\n\nLe lun. 23 nov. 2026 à 10:12, Elm <office@elm.example> a écrit :\n\n> Jeudi ?\n",
    "gmail es": "Thursday is fine.\n\nEl lun, 23 nov 2026 a las 10:12, Elm (<office@elm.example>) escribió:\n\n> ¿Jueves?\n",
    "apple de": "Thursday is fine.\n\n> Am 23.11.2026 um 10:12 schrieb Elm <office@elm.example>:\n> \n> Passt Donnerstag?\n",
    "apple phone": "Thursday is fine.\n\nSent from my iPhone\n\n> On Nov 23, 2026, at 10:12 AM, Elm <office@elm.example> wrote:\n> \n> Would Thursday do?\n",
    "name first": "Thursday is fine.\n\nElm Garage <office@elm.example> schrieb am Mo., 23. Nov. 2026, 10:12:\n\n> Passt Donnerstag?\n",
    "outlook en": "Thursday is fine.\n\nFrom: Elm Garage <office@elm.example>\nSent: Monday, November 23, 2026 10:12 AM\nTo: Ana Lima\nSubject: RE: Brakes\n\nWould Thursday do?\n",
    "outlook de": "Thursday is fine.\n\n________________________________\nVon: Elm <office@elm.example>\nGesendet: Montag, 23. November 2026 10:12\nAn: Ana Lima\nBetreff: AW: Bremsen\n\nPasst Donnerstag?\n",
    "outlook fr": "Thursday is fine.\n\nDe : Elm <office@elm.example>\nEnvoyé : lundi 23 novembre 2026 10:12\nÀ : Ana Lima\nObjet : RE: Freins\n\nJeudi ?\n",
    "old outlook": "Thursday is fine.\n\n-----Original Message-----\nFrom: Elm\nWould Thursday do?\n",
    "old outlook de": "Thursday is fine.\n\n-----Ursprüngliche Nachricht-----\nVon: Elm\nPasst Donnerstag?\n",
    "thunderbird top": "Thursday is fine.\n\nOn 11/23/26 10:12, Elm wrote:\n> Would Thursday do?\n>\n",
    "bottom": "On 11/23/26 10:12, Elm wrote:\n> a\n> b\n> c\n> d\n> Would Thursday do?\n\nThursday is fine.\n",
    "signature": "Thursday is fine.\n\n-- \nAna Lima\nLima Bakery\n",
    "outlook app": "Thursday is fine.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n",
}


@pytest.mark.parametrize("name", QUOTING)
def test_an_answer_is_read_without_what_it_answers(name):
    assert without_quotes(QUOTING[name]) == "Thursday is fine."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote a letter to my bank: they said no.\nCan you help?",
        "From: 9 am\nuntil noon I am at home.",
        "I bought it at\nOn the Road Motors. In 2019 my father wrote:\nit is a good car.",
        "> a quote and nothing else",
        "Options:\n- red\n- blue\n\nBest,\nAna",
    ],
)
def test_what_only_looks_like_a_quote_is_left(text):
    assert without_quotes(text, is_answer=False) == text


def test_answers_between_quoted_lines_keep_what_they_answer():
    text = "On 11/23/26 10:12, Elm wrote:\n> Hello Ana,\n> When?\nThursday.\n> Which car?\nThe Golf.\n> Regards\n"
    assert without_quotes(text) == "> Hello Ana,\n> When?\nThursday.\n> Which car?\nThe Golf."


def test_a_forwarded_mail_stays_whole_and_a_first_mail_keeps_its_signature():
    text = "See below.\n\n---------- Forwarded message ---------\nFrom: Ana <ana@example.com>\nDate: x\nTo: y\n\n> My brakes squeal."
    assert without_quotes(text) == text
    assert without_quotes("Hello.\n\n-- \nAna, 0171 1234567", is_answer=False).endswith("0171 1234567")


def letter(headers: str = "", text: str = "Hello", sender: str = "Ana Lima <ana@example.com>") -> bytes:
    return f"From: {sender}\r\nTo: office@elm.example\r\nSubject: Brakes\r\n{headers}\r\n{text}\r\n".encode()


def aside(headers: str = "", **what: str) -> Aside | None:
    return read(letter(headers, **what), OWN).aside


REPORT = 'Content-Type: multipart/report; report-type={kind}; boundary="b"\r\n'
DSN = """This is the mail system at host mx.example.com.

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; ana@example.com
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ana@example.com>: no such user

--b
Content-Type: text/rfc822-headers

From: office@elm.example
Message-ID: <reply-1@elm.example>

--b--
"""


@pytest.mark.parametrize(
    ("kind", "mail"),
    [
        (Kind.AUTO_REPLY, {"headers": "Auto-Submitted: auto-replied\r\n"}),
        (Kind.AUTO_REPLY, {"headers": "Auto-Submitted: auto-generated; x=y\r\n"}),
        (Kind.AUTO_REPLY, {"headers": "Precedence: auto_reply\r\n"}),
        (Kind.AUTO_REPLY, {"headers": "X-Autoreply: yes\r\n"}),
        (Kind.AUTO_REPLY, {"headers": "X-Auto-Response-Suppress: All\r\nSubject: Automatic reply: Brakes\r\n"}),
        (Kind.AUTO_REPLY, {"headers": "Return-Path: <>\r\n"}),
        (Kind.BOUNCE, {"sender": "Mail Delivery System <MAILER-DAEMON@mx.example.com>"}),
        (Kind.BOUNCE, {"sender": "postmaster@example.com", "headers": "Return-Path: <>\r\n"}),
        (Kind.BOUNCE, {"headers": REPORT.format(kind="delivery-status"), "text": DSN.format(action="failed")}),
        (Kind.DELAYED, {"headers": REPORT.format(kind="delivery-status"), "text": DSN.format(action="delayed")}),
        (Kind.RECEIPT, {"headers": REPORT.format(kind="disposition-notification")}),
        (Kind.REPORT, {"headers": REPORT.format(kind="feedback-report")}),
        (Kind.NEWSLETTER, {"headers": "List-Unsubscribe: <https://mc.example/u>\r\nX-Mailer: MailChimp\r\n"}),
        (Kind.NEWSLETTER, {"headers": "List-Id: Dogs <dogs.lists.example.com>\r\n"}),
        (Kind.NEWSLETTER, {"headers": "Precedence: bulk\r\n"}),
        (Kind.LOOP, {"headers": "X-baseCamp: reply\r\n"}),
        (Kind.LOOP, {"sender": "Elm Garage <Office@Elm.example>"}),
        (Kind.LOOP, {"headers": "Received: from a by b\r\n" * 51}),
    ],
)
def test_what_is_no_inquiry_is_set_aside(kind, mail):
    if "Subject: Automatic" in mail.get("headers", ""):
        mail = mail | {"headers": mail["headers"]}
        raw = letter(mail["headers"]).replace(b"Subject: Brakes\r\n", b"", 1)
        found = read(raw, OWN).aside
    else:
        found = aside(**mail)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "mail",
    [
        {},
        {"headers": "Auto-Submitted: no\r\n"},
        {"headers": "X-Auto-Response-Suppress: OOF\r\n"},  # what forms' mailers ask for
        {"headers": "List-Id: Office <office.elm.example>\r\nPrecedence: list\r\n"},  # a shared mailbox that is a group
        {"sender": "Elm <office@elm.example>", "headers": "Reply-To: Ana <ana@example.com>\r\n"},
        {"headers": "Precedence: normal\r\nX-Priority: 1\r\n"},
    ],
)
def test_what_may_be_an_inquiry_is_not(mail):
    assert aside(**mail) is None


def test_a_bounce_says_which_mail_did_not_arrive_and_why():
    headers = REPORT.format(kind="delivery-status")
    found = read(letter(headers, DSN.format(action="failed"), "MAILER-DAEMON@mx.example.com")).undelivered
    assert found is not None
    assert found.message_ids == ("<reply-1@elm.example>",)
    assert (found.recipient, found.reason) == ("ana@example.com", "550 5.1.1 <ana@example.com>: no such user")


def test_an_old_mail_server_tells_it_in_its_text():
    text = "Hi. This is the qmail-send program.\n\n<ana@example.com>:\nno mailbox\n\nMessage-ID: <reply-1@elm.example>\nSubject: x"
    found = read(letter(text=text, sender="MAILER-DAEMON@mx.example.com")).undelivered
    assert found is not None
    assert found.message_ids == ("<reply-1@elm.example>",)


@pytest.mark.parametrize(
    ("sender", "answer_to", "person"),
    [
        ("Ana <ana@example.com>", "", ("Ana", "ana@example.com")),
        ("Ana <ana@example.com>", "team@other.example", ("Ana", "ana@example.com")),
        ("WordPress <wordpress@elm.example>", "Ana <ana@example.com>", ("Ana", "ana@example.com")),
        ("Elm site <web@elm.example>", "Ana <ana@example.com>", ("Ana", "ana@example.com")),
        ("Forms <form-submission@squarespace.info>", "ana@example.com", ("", "ana@example.com")),
        ("Shop <no-reply@shop.example>", "", ("", "")),
        ("Colleague <bob@elm.example>", "", ("", "")),
        ('"ana@example.com" <ana@example.com>', "", ("", "ana@example.com")),
        ('"Lima, Ana" <Ana@Example.com>', "", ("Lima, Ana", "ana@example.com")),
        ("=?iso-8859-1?q?J=FCrgen?= =?utf-8?b?IE3DvGxsZXI=?= <j@example.com>", "", ("Jürgen Müller", "j@example.com")),
        ("not an address", "", ("", "")),
    ],
)
def test_who_wrote(sender, answer_to, person):
    headers = f"Reply-To: {answer_to}\r\n" if answer_to else ""
    found = read(letter(headers, sender=sender), OWN).person
    assert (found.name, found.address) == person


def test_html_mail_is_read_as_its_reader_sees_it():
    html = """<html><head><title>No</title><style>p{color:red}</style></head><body>
    <div style="display:none;max-height:0">Preheader nobody sees</div><span style="font-size:0px">nor this</span>
    <p>Hello&nbsp;Ana,<br>two   words &amp; <b>bold</b></p><ul><li>one</li><li>two</li></ul>
    <table><tr><td>Name</td><td>Ana Lima</td></tr><tr><th>Phone:</th><td>0171 1234567</td></tr>
    <tr><td>a</td><td>b</td><td>c</td></tr></table>
    <a href="https://elm.example/x">our page</a> <a href="mailto:ana@example.com">ana@example.com</a>
    <img src="https://t.example/p.gif" width="1"><script>alert(1)</script><!-- no --><blockquote>quoted<br>twice</blockquote>
    </body></html>"""
    assert text_of_html(html) == (
        "Hello Ana,\ntwo words & bold\n\n- one\n- two\n\nName: Ana Lima\nPhone: 0171 1234567\na | b | c\n\n"
        "our page <https://elm.example/x> ana@example.com\n\n> quoted\n> twice"
    )


def test_an_outlook_answer_in_html_alone_is_read_without_the_quoted_mail():
    html = (
        "<div>Thursday is fine.</div><div><br></div><hr><div id=divRplyFwdMsg><b>From:</b> Elm &lt;office@elm.example&gt;<br>"
        "<b>Sent:</b> Monday<br><b>To:</b> Ana<br><b>Subject:</b> Brakes</div><div>Would Thursday do?</div>"
    )
    raw = letter("Content-Type: text/html; charset=utf-8\r\nIn-Reply-To: <r@elm.example>\r\n", html)
    found = read(raw)
    assert (found.text, found.references) == ("Thursday is fine.", ("<r@elm.example>",))
    assert "Would Thursday do?" in found.whole_text


def built() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ana <ana@example.com>", "office@elm.example", "Bremsen – dringend"
    mail["Message-ID"], mail["References"] = "<m1@example.com>", "<a@x.example> <b@x.example>"
    mail.set_content("Grüße aus Köln")
    mail.add_alternative("<p>Grüße aus <b>Köln</b></p><img src='cid:logo@x'>", subtype="html")
    mail.get_payload()[1].add_related(
        b"GIF89a" + b"x" * 50, "image", "gif", cid="<logo@x>", filename="image001.gif", disposition="inline"
    )
    mail.get_payload()[1].add_related(
        b"\xff\xd8" + b"x" * 40_000, "image", "jpeg", cid="<p@x>", filename="IMG_1.jpg", disposition="inline"
    )
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="Angebot für Köln.pdf")
    return mail


def test_text_files_and_thread_of_a_mail_with_everything():
    found = read(built().as_bytes())
    assert (found.text, found.subject, found.message_id) == ("Grüße aus Köln", "Bremsen – dringend", "<m1@example.com>")
    assert found.references == ("<a@x.example>", "<b@x.example>")
    assert [(each.name, len(each.content)) for each in found.attachments] == [
        ("IMG_1.jpg", 40_002),  # a photo; the small one beside it is a logo
        ("Angebot für Köln.pdf", 8),
    ]


def test_a_mail_within_the_mail_is_a_file():
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "bob@example.com", "Fwd: Bremsen"
    outer.set_content("See the mail.")
    outer.add_attachment(built())
    (file,) = read(outer.as_bytes()).attachments
    assert file.name == "Bremsen – dringend.eml"
    assert read(file.content).text == "Grüße aus Köln"


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ("Content-Type: text/plain; charset=iso-8859-1\r\n", "Gr\xfc\xdfe".encode("latin-1"), "Grüße"),
        ("Content-Type: text/plain; charset=utf-8\r\n", "Grüße an alle, schöne Woche".encode("cp1252"), "Grüße an alle, schöne Woche"),
        ("Content-Type: text/plain; charset=no-such-thing\r\n", "Grüße".encode(), "Grüße"),
        ("", "Grüße".encode(), "Grüße"),
        ("Content-Transfer-Encoding: base64\r\n", b"SGVsbG8=!!", "Hello"),
        ("Content-Type: text/plain; format=flowed\r\n", b"One \r\nparagraph.\r\nTwo.", "One paragraph.\nTwo."),
        ("Content-Type: multipart/mixed\r\n", b"No boundary", "No boundary"),
    ],
)  # fmt: skip
def test_broken_and_old_codings(headers, body, text):
    assert read(b"From: a@b.example\r\n" + headers.encode() + b"\r\n" + body).text == text


def test_a_subject_in_raw_bytes_is_read():
    assert read("Subject: Grüße aus Köln\n\nx".encode()).subject == "Grüße aus Köln"


# ---- garbage ---------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b"From: ", b"Subject: ", b"=?utf-8?b?", b"?=", b"=?x?q?=ZZ?=", b"\r\n", b"\n\n", b"Content-Type: multipart/mixed; boundary=",
        b"b\n", b"--b\n", b"--b--\n", b"Content-Type: text/html; charset=", b"hex", b"utf-16", b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: uuencode\n", b"message/rfc822\n", b"multipart/report; report-type=delivery-status; boundary=b",
        b"message/delivery-status\n", b"<a@b.example>", b"References: ", b"Reply-To: ", b"\xff\xfe\x00", b"<div style='display:none'>",
        b"On 1:23 wrote:\n", b"> ", b"Date: Mon, 99 Foo 99999 99:99:99 +9999\n", b"filename*0*=utf-8''%ff", b"\x1f", b"text/plain\n",
        b"multipart/alternative; boundary=b\n", b"Content-Disposition: attachment; filename=", b"List-Id: <", b"Message-ID: ", b"idna", b"punycode",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=40).map(b"".join))
def test_no_mail_however_broken_raises(raw):
    found = read(raw, OWN)
    assert isinstance(found.text, str)
    assert len(identity_of(raw)) == 64


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(3000)),
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"To: " + b"<a@b.example>, " * 50_000 + b"\n\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\n\nx",
        b"References: " + b"<a@b.example> " * 100_000 + b"\n\nx",
        b"From: " + b"(" * 100_000 + b"\n\nx",
        b'From: "' + b"\\" * 100_000 + b"\n\nx",
        b"Content-Type: text/html\n\n" + b"<a href='" * 100_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 200_000,
        b"X: y\n" * 100_000 + b"\nx",
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 50_000,
        b"Content-Type: text/plain; charset=" + b"x" * 100_000 + b"\n\n" + b"\xff" * 1_000_000,
        b"Content-Type: text/plain" + b"; a*0=b" * 20_000 + b"\n\nx",
    ],
)
def test_what_is_made_to_take_long_does_not(raw):
    start = time.monotonic()
    read(raw, OWN)
    identity_of(raw)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 200_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\r\r" * 200_000,
        b"Content-Type: message/delivery-status\n\n" + b"a:b\n\n" * 200_000,
    ],
)
def test_what_is_made_to_fill_the_memory_is_read_as_text(raw):
    tracemalloc.start()
    found = read(b"From: ana@example.com\n" + raw, OWN)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.person.address == "ana@example.com"
    assert most < 20 * len(raw)


@pytest.mark.parametrize("domain", ["hotmail.co.uk", "yahoo.fr", "bluewin.ch", "gmail.com"])
def test_a_customer_of_the_same_provider_is_no_colleague(domain):
    own = Own(frozenset({f"garage@{domain}"}))
    assert read(letter(sender=f"Ana <ana@{domain}>"), own).person.address == f"ana@{domain}"


def test_the_same_mail_by_two_ways_is_one_and_others_behind_its_id_are_not():
    raw = letter("Message-ID: <m@x.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n")
    piped = (
        b"From ana@example.com Mon Nov 23 2026\nDelivered-To: a\nReceived: x\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    )
    assert identity_of(raw) == identity_of(piped)
    others = [raw.replace(b"Hello", b"Hallo"), raw.replace(b"ana@", b"eve@"), raw.replace(b"10:00", b"10:01")]
    assert len({identity_of(each) for each in [raw, *others]}) == 4
