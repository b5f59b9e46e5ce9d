import io

import pytest

from leads.import_files import VCARDS, Format, found_format, rows
from leads.import_vcards import HEADERS

THREE = """BEGIN:VCARD
VERSION:3.0
N:Silva;Ana;Maria;;
FN:Ana Maria Silva
ORG:Acme\\, Inc.;Sales
item1.EMAIL;type=INTERNET;type=WORK:second@example.com
EMAIL;TYPE=INTERNET,pref:ana@example.com
TEL;TYPE=CELL:+1 512 555 0142
TEL;TYPE="voice,home":512-555-0143
ADR;TYPE=WORK:;;1 Main St;Austin;TX;78701;USA
URL:https://acme.example.com/a?b=c:d
NOTE:First line\\nsecond\\; with a long tail that is fol
 ded here
PHOTO;ENCODING=b;TYPE=JPEG:AAAABBBB
 CCCC
END:VCARD
"""
FOUR = """BEGIN:VCARD
VERSION:4.0
FN:Jürgen Müller
EMAIL;PREF=1:jm@example.de
TEL;VALUE=uri;TYPE="cell,voice":tel:+49-30-1234567;ext=12
END:VCARD
"""
TWO = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=
=BCrgen
TEL;CELL:030 1234567
END:VCARD
"""
BROKEN = """BEGIN:VCARD
FN:Acme
ORG:Acme
no colon here
BEGIN:VCARD
FN:Bo Chen
END:VCARD
stray line
begin:vcard
EMAIL:zoe@example.com
"""


def table(text, encoding="utf-8"):
    file = io.BytesIO(text.encode(encoding))
    form = found_format(file)
    assert form.separator == VCARDS
    found = [row for row in rows(file, form)]  # noqa: C416 - the generator is what is tested
    assert found[0] == HEADERS
    return found[1:]


def test_a_card_of_version_three():
    (row,) = table(THREE.replace("\n", "\r\n"))
    assert row[:10] == [
        *("Ana Maria", "Silva", "ana@example.com", "+1 512 555 0142", "Acme, Inc.", "Austin"),
        *("https://acme.example.com/a?b=c:d", "First line\nsecond; with a long tail that is folded here"),
        *("second@example.com", "512-555-0143"),
    ]
    assert "ORG: Acme\\, Inc.;Sales" in row[10]
    assert "AAAA" not in row[10]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_card_of_version_four(encoding):
    (row,) = table(FOUR, encoding)
    assert row[:4] == ["Jürgen", "Müller", "jm@example.de", "+49-30-1234567 ext. 12"]


def test_a_card_of_version_two():
    (row,) = table(TWO)
    assert row[:4] == ["Jürgen", "Müller", "", "030 1234567"]


def test_broken_cards_hold_up_no_other():
    found = table(BROKEN)
    assert [row[:5] for row in found] == [
        ["", "", "", "", "Acme"],
        ["Bo", "Chen", "", "", ""],
        ["", "", "zoe@example.com", "", ""],
    ]


def test_many_cards_are_read_one_by_one():
    file = io.BytesIO((FOUR * 3).encode())
    assert len(list(rows(file, Format("utf-8-sig", VCARDS)))) == 4
