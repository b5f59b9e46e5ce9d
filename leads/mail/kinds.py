"""Why a mail is no inquiry: bounces, automatic answers, receipts, newsletters, and what we sent ourselves.

After RFC 3834 (automatic answers), 3464 (delivery reports), 8098 (receipts), 5965 (abuse reports), 2369 and 2919
(lists), and what mail programs do beside these.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

from leads.mail.headers import addresses, decoded, eight_bit, header, headers, ids, is_address, raw_header

MARK = "X-baseCamp"  # in whatever baseCamp sends
MOST_HOPS = 50
MOST_PARTS = 300
LONGEST_REASON = 200
# Whose addresses are everybody's: that one's own is among them says nothing of the others.
SHARED_DOMAINS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "msn.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "aol.com",
        "gmx.de",
        "gmx.net",
        "gmx.at",
        "gmx.ch",
        "web.de",
        "t-online.de",
        "freenet.de",
        "posteo.de",
        "mail.de",
        "proton.me",
        "protonmail.com",
        "orange.fr",
        "free.fr",
        "laposte.net",
        "libero.it",
        "yandex.ru",
        "mail.ru",
        "zoho.com",
        "fastmail.com",
        "comcast.net",
        "verizon.net",
        "att.net",
        "sbcglobal.net",
        "bellsouth.net",
        "cox.net",
        "charter.net",
        "rocketmail.com",
        "mac.com",
        "pm.me",
        "mail.com",
        "email.de",
        "mailbox.org",
        "arcor.de",
        "online.de",
        "vodafone.de",
        "bluewin.ch",
        "hispeed.ch",
        "aon.at",
        "chello.at",
        "wanadoo.fr",
        "sfr.fr",
        "neuf.fr",
        "bbox.fr",
        "skynet.be",
        "telenet.be",
        "ziggo.nl",
        "kpnmail.nl",
        "planet.nl",
        "hetnet.nl",
        "home.nl",
        "virgilio.it",
        "alice.it",
        "tin.it",
        "tiscali.it",
        "telefonica.net",
        "wp.pl",
        "o2.pl",
        "onet.pl",
        "interia.pl",
        "seznam.cz",
        "email.cz",
        "centrum.cz",
        "sky.com",
        "talktalk.net",
        "virginmedia.com",
        "ntlworld.com",
        "blueyonder.co.uk",
        "bigpond.com",
        "optusnet.com.au",
        "shaw.ca",
        "rogers.com",
        "qq.com",
        "163.com",
        "btinternet.com",
    ]
)
# These have one for each country: hotmail.co.uk, yahoo.fr.
SHARED_NAMES = frozenset({"gmx", "hotmail", "live", "outlook", "yahoo", "ymail", "yandex"})
POSTMASTERS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "bounce", "bounces"})
NOBODY = re.compile(
    r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply|noreply|wordpress|wp|form|forms|form-?submission|formular|"
    r"kontaktformular|contact-?form|contactform|webform|web-?mailer|mailer|formmailer|notification|notifications|notify|"
    r"nicht-?antworten|ne-?pas-?repondre|no-?responder|www-data|apache|nobody|root)(?:[+.-].*)?$"
)
AUTO_SUBJECT = re.compile(
    r"^\W*(?:automatic reply|auto[- ]?reply|autoreply|out of (?:the )?office|automatische antwort|abwesenheits?|"
    r"abwesend|réponse automatique|absence du bureau|respuesta automática|risposta automatica|fuori sede|"
    r"resposta automática|automatisch antwoord|autosvar|odpowiedź automatyczna|automatická odpověď)",
    re.IGNORECASE,
)


class Kind(StrEnum):
    BOUNCE = "bounce"
    DELAYED = "delayed"
    AUTO_REPLY = "auto_reply"
    RECEIPT = "receipt"
    REPORT = "report"
    NEWSLETTER = "newsletter"
    LOOP = "loop"
    FLOOD = "flood"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Own:
    """The business's own addresses, in lower case."""

    addresses: frozenset[str] = frozenset()

    def has(self, address: str) -> bool:
        return address in self.addresses

    def is_of_house(self, address: str) -> bool:
        """Whether the address, or the name of a list, is in one of the business's own domains."""
        domain = address.rpartition("@")[2]
        return any(domain == own or domain.endswith(f".{own}") for own in self._domains())

    def _domains(self) -> set[str]:
        domains = {each.rpartition("@")[2] for each in self.addresses} - SHARED_DOMAINS - {""}
        return {each for each in domains if each.partition(".")[0] not in SHARED_NAMES}


@dataclass(frozen=True, slots=True)
class Aside:
    """Why a mail is set aside, as a sentence for staff."""

    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a delivery report says: of which of our mails, to whom, and why."""

    message_ids: tuple[str, ...]
    recipient: str
    reason: str


def is_nobody(address: str) -> bool:
    """Whether nobody reads what is sent there, or a form's program writes from it."""
    local = address.partition("@")[0]
    return bool(NOBODY.match(local)) or local in POSTMASTERS


def parts(message: Message) -> Iterator[Message]:
    """The message and what is in it, depth first, without recursion and with an end."""
    waiting, count = [message], 0
    while waiting and count < MOST_PARTS:
        part = waiting.pop()
        count += 1
        yield part
        payload = part.get_payload() if part.is_multipart() else ()
        waiting += [each for each in reversed(list(payload)) if isinstance(each, Message)]


def aside(message: Message, own: Own) -> Aside | None:
    """Why the mail is no inquiry; None when it may be one."""
    for asks in (_ours, _report, _bounce, _automatic, _newsletter, _own_sender):
        found = asks(message, own)
        if found:
            return found
    return None


def _ours(message: Message, own: Own) -> Aside | None:
    if raw_header(message, MARK):
        return Aside(Kind.LOOP, "baseCamp itself sent it.")
    if len(headers(message, "Received")) > MOST_HOPS:
        return Aside(Kind.LOOP, "It went round in circles: too many mail servers passed it on.")
    return None


def _report(message: Message, own: Own) -> Aside | None:
    if message.get_content_type() != "multipart/report":
        return None
    kind = str(message.get_param("report-type") or "").lower()
    if kind == "disposition-notification":
        return Aside(Kind.RECEIPT, "It is a receipt: somebody’s mail program says that a mail was opened or deleted.")
    if kind == "feedback-report":
        return Aside(Kind.REPORT, "It is a report on abuse from another mail server.")
    if kind in ("delivery-status", ""):
        return _delivery(message)
    return Aside(Kind.REPORT, "It is a report from another mail server.")


def _delivery(message: Message) -> Aside:
    actions = {word.lower() for word in _status_values(message, "Action")}
    if actions and "failed" not in actions:
        if "delayed" in actions:
            return Aside(Kind.DELAYED, "A mail from here is late: another mail server goes on trying.")
        return Aside(Kind.RECEIPT, "A mail server says that a mail was delivered.")
    return Aside(Kind.BOUNCE, "A mail from here could not be delivered.")


def _bounce(message: Message, own: Own) -> Aside | None:
    """What older mail servers send, without a report."""
    sender = next((address for _, address in addresses(message, "From")), raw_header(message, "From").lower())
    local = sender.strip("<> ").partition("@")[0]
    if local in POSTMASTERS or (raw_header(message, "X-Failed-Recipients")):
        return Aside(Kind.BOUNCE, "A mail from here could not be delivered.")
    return None


def _automatic(message: Message, own: Own) -> Aside | None:
    auto = header(message, "Auto-Submitted").lower().split(";")[0].strip()
    if auto and auto != "no":
        return Aside(Kind.AUTO_REPLY, "A program wrote it by itself, as an out-of-office message.")
    precedence = header(message, "Precedence").lower()
    is_marked = precedence in ("auto_reply", "auto-reply") or any(
        raw_header(message, name) not in ("", "no")
        for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Mail-Autoreply")
    )
    # The header asks that nobody answers by a program; forms' mailers set it, too. So it counts only beside a subject.
    subject = header(message, "Subject")
    is_asked = bool(raw_header(message, "X-Auto-Response-Suppress") or raw_header(message, "Return-Path") == "<>")
    if is_marked or (is_asked and AUTO_SUBJECT.match(subject)):
        return Aside(Kind.AUTO_REPLY, "It is an automatic answer, as an out-of-office message.")
    if raw_header(message, "Return-Path") == "<>":
        return Aside(Kind.AUTO_REPLY, "A program wrote it: it has no sender that could be answered.")
    return None


def _newsletter(message: Message, own: Own) -> Aside | None:
    """Not what came through the business's own list, as of a shared mailbox that is a group."""
    lists = [raw_header(message, name).lower() for name in ("List-Id", "List-Post")]
    found = [each for text in lists for each in re.findall(r"<(?:mailto:)?([^<>\s]+)>", text)]
    if any(own.is_of_house(each.replace("@", ".", 1)) or own.is_of_house(each) for each in found):
        return None
    if raw_header(message, "List-Id") or raw_header(message, "List-Unsubscribe"):
        return Aside(Kind.NEWSLETTER, "It is a newsletter or came through a mailing list.")
    if header(message, "Precedence").lower() in ("bulk", "list", "junk"):
        return Aside(Kind.NEWSLETTER, "It is a mass mailing, says its sender.")
    return None


def _own_sender(message: Message, own: Own) -> Aside | None:
    """A form's mailer writes from the own address, too, but names the visitor as whom to answer."""
    sender = next((address for _, address in addresses(message, "From")), "")
    answer_to = [address for _, address in addresses(message, "Reply-To")]
    if own.has(sender) and not any(not own.has(address) for address in answer_to):
        return Aside(Kind.LOOP, "It comes from your own address.")
    return None


# ---- what a delivery report is about -------------------------------------------------------------------------------


def undelivered(message: Message) -> Undelivered:
    """By the report's parts; by the text where the mail server wrote none."""
    found = [raw_header(message, name) for name in ("References", "In-Reply-To")]
    for part in list(parts(message))[1:]:
        found += [raw_header(part, "Message-ID"), raw_header(part, "References")]
        if (
            part.get_content_type() in ("text/rfc822-headers", "text/plain", "message/rfc822")
            and not part.is_multipart()
        ):
            found += _ids_of_text(part)
    if not message.is_multipart():
        found += _ids_of_text(message)
    recipient = next(
        iter([*_status_values(message, "Final-Recipient"), *_status_values(message, "Original-Recipient")]), ""
    )
    recipient = recipient.rpartition(";")[2].strip() or raw_header(message, "X-Failed-Recipients")
    said = next(iter([*_status_values(message, "Diagnostic-Code"), *_status_values(message, "Status")]), "")
    reason = said.partition(";")[2].strip() if said.lower().startswith("smtp;") else said
    return Undelivered(ids(found), recipient if is_address(recipient) else "", reason[:LONGEST_REASON])


def _ids_of_text(part: Message) -> list[str]:
    payload = part.get_payload()
    text = eight_bit(payload) if isinstance(payload, str) else ""
    return re.findall(r"^>?\s*Message-I[dD]:\s*(<[^<>\s]{3,200}>)", text[:100_000], re.MULTILINE)


def _status_values(message: Message, name: str) -> list[str]:
    """Of a field in the report's machine-readable part."""
    wanted = name.lower()
    found = []
    for part in parts(message):
        if part.get_content_type() == "message/delivery-status":
            for block in parts(part):
                found += [decoded(value) for key, value in block.raw_items() if key.lower() == wanted]
    return found
