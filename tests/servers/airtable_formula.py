"""The part of Airtable's formula language that picks rows: AND, OR, NOT, = and != on fields, texts and numbers, and
when a row was changed."""

import re

from tests.servers.airtable_table import ApiError, Row, Table

TOKEN = re.compile(
    r"""\s*(\{[^}]*\}|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?|!=|[=(),]|[A-Za-z_]\w*)""", re.S
)


def matching(table: Table, formula: str) -> list[Row]:
    """The rows a formula picks, oldest first; all of them where it is empty. Raises ApiError."""
    rows = list(table.rows.values())
    if not formula:
        return rows
    parsed = Formula(table, formula)
    parsed.value_for(Row("", "", {}))  # a wrong formula is refused on an empty table too
    return [row for row in rows if parsed.value_for(row)]


class Formula:
    """`AND({Lead ID}='a', OR(...))` over one row. Fields go by name only: Airtable refuses field ids in formulas."""

    def __init__(self, table: Table, text: str) -> None:
        self.table = table
        self.tokens = self._split(text)

    def value_for(self, row: Row) -> object:
        self.row, self.at = row, 0
        value = self._expression()
        if self.at != len(self.tokens):
            raise self._invalid("Please check your formula text")
        return value

    def _invalid(self, why: str) -> ApiError:
        return ApiError(422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {why}")

    def _split(self, text: str) -> list[str]:
        tokens, at, text = [], 0, text.strip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise self._invalid("Please check your formula text")
            tokens.append(found[1])
            at = found.end()
        return tokens

    def _next(self, expected: str = "") -> str:
        token = self.tokens[self.at] if self.at < len(self.tokens) else ""
        if not token or (expected and token != expected):
            raise self._invalid("Please check your formula text")
        self.at += 1
        return token

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _expression(self) -> object:
        left = self._term()
        if self._peek() in ("=", "!="):
            is_equal = self._next() == "="
            return (left == self._term()) is is_equal
        return left

    def _term(self) -> object:
        token = self._next()
        if token == "(":
            value = self._expression()
            self._next(")")
            return value
        if token[0] in "'\"":
            return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.S)
        if token[0] == "{":
            return self._cell(token[1:-1])
        if token[0].isdigit() or token[0] == "-":
            return float(token)
        return self._call(token) if self._peek() == "(" else self._cell(token)

    def _cell(self, name: str) -> object:
        for item in self.table.fields:
            if item.name == name:
                value = self.row.cells.get(item.id)
                return "" if value is None else value
        raise self._invalid(f"Unknown field names: {name.lower()}")

    def _call(self, name: str) -> object:
        self._next("(")
        arguments = []
        while self._peek() != ")":
            arguments.append(self._expression())
            if self._peek() != ")":
                self._next(",")
        self._next(")")
        match name.upper(), arguments:
            case "AND", [_, *_]:
                return all(arguments)
            case "OR", [_, *_]:
                return any(arguments)
            case "NOT", [only]:
                return not only
            case (("TRUE" | "FALSE"), []):
                return name.upper() == "TRUE"
            case "RECORD_ID", []:
                return self.row.id
            case "LAST_MODIFIED_TIME", []:
                return self.row.modified
            case "IS_AFTER", [left, right]:
                return str(left) > str(right)
        raise self._invalid("Please check your formula text")
