"""What is to become of each row of a file: a new lead, a further message of a lead, or nothing, with the reason."""

from collections.abc import Sequence

from django.db.models import Min

from leads.import_rows import RowRefused, Said, read
from leads.joining import contradicts, keys_of, leads_to_join
from leads.models import ContactPoint, Import, ImportRow, Lead
from leads.values import Contact

Fate = ImportRow.Fate
Kind = ContactPoint.Kind


def check(source: Import, chunk: Sequence[Sequence[str]]) -> None:
    """Stores the next rows of the file with their fates. Call it in the transaction that counts them as read."""
    read_rows = [_read(source, number, cells) for number, cells in enumerate(chunk, start=source.rows_read + 1)]
    good = [(row, said) for row, said in read_rows if said is not None]
    leads = leads_to_join([said.contact for _, said in good])
    for (row, said), lead in zip(good, leads, strict=True):
        _keys(row, said.contact)
        if lead is not None:
            _is_known(row, lead, source)
    _join_earlier(source, good)
    ImportRow.objects.bulk_create(row for row, _ in read_rows)


def _read(source: Import, number: int, cells: Sequence[str]) -> tuple[ImportRow, Said | None]:
    row = ImportRow(source=source, number=number, cells=_storable(cells), fate=Fate.CREATE)
    try:
        said = read(row.cells, columns=source.columns, headers=source.headers)
    except RowRefused as refused:
        row.title = next((cell.strip() for cell in row.cells if cell.strip()), "")[:200]
        _refuse(row, str(refused))
        return row, None
    row.title = _title(said)
    return row, said


def _storable(cells: Sequence[str]) -> list[str]:
    """PostgreSQL stores no NUL bytes."""
    return [cell.replace("\x00", "\N{REPLACEMENT CHARACTER}") for cell in cells]


def _title(said: Said) -> str:
    contact = said.contact
    name = f"{contact.first_name} {contact.last_name}".strip()
    return (name or contact.company or contact.email or contact.phone or said.text)[:200]


def _refuse(row: ImportRow, reason: str) -> None:
    row.fate, row.reason, row.lead = Fate.REFUSED, reason[:300], None


def _keys(row: ImportRow, contact: Contact) -> None:
    for kind, key in keys_of(contact):
        if kind == Kind.EMAIL:
            row.email_key = key[:254]
        else:
            row.phone_key = key


def _is_known(row: ImportRow, lead: Lead, source: Import) -> None:
    if source.known_leads == Import.Known.SKIP:
        _refuse(row, f"“{lead.name[:200]}” is a lead already.")
    elif source.known_leads == Import.Known.JOIN:
        row.fate, row.lead = Fate.JOIN, lead


def _join_earlier(source: Import, good: Sequence[tuple[ImportRow, Said]]) -> None:
    """A row of the same person as an earlier one goes where that went."""
    firsts = _earlier(source, [row for row, _ in good])
    for row, said in good:
        if row.fate == Fate.REFUSED:
            continue
        keys = [key for key in ((Kind.EMAIL, row.email_key), (Kind.PHONE, row.phone_key)) if key[1]]
        first = next((firsts[key] for key in keys if key in firsts), None)
        if first is not None and not contradicts(said.contact, _person(first)):
            row.fate, row.first_number, row.lead = Fate.JOIN, first.number, first.lead
        else:
            for key in keys:
                firsts.setdefault(key, row)


def _earlier(source: Import, rows: Sequence[ImportRow]) -> dict[tuple[str, str], ImportRow]:
    found: dict[tuple[str, str], ImportRow] = {}
    standing = source.rows.filter(first_number=None).exclude(fate=Fate.REFUSED).select_related("lead")
    for kind, column in ((Kind.EMAIL, "email_key"), (Kind.PHONE, "phone_key")):
        keys = {getattr(row, column) for row in rows} - {""}
        same = standing.filter(**{f"{column}__in": keys}).exclude(**{column: ""}).order_by()
        # Only the first of each: thousands of strangers may share an address that stands for none.
        firsts = same.values(column).annotate(first=Min("number")).values("first")
        for row in standing.filter(number__in=list(firsts.values_list("first", flat=True))):
            found[kind, getattr(row, column)] = row
    return found


def _person(row: ImportRow) -> Lead:
    """The row's names, as a lead has them."""
    contact = read(row.cells, columns=row.source.columns, headers=row.source.headers).contact
    return Lead(first_name=contact.first_name, last_name=contact.last_name)
