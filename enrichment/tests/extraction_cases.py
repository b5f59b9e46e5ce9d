"""What the extraction tests share: the day they count from, and a call that checks every span."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from enrichment.extraction import Extraction, extract
from leads.fields import FIELDS

# A Monday.
RECEIVED_AT = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


def checked(text: str, **options: Any) -> Extraction:
    """`extract`, with what must hold for every text asserted."""
    extraction = extract(text, **{"received_at": RECEIVED_AT, **options})
    for value in extraction.values:
        assert value.field in FIELDS
        assert value.value.strip()
        assert 0 < value.confidence <= 1
        if value.evidence:
            assert text[value.evidence.start : value.evidence.end] == value.evidence.text
            assert value.evidence.text.strip()
        if choices := FIELDS[value.field].choices:
            assert value.value in dict(choices)
    fields = [value.field for value in extraction.values]
    assert len(fields) == len(set(fields))
    confidences = [value.confidence for value in extraction.values]
    assert confidences == sorted(confidences, reverse=True)
    spans = [extraction.body, *extraction.quoted, *([extraction.signature] if extraction.signature else [])]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    return extraction


def found(text: str, *fields: str, **options: Any) -> dict[str, str]:
    """The values found, of these fields only where any are named."""
    values = checked(text, **options).values
    return {value.field: value.value for value in values if not fields or value.field in fields}


def evidence_of(text: str, field: str, **options: Any) -> str | None:
    """The words behind a field's value."""
    value = next((value for value in checked(text, **options).values if value.field == field), None)
    return value.evidence.text if value and value.evidence else None
