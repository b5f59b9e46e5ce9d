"""What a mail's headers say, whatever bytes they are made of.

The `email` package's newer header classes raise for some malformed headers, so messages are parsed with `compat32`,
and encoded words and 8-bit text are decoded here.
"""

import re
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from charset_normalizer import from_bytes

MOST_IDS = 60  # of a thread: the newest
LONGEST_ID = 200  # characters, as the column is; longer ones are told apart by their beginning
LONGEST_ADDRESS = 254
_ID = re.compile(r"<[^<>\s]{3,}>")
_SPACE = re.compile(r"[\s\x00]+")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")


def header(message: Message, name: str) -> str:
    """The first header of that name as text; empty when there is none."""
    return next((text for text in headers(message, name)), "")


def headers(message: Message, name: str) -> list[str]:
    wanted = name.lower()
    return [decoded(value) for key, value in message.raw_items() if key.lower() == wanted]


def raw_header(message: Message, name: str) -> str:
    """As it stands, unfolded; encoded words are left."""
    wanted = name.lower()
    found = (str(value) for key, value in message.raw_items() if key.lower() == wanted)
    return _SPACE.sub(" ", eight_bit(next(found, ""))).strip()


def decoded(value: object) -> str:
    """A header's value as text: unfolded, its encoded words read."""
    text = _SPACE.sub(" ", eight_bit(str(value))).strip()
    if "=?" not in text:
        return text
    try:
        parts = decode_header(_BETWEEN_WORDS.sub(r"\1 \2", text))
    except (HeaderParseError, ValueError):
        return text
    return _SPACE.sub(" ", "".join(_part(part, charset) for part, charset in parts)).strip()


def _part(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    return decoded_bytes(part, charset or "utf-8")


def eight_bit(text: str) -> str:
    """Bytes that the parser hid as surrogates, read as the text they probably are."""
    if text.isascii():
        return text
    return decoded_bytes(text.encode("utf-8", "surrogateescape"), "utf-8")


def decoded_bytes(content: bytes, charset: str) -> str:
    """Bytes as text: in the charset they claim, in UTF-8, or in the one they look like."""
    for name in (charset or "utf-8", "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, ValueError):  # no such charset, or not in it; codecs such as "hex" raise others of these
            continue
    best = from_bytes(content[:20_000]).best()
    return content.decode(best.encoding if best else "latin-1", "replace")


def addresses(message: Message, name: str) -> list[tuple[str, str]]:
    """Name and lower-case address of each person in headers of that name; what is no address is left out."""
    values = [
        _SPACE.sub(" ", eight_bit(str(value))) for key, value in message.raw_items() if key.lower() == name.lower()
    ]
    try:
        found = getaddresses(values[:20])
    except RecursionError:  # comments within comments within …
        return []
    return [(_name(decoded(each), address), address.lower()) for each, address in found if is_address(address)]


def _name(name: str, address: str) -> str:
    """Without quotes around it; an address that stands in the place of a name is none."""
    name = name.strip("\"' ")
    return "" if "@" in name or name.lower() == address.lower() else name[:200]


def is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(
        at and local and "." in domain and len(text) <= LONGEST_ADDRESS and not re.search(r"[\s<>,;\x00]", text)
    )


def ids(texts: Iterable[str]) -> tuple[str, ...]:
    """The message ids in some headers, each once, with their angle brackets; the newest are kept."""
    found = [each[:LONGEST_ID] for text in texts for each in _ID.findall(text)]
    return tuple(dict.fromkeys(found[-MOST_IDS:]))


def message_id(message: Message) -> str:
    """With its angle brackets; empty when there is none."""
    text = raw_header(message, "Message-ID")
    found = ids([text])
    return found[0] if found else text[:LONGEST_ID]
