"""HTML mail as the text that its reader sees: no scripts, no hidden lines, tables row by row."""

import re
from html.parser import HTMLParser

LONGEST = 500_000  # characters that are read; no letter is so long
LONGEST_LINK = 200  # longer ones are for machines
SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object", "iframe", "select"})
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
BLOCKS = frozenset(
    {
        "address", "article", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
        "tbody", "thead", "tr", "ul",
    }
)  # fmt: skip
APART = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"})  # an empty line around
HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?:font-size|max-height|opacity)\s*:\s*0(?![.\d]*[1-9])"
)
NO_TAG = re.compile(r"<(?!/?[a-zA-Z][^<>]{0,5000}>)")
CELL = "\x1f"  # between cells of a row
MOST_DEEP = 500  # tags that are open at once


def text_of_html(html: str) -> str:
    """What is to be read, in lines. Quoted parts begin with "> ", as in plain mail."""
    reader = _Reader()
    reader.feed(_tame(html[:LONGEST]))
    reader.close()
    return reader.text()


def _tame(html: str) -> str:
    """Without comments, and each "<" that begins no tag written as text: the parser takes quadratic time over what is
    never closed."""
    for opens, closes in (("<!--", "-->"), ("<!", ">"), ("<?", ">")):
        html = _without(html, opens, closes)
    return NO_TAG.sub("&lt;", html)


def _without(html: str, opens: str, closes: str) -> str:
    kept, at = [], 0
    while (start := html.find(opens, at)) >= 0:
        kept.append(html[at:start])
        end = html.find(closes, start + len(opens))
        if end < 0:
            return "".join(kept)
        at = end + len(closes)
    return "".join([*kept, html[at:]])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line: list[str] = []
        self.open: list[tuple[str, bool]] = []  # tag, and whether it hides what is in it
        self.silent = 0
        self.quoted = 0
        self.link: tuple[str, int] | None = None
        self.kept_spaces = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            if not self.silent:
                self._void(tag, dict(attrs))
            return
        if len(self.open) >= MOST_DEEP:
            return
        values = {key: value or "" for key, value in attrs}
        hides = tag in SILENT or "hidden" in values or bool(HIDDEN.search(values.get("style", "").lower()[:2000]))
        self.open.append((tag, hides))
        self.silent += hides
        if not self.silent:
            self._begin(tag, values)

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self.open) - 1, max(len(self.open) - 60, 0) - 1, -1):
            if self.open[at][0] == tag:
                for each, hides in reversed(self.open[at:]):
                    if not self.silent:
                        self._end(each)
                    self.silent -= hides
                del self.open[at:]
                return

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if not self.kept_spaces:
            data = re.sub(r"[ \t\r\n\f]+", " ", data)
            self.line.append(data)
            return
        first, *others = data.split("\n")
        self.line.append(first)
        for each in others:
            self._break(is_wanted=True)
            self.line.append(each)

    def _void(self, tag: str, values: dict[str, str | None]) -> None:
        if tag in ("br", "hr"):
            self._break(is_wanted=True)
        elif tag == "img" and (values.get("alt") or "").strip():
            self.line.append(f" {values['alt']} ")

    def _begin(self, tag: str, values: dict[str, str]) -> None:
        if tag in BLOCKS:
            self._break(apart=tag in APART)
        if tag == "li":
            self.line.append("- ")
        elif tag == "blockquote":
            self.quoted += 1
        elif tag == "pre":
            self.kept_spaces += 1
        elif tag == "a":
            self.link = (values.get("href", "").strip(), len(self.line))

    def _end(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.line.append(CELL)
        elif tag == "a":
            self._end_link()
        if tag in BLOCKS:
            self._break(apart=tag in APART)
        if tag == "blockquote":
            self.quoted = max(self.quoted - 1, 0)
        elif tag == "pre":
            self.kept_spaces = max(self.kept_spaces - 1, 0)

    def _end_link(self) -> None:
        """Where a link leads, when its words don't say so."""
        if self.link is None:
            return
        (href, start), self.link = self.link, None
        shown = "".join(self.line[start:]).strip()
        kind, _, target = href.partition(":")
        bare = target.removeprefix("//").split("?")[0].rstrip("/")
        is_worth_it = kind.lower() in ("http", "https", "mailto", "tel") and len(bare) > 0 and len(href) <= LONGEST_LINK
        if shown and is_worth_it and bare.lower() not in re.sub(r"\s", "", shown.lower()):
            self.line.append(f" <{bare if kind.lower() in ('mailto', 'tel') else href}>")

    def _break(self, *, apart: bool = False, is_wanted: bool = False) -> None:
        """Ends the line. `apart`: with an empty one after it; `is_wanted`: also when there is nothing in it."""
        line = _row("".join(self.line))
        self.line = []
        if line.strip():
            self.lines.append("> " * min(self.quoted, 5) + (line if self.kept_spaces else line.strip()))
        elif is_wanted and self.lines and self.lines[-1]:
            self.lines.append("")
        if apart and self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        self._break()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).replace("\xa0", " ").strip()


def _row(line: str) -> str:
    """The cells of a table's row in one line: two as "Name: Ana"."""
    if CELL not in line:
        return re.sub(r" {2,}", " ", line) if "\xa0" not in line else line
    cells = [" ".join(cell.split()) for cell in line.split(CELL)]
    cells = [cell for cell in cells if cell]
    if len(cells) == 2 and len(cells[0]) <= 60:
        return f"{cells[0]} {cells[1]}" if cells[0][-1] in ":?" else f"{cells[0]}: {cells[1]}"
    return " | ".join(cells)
