"""One mail, read: who wrote, what, in answer to what, with which files, and whether it is an inquiry at all."""

import datetime as dt
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import parsedate_to_datetime

from leads.mail import kinds
from leads.mail.headers import addresses, decoded, decoded_bytes, header, ids, message_id, raw_header
from leads.mail.html import text_of_html
from leads.mail.identity import parse_headers, whole
from leads.mail.kinds import Aside, Own, Undelivered
from leads.mail.quotes import without_quotes

LONGEST_TEXT = 500_000  # characters of one part
LONGEST_NAME = 200
LONGEST_HEADERS = 50_000  # characters that are kept of them
MOST_FILES = 50
MOST_SEPARATORS = 50_000  # lines that may part a mail: each part takes a kilobyte, whatever is in it
SMALL_PICTURE = 15_000  # bytes: what is smaller and stands within the text is a logo or counts readers
ENCRYPTED = "This e-mail is encrypted. Open it in your mail program."
SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
SOFT_BREAK = re.compile(r" +$")


@dataclass(frozen=True, slots=True)
class Person:
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """`person` is who wrote: the sender, or whom a form's mailer says to answer; empty where that is nobody. `text` is
    what was written now, `whole_text` with the quoted mail below it. `references` are message ids, the oldest first."""

    message_id: str
    references: tuple[str, ...]
    sender: Person
    person: Person
    to: tuple[str, ...]
    subject: str
    written_at: dt.datetime | None
    text: str
    whole_text: str
    attachments: tuple[Attachment, ...]
    headers: tuple[tuple[str, str], ...]
    aside: Aside | None
    undelivered: Undelivered | None = None

    @property
    def is_answer(self) -> bool:
        return bool(self.references)


def read(raw: bytes, own: Own = Own()) -> Mail:  # noqa: B008 - frozen
    """Reads a mail as it came. Whatever is broken in it is read as far as it goes."""
    message = _parsed(whole(raw))
    sender = _first(message, "From")
    references = ids([raw_header(message, "References"), raw_header(message, "In-Reply-To")])
    whole_text, attachments = _content(message)
    subject = header(message, "Subject")[:1000]
    aside = kinds.aside(message, own)
    return Mail(
        message_id=message_id(message),
        references=references,
        sender=sender,
        person=_person(message, sender, own),
        to=tuple(address for name in ("To", "Cc") for _, address in addresses(message, name))[:50],
        subject=subject,
        written_at=_date(raw_header(message, "Date")),
        text=without_quotes(whole_text, subject=subject, is_answer=bool(references)),
        whole_text=whole_text,
        attachments=attachments,
        headers=_headers(message),
        aside=aside,
        undelivered=kinds.undelivered(message)
        if aside and aside.kind in (kinds.Kind.BOUNCE, kinds.Kind.DELAYED)
        else None,
    )


def _parsed(raw: bytes) -> Message:
    """A mail with so many parts, or parts within parts, that no parser gets to the end of it is read as plain text."""
    if _separators(raw) > MOST_SEPARATORS:
        return _unparted(raw)
    try:
        return message_from_bytes(raw, policy=compat32)
    except RecursionError:
        return _unparted(raw)


def _separators(raw: bytes) -> int:
    """Boundaries begin so; in reports each empty line parts two blocks."""
    found = [b"\n--", b"\r--"]
    if b"message/delivery-status" in raw.lower():
        found += [b"\n\n", b"\r\r"]
    return sum(map(raw.count, found))


def _unparted(raw: bytes) -> Message:
    head, _, body = raw.partition(b"\n\n")
    message = parse_headers(head)
    del message["Content-Type"]
    message.set_payload(body[:LONGEST_TEXT].decode("utf-8", "surrogateescape"))
    return message


def _first(message: Message, name: str) -> Person:
    return next((Person(*found) for found in addresses(message, name)), Person())


def _person(message: Message, sender: Person, own: Own) -> Person:
    answer_to = _first(message, "Reply-To")
    is_mailer = kinds.is_nobody(sender.address) or own.is_of_house(sender.address) or own.has(sender.address)
    if not is_mailer:
        return sender
    if answer_to.address and not kinds.is_nobody(answer_to.address) and not own.has(answer_to.address):
        return Person(answer_to.name, answer_to.address)
    # A colleague who passes on an inquiry is no customer, and a program is nobody.
    return Person()


def _date(text: str) -> dt.datetime | None:
    """What the sender's clock said; it may lie."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _headers(message: Message) -> tuple[tuple[str, str], ...]:
    kept, size = [], 0
    for name, value in message.raw_items():
        text = decoded(value)[:5000]
        size += len(name) + len(text)
        if size > LONGEST_HEADERS:
            break
        kept.append((decoded(name), text))
    return tuple(kept)


# ---- text and files --------------------------------------------------------------------------------------------------


def _content(message: Message) -> tuple[str, tuple[Attachment, ...]]:
    texts: list[str] = []
    files: list[Attachment] = []
    chosen = _unchosen_alternatives(message)
    for part in _leaves(message):
        if id(part) in chosen:
            continue
        if _is_text(part):
            texts.append(_text(part))
        elif len(files) < MOST_FILES and _is_worth_keeping(part):
            files.append(_attachment(part))
    text = "\n\n".join(filter(None, (each.strip() for each in texts)))
    if not text and message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime"):
        text = ENCRYPTED
    return text, tuple(files)


def _leaves(message: Message) -> list[Message]:
    """The parts that hold something; a mail within the mail is one of them."""
    waiting = [message]
    found: list[Message] = []
    while waiting and len(found) < kinds.MOST_PARTS:
        part = waiting.pop()
        payload = part.get_payload() if part.is_multipart() else None
        if isinstance(payload, list) and part.get_content_maintype() != "message":
            waiting += [each for each in reversed(payload) if isinstance(each, Message)]
        else:
            found.append(part)
    return found


def _unchosen_alternatives(message: Message) -> set[int]:
    """Of parts that say the same in two ways, the HTML one; the plain one, where that is empty or only says to look at
    the other."""
    left: set[int] = set()
    for part in kinds.parts(message):
        if part.get_content_type() == "multipart/alternative":
            leaves = _leaves(part)
            plain = [each for each in leaves if each.get_content_type() == "text/plain" and _is_text(each)]
            html = [each for each in leaves if each.get_content_type() == "text/html" and _is_text(each)]
            if plain and html:
                says = _text(plain[0]).strip()
                is_stub = not says or (
                    len(says) < 200 and "html" in says.lower() and len(_text(html[0])) > 2 * len(says)
                )
                left |= {id(each) for each in (plain if is_stub else html)}
    return left


def _is_text(part: Message) -> bool:
    if part.get_content_maintype() == "multipart":  # one without its boundary
        return not part.is_multipart()
    is_file = part.get_content_disposition() == "attachment" or bool(part.get_filename())
    return part.get_content_type() in ("text/plain", "text/html", "text/enriched") and not is_file


def _text(part: Message) -> str:
    text = decoded_bytes(_bytes(part)[: 4 * LONGEST_TEXT], str(part.get_param("charset") or "utf-8"))
    text = text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    if part.get_content_type() == "text/html":
        return text_of_html(text)
    if str(part.get_param("format") or "").lower() == "flowed":
        return _unflowed(text, delsp=str(part.get_param("delsp") or "").lower() == "yes")
    return text


def _unflowed(text: str, *, delsp: bool) -> str:
    """Paragraphs in one line each again (RFC 3676)."""
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        is_quoted = line.startswith(">")
        line = line.removeprefix(" ")
        if is_open and not is_quoted and line != "-- ":
            lines[-1] = (SOFT_BREAK.sub("", lines[-1]) if delsp else lines[-1]) + line
        else:
            lines.append(line)
        is_open = line.endswith(" ") and line != "-- " and not is_quoted
    return "\n".join(lines)


def _bytes(part: Message) -> bytes:
    """What the part holds, decoded; as it stands where its coding is broken."""
    if part.is_multipart():
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        return _as_bytes(inner) if isinstance(inner, Message) else b""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError):
        content = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return content if isinstance(content, bytes) else b""


def _as_bytes(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (ValueError, LookupError, KeyError, TypeError, AttributeError, RecursionError):  # as broken mails may raise
        return "\n".join(f"{name}: {decoded(value)}" for name, value in message.raw_items()).encode()


def _is_worth_keeping(part: Message) -> bool:
    """Not logos and counters of readers within the text, and not what only machines check."""
    if part.get_content_type() in SIGNATURES or part.get_content_maintype() == "multipart":
        return False
    is_within = bool(part.get("Content-ID")) and part.get_content_disposition() != "attachment"
    is_small_picture = part.get_content_maintype() == "image" and len(_bytes(part)) < SMALL_PICTURE
    return not (is_within and is_small_picture) and bool(_bytes(part))


def _attachment(part: Message) -> Attachment:
    return Attachment(_file_name(part), part.get_content_type(), _bytes(part))


def _file_name(part: Message) -> str:
    try:
        name = decoded(part.get_filename() or "")
    except (ValueError, LookupError, TypeError):
        name = ""
    if not name and part.get_content_maintype() == "message" and part.is_multipart():
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        subject = header(first, "Subject") if isinstance(first, Message) else ""
        name = f"{subject[:80] or 'message'}.eml"
    name = name.replace("\\", "/").rpartition("/")[2].strip()
    return name[-LONGEST_NAME:] or f"file.{part.get_content_subtype()[:10]}"
