"""What files strangers may send: their content decides, and their name must not say otherwise. Pure: no Django.

Nothing here unpacks or decodes a file: a visitor waits, and whoever sends it may want it to take long.
"""

import io
import re
import struct
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import puremagic
from PIL import Image

JPEG, PNG, GIF, WEBP, PDF = "image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"
TEXT, CSV, CALENDAR, VCARD = "text/plain", "text/csv", "text/calendar", "text/vcard"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT, ODS = "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True, slots=True)
class Kind:
    """`endings`: of names, the usual one first; `group`: whose names it may have."""

    label: str
    endings: tuple[str, ...]
    group: str = ""


# Images among themselves and texts among themselves are often misnamed by honest programs; the name is corrected then.
KINDS: Mapping[str, Kind] = {
    JPEG: Kind("JPEG image", ("jpg", "jpeg", "jfif", "jpe"), "image"),
    PNG: Kind("PNG image", ("png",), "image"),
    GIF: Kind("GIF image", ("gif",), "image"),
    WEBP: Kind("WebP image", ("webp",), "image"),
    PDF: Kind("PDF", ("pdf",)),
    TEXT: Kind("Text", ("txt", "text", "log", "md")),
    CSV: Kind("CSV table", ("csv", "tsv")),
    CALENDAR: Kind("Calendar entry", ("ics",)),
    VCARD: Kind("Contact", ("vcf",)),
    DOCX: Kind("Word document", ("docx",)),
    XLSX: Kind("Excel table", ("xlsx",)),
    ODT: Kind("OpenDocument text", ("odt",)),
    ODS: Kind("OpenDocument table", ("ods",)),
}
IMAGES: Mapping[str, str] = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP"}  # as Pillow calls them
# What a browser's dialogue offers. Without HEIC phones hand over a JPEG instead.
ACCEPT = ",".join([*IMAGES, *(f".{kind.endings[0]}" for kind in KINDS.values())])

EMPTY = "It is empty."
TOO_LARGE = "It is larger than {most} MB."
TOO_MUCH = "The files together are larger than {most} MB."
TOO_MANY = "At most {most} files can be sent at once."
WRONG_KIND = (
    "Files of this kind can’t be taken. Images (JPEG, PNG, GIF, WebP), PDF, text, Word, Excel and OpenDocument can."
)
HEIC = "It is an HEIC photo, which can’t be read here. Please send it as a JPEG."
MISNAMED = "Its name says that it is something else than it is."
MACROS = "It has macros, programs inside. Please send it without them."
LOCKED = "It is locked with a password. Please send it unlocked."
BROKEN = "It can’t be read; it seems to be damaged."
TOO_MANY_PIXELS = "The image has more than {most} megapixels."

MEGABYTE = 1_000_000
MOST_PIXELS = 50_000_000  # of all frames together: decoded, a pixel takes four bytes, turned once more as many
HEAD = 4096  # bytes that a kind is found by
LONGEST_NAME = 150
# Endings that a system would run, or a browser show as a page. Other unknown ones are told by the ending after them.
DANGEROUS = frozenset(
    re.findall(
        r"\w+",
        """
    ade adp apk app appx bat chm cmd com cpl dll dmg docm dotm exe gadget hta htm html iso jar js jse
    lnk mht mhtml msc msi msp php pif pl pptm ps1 psm1 py rb reg scf scr sh shtml svg svgz sys url vb
    vbe vbs vhd wsf wsh xht xhtml xlam xlsb xlsm xltm xml xsl
""",
    )
)


class NotKept(Exception):
    """The file can't be taken. `english` is the sentence, which may be translated before `values` are put in."""

    def __init__(self, english: str, **values: Any) -> None:
        super().__init__(english.format(**values))
        self.english = english
        self.values: Mapping[str, Any] = values


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file as somebody sent it; `name` is what they called it, whatever that is."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file turned out to be: its name, made safe and with its kind's ending, and its type, a key of KINDS."""

    name: str
    content_type: str

    @property
    def is_image(self) -> bool:
        return self.content_type in IMAGES


def look_at(file: IncomingFile, *, largest: int = 10 * MEGABYTE) -> Checked:
    """What the file is. `largest`: in bytes.

    Raises:
        NotKept: it can't be taken, with a plain sentence.
    """
    if not file.content:
        raise NotKept(EMPTY)
    if len(file.content) > largest:
        raise NotKept(TOO_LARGE, most=largest // MEGABYTE)
    name = safe_name(file.name)
    kind = _kind_of(file.content, name)
    return Checked(_with_ending(name, kind), kind)


# ---- names -----------------------------------------------------------------------------------------------------------


def safe_name(name: str) -> str:
    """The last part of a path, without what is invisible, turns the direction of writing, or means something to a
    system; at most LONGEST_NAME characters."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in last)
    stem, dot, ending = " ".join(re.sub(r'[<>:"|?*]', "_", shown).split()).strip(". ").rpartition(".")
    if not dot:
        return ending[:LONGEST_NAME] or "file"
    ending = ending[:20]
    return f"{stem[: LONGEST_NAME - len(ending) - 1].rstrip()}.{ending}"


def _with_ending(name: str, content_type: str) -> str:
    """Raises NotKept when the name says that it is of quite another kind."""
    kind = KINDS[content_type]
    stem, _, ending = name.rpartition(".")
    ending = ending.lower() if stem else ""
    if ending in kind.endings:
        return name
    named = next((each for each in KINDS.values() if ending in each.endings), None)
    if ending in DANGEROUS or (named and (not kind.group or named.group != kind.group)):
        raise NotKept(MISNAMED)
    kept = stem if named else name
    return f"{kept[: LONGEST_NAME - 1 - len(kind.endings[0])]}.{kind.endings[0]}"


# ---- kinds -----------------------------------------------------------------------------------------------------------


def _kind_of(content: bytes, name: str) -> str:
    found = _magic(content[:HEAD])
    if image := next((kind for kind in IMAGES if kind in found), ""):
        _check_image(content, image)
        return image
    if content[:16].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"PK\x03\x04"):
        return _office_kind(content)
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"):
        raise NotKept(HEIC)
    return _text_kind(content, name.rpartition(".")[2].lower(), found)


def _magic(head: bytes) -> set[str]:
    """The types that the beginning may be of."""
    try:
        return {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):  # it knows none
        return set()


def _check_image(content: bytes, content_type: str) -> None:
    """By its head alone; nothing is decoded here."""
    try:
        with Image.open(io.BytesIO(content), formats=[IMAGES[content_type]]) as image:
            width, height = image.size
    except Image.DecompressionBombError:
        raise NotKept(TOO_MANY_PIXELS, most=MOST_PIXELS // 1_000_000) from None
    except Exception:  # noqa: BLE001 - a broken head brings up anything, from SyntaxError to struct.error
        raise NotKept(BROKEN) from None
    if width * height > MOST_PIXELS:
        raise NotKept(TOO_MANY_PIXELS, most=MOST_PIXELS // 1_000_000)


# ---- text ------------------------------------------------------------------------------------------------------------

CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# What a browser would take for a page, or a system for a program.
CODE = re.compile(
    r"\A\s*(?:#!|<\?|<!--|<\s*(?:!doctype|html|head|title|body|svg|object|embed|meta|link|style|form|img|a|table|div|p|h1)"
    r"[\s/>])|<\s*(?:script|iframe|\?php)[\s/>]",
    re.IGNORECASE,
)
BEGINS = {CALENDAR: "BEGIN:VCALENDAR", VCARD: "BEGIN:VCARD"}


def _text_kind(content: bytes, ending: str, found: set[str]) -> str:
    text = _head_of_text(content)
    if text is None or CODE.search(text) or {"text/html", "image/svg+xml"} & found:
        raise NotKept(WRONG_KIND)
    for kind, begin in BEGINS.items():
        if text.lstrip().upper().startswith(begin):
            return kind
    return CSV if ending in KINDS[CSV].endings else TEXT


def _head_of_text(content: bytes) -> str | None:
    """The beginning as text; None for what is none."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError:
            return None
        return None if CONTROL.search(text.encode()) else text[:HEAD]
    if CONTROL.search(content):
        return None
    return content[:HEAD].decode("utf-8-sig", "replace")


# ---- Office documents ------------------------------------------------------------------------------------------------

MOST_PARTS, MOST_DIRECTORY, MOST_UNPACKED = 5_000, 600_000, 300 * MEGABYTE
LONGEST_PART = 1 * MEGABYTE  # of what is read of one
MACRO_PARTS = re.compile(r"vbaproject|vbadata|(?:^|/)activex/|^basic/|^scripts/|\.(?:exe|dll|js|vbs|bat|cmd|scr)$")

# Also spelled so that it is not seen: no program writes references or declarations there.
MACRO_TYPES = re.compile(r"macroenabled|vbaproject|&#|<!", re.IGNORECASE)


def _office_kind(content: bytes) -> str:
    if not _is_small_directory(content):
        raise NotKept(BROKEN)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _kind_of_archive(archive)
    except NotKept:
        raise
    except Exception:  # noqa: BLE001 - a broken archive brings up anything, from zlib.error to IndexError
        raise NotKept(BROKEN) from None


def _is_small_directory(content: bytes) -> bool:
    """Reading a zip's list of parts may take seconds when it was made for that; what it says of its length is true, or
    it can't be read."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - 70_000))
    if at < 0 or len(content) - at < 22:
        return False
    count, size = struct.unpack_from("<HI", content, at + 10)
    return bool(count <= MOST_PARTS and size <= MOST_DIRECTORY)


def _kind_of_archive(archive: zipfile.ZipFile) -> str:
    parts = archive.infolist()
    names = {each.filename.lower() for each in parts}
    if any(each.flag_bits & 1 for each in parts):
        raise NotKept(LOCKED)
    if sum(each.file_size for each in parts) > MOST_UNPACKED:
        raise NotKept(WRONG_KIND)
    if any(MACRO_PARTS.search(name) for name in names):
        raise NotKept(MACROS)
    if "[content_types].xml" in names:
        if MACRO_TYPES.search(_part(archive, "[Content_Types].xml")):
            raise NotKept(MACROS)
        if "word/document.xml" in names:
            return DOCX
        if "xl/workbook.xml" in names:
            return XLSX
    elif "mimetype" in names:
        kind = _part(archive, "mimetype").strip()
        if kind in (ODT, ODS) and "content.xml" in names:
            return kind
    raise NotKept(WRONG_KIND)


def _part(archive: zipfile.ZipFile, name: str) -> str:
    """Raises BadZipFile when it is suspiciously long."""
    with archive.open(name) as part:
        content = part.read(LONGEST_PART + 1)
    if len(content) > LONGEST_PART:
        raise zipfile.BadZipFile(f"{name} is too long")
    return content.decode("utf-8", "replace").replace("\x00", "")  # UTF-16 reads well enough like that
