"""Reading files of contacts, tables and vCards: encoding, separator, rows. Pure: imports no Django.

Files come from whatever program a business used before: with or without a byte order mark, with commas, semicolons or
tabs, with line breaks inside cells and rows of uneven length.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from charset_normalizer import from_bytes

from leads.import_vcards import BEGIN, card_rows

SAMPLE = 200_000  # bytes that encoding and separator are found in
VCARDS = ""  # in a separator's place: the file is no table
SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}
ENCODINGS = {
    "utf-8-sig": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "utf-16-le": "Unicode (UTF-16 LE, no mark)",
    "utf-16-be": "Unicode (UTF-16 BE, no mark)",
    "cp1252": "Western European (Windows-1252)",
    "mac_roman": "Western European (Mac)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp932": "Japanese (Shift JIS)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "cp949": "Korean (CP949)",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FALLBACK = "cp1252"
# In the order in which they are believed when the text doesn't tell them apart.
GUESSED = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030", "big5", "cp949"]
# What Western languages have beyond ASCII, and what word processors put in.
WESTERN = frozenset("äöüßÄÖÜéèêëÉÈÊàâÀÂçÇîïíìÎÍôóòõÔÓûùúÙÚáãÁÃñÑåÅæÆøØœŒ€£§°·«»¡¿ºª–—‘’“”„…\xa0")
EXCEL_HINT = re.compile(r"^sep=(.)\r?\n", re.IGNORECASE)
csv.field_size_limit(2**31 - 1)  # a quote mark that is never closed is told in the row, not by an exception


@dataclass(frozen=True, slots=True)
class Format:
    """How the file is written; both are keys of the tables above, or the separator is VCARDS."""

    encoding: str
    separator: str


def found_format(file: BinaryIO) -> Format:
    """What encoding and separator the file most likely has. The file is read from its start."""
    encoding = _encoding(file)
    file.seek(0)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(file.read(SAMPLE))
    return Format(encoding, _separator(text))


def rows(file: BinaryIO, form: Format) -> Iterator[list[str]]:
    """Every row that isn't empty, the header row too; vCards get one. What the encoding doesn't know becomes a
    replacement character. The file stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=form.encoding, errors="replace", newline="")
    try:
        if form.separator == VCARDS:
            yield from card_rows(text)
            return
        if not EXCEL_HINT.match(text.readline()):
            text.seek(0)
        for row in csv.reader(text, delimiter=form.separator):
            if any(cell.strip() for cell in row):
                yield row
    finally:
        if not file.closed:  # by a caller who had enough
            text.detach()


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(SAMPLE)
    if marked := next((name for mark, name in MARKS if start.startswith(mark)), None):
        return marked
    if b"\x00" in start:
        return "utf-16-be" if start[:200:2].count(0) > start[1:200:2].count(0) else "utf-16-le"
    return "utf-8-sig" if _is_utf8(file) else _guess(start)


def _is_utf8(file: BinaryIO) -> bool:
    """The whole file is looked at: the first umlaut may be in the last row."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(SAMPLE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess(start: bytes) -> str:
    """Only lines with letters beyond ASCII tell anything. Where few do, Windows' Western encoding is the likeliest."""
    telling = b"\n".join(line for line in start.splitlines() if not line.isascii())[:20_000]
    western = telling.decode(FALLBACK, "replace")
    odd = [char for char in western if not char.isascii()]
    # Cyrillic or Chinese read as Western are words of nothing but umlauts.
    if len(odd) < 0.2 * len(western) and WESTERN.issuperset(odd):
        return FALLBACK
    best = from_bytes(telling, cp_isolation=GUESSED, threshold=0.4).best()
    return best.encoding if best and best.encoding in ENCODINGS else FALLBACK


def _separator(text: str) -> str:
    if text.lstrip().upper().startswith(BEGIN):
        return VCARDS
    if hint := EXCEL_HINT.match(text):
        return hint[1] if hint[1] in SEPARATORS else ","
    return max(SEPARATORS, key=lambda separator: _evenness(text, separator))


def _evenness(text: str, separator: str) -> tuple[float, int]:
    """The share of rows that have the most usual number of cells, then that number. One cell a row is no table."""
    lengths: Counter[int] = Counter()
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if row:
            lengths[len(row)] += 1
        if lengths.total() >= 200:
            break
    if not lengths:
        return 0.0, 0
    columns, count = lengths.most_common(1)[0]
    return (count / lengths.total(), columns) if columns > 1 else (0.0, columns)
