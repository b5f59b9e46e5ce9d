"""What makes a mail the same mail, by whichever way it comes."""

import hashlib
import re
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

from leads.mail.headers import message_id, raw_header

_ENVELOPE = re.compile(rb">?From [^\n]*\n")  # what mail servers put before a mail that they hand to a program


def whole(raw: bytes) -> bytes:
    """The mail alone: with the line ends of the mail's own standard taken for plain ones, and without what a mail
    server put around it. Mailboxes and pipes differ in these."""
    raw = raw.replace(b"\r\n", b"\n")
    envelope = _ENVELOPE.match(raw)
    return raw[envelope.end() :] if envelope else raw


def identity_of(raw: bytes, *, size: int | None = None) -> str:
    """SHA-256, as hex, of what no mailbox on the way changes: Message-ID, From, Date and the body.

    Message-ID alone won't do: broken mailers give one to many mails, and whoever knows it could hide another mail
    behind it. The other headers won't do either: the same mail in two mailboxes differs in them. `size`: of a mail of
    which only the headers are at hand.
    """
    head, body = _parted(whole(raw))
    message = parse_headers(head)
    digest = hashlib.sha256()
    for name in ("Message-ID", "From", "Date"):
        digest.update(raw_header(message, name).encode("utf-8", "replace") + b"\x00")
    digest.update(b"size %d" % size if size is not None else body.strip())
    return digest.hexdigest()


def message_id_of(raw: bytes) -> str:
    return message_id(parse_headers(_parted(whole(raw))[0]))


def parse_headers(head: bytes) -> Message:
    message: Message = BytesHeaderParser(policy=compat32).parsebytes(head)
    return message


def _parted(raw: bytes) -> tuple[bytes, bytes]:
    head, _, body = raw.partition(b"\n\n")
    return head + b"\n", body
