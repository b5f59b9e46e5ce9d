from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from enrichment import normalise
from enrichment.normalise import Note, fold

SATURDAY = datetime(2026, 11, 21, 9, 30, tzinfo=ZoneInfo("America/Chicago"))


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("$4k", "4000 USD"),
        ("4,500 dollars", "4500 USD"),
        ("€250", "250 EUR"),
        ("2.500,50 €", "2500.50 EUR"),
        ("1 000 000 €", "1000000 EUR"),
        ("£19.99", "19.99 GBP"),
        ("USD 300", "300 USD"),
        ("CA$ 40", "40 CAD"),
        ("2,5k eur", "2500 EUR"),
        ("10 grand", "10000"),
        ("4k", "4000"),
        ("$0", None),
        ("no money", None),
        ("5 or 6 or 7", None),
        ("$400 for 2 tires", "400 USD"),
        ("2 tires for $400", "400 USD"),
        ("$40 or so, or $90 with filter", None),
        ("2 tires, 4 rims", None),
    ],
)
def test_money(words, value):
    assert normalise.money(words) == (value and Note(value))


def test_money_of_a_range_is_the_upper_end_and_says_so():
    assert normalise.money("between $2 and 3k") == Note("3000 USD", "the upper end of “$2 and 3k”")


@pytest.mark.parametrize(("region", "value"), [("US", "50 USD"), ("CA", "50 CAD"), ("AU", "50 AUD"), ("GB", "50 USD")])
def test_dollars_are_those_of_the_region(region, value):
    assert normalise.money("50 bucks", region) == Note(value)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("next Friday at 3pm", "2026-11-27T15:00"),
        ("Friday", "2026-11-27"),
        ("this Saturday", "2026-11-28"),
        ("today", "2026-11-21"),
        ("tomorrow morning", "2026-11-22"),
        ("tomorrow at 10:15", "2026-11-22T10:15"),
        ("in two weeks", "2026-12-05"),
        ("Dec 3rd", "2026-12-03"),
        ("on the 14th", "2026-12-14"),
        ("the 23rd", "2026-11-23"),
        ("31st", "2026-12-31"),
        ("12/05", "2026-12-05"),
        ("Tue Dec 1 at 9", "2026-12-01"),
        ("Nov 28 2026 10:30", "2026-11-28T10:30"),
        ("2027-01-04", "2027-01-04"),
        ("nächsten Freitag", "2026-11-27"),
        ("el viernes", "2026-11-27"),
        # These name no day, or one that is over.
        ("next week", None),
        ("December", None),
        ("2027", None),
        ("3pm", None),
        ("ASAP", None),
        ("Nov 3 2026", None),
        ("Monday or Tuesday", None),
        ("mark", None),
        ("", None),
    ],
)
def test_wanted_date(words, value):
    found = normalise.wanted_date(words, received_at=SATURDAY)

    assert (found and found.value) == value


def test_wanted_date_says_how_it_was_counted_unless_the_words_have_the_year():
    friday = normalise.wanted_date("Friday", received_at=SATURDAY)
    full = normalise.wanted_date("2027-01-04", received_at=SATURDAY)

    assert (friday.note, full.note) == ("“Friday”, counted from the day it was received", "")


@pytest.mark.parametrize(("region", "value"), [("US", "2026-12-05"), ("GB", "2027-05-12"), ("DE", "2027-05-12")])
def test_the_order_of_day_and_month_is_the_regions(region, value):
    assert normalise.wanted_date("12/05", received_at=SATURDAY, region=region).value == value


@pytest.mark.parametrize(
    ("words", "region", "value"),
    [
        ("(512) 555-0142", "US", "+15125550142"),
        ("+44 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("512\u200b 555 0142", "US", "+15125550142"),
        ("555-0142", "US", None),
        ("call me", "US", None),
        ("12345678901234567890", "US", None),
    ],
)
def test_phone(words, region, value):
    assert normalise.phone(words, region) == value


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("Jane.Doe@Example.com", "jane.doe@example.com"),
        ("<jane@x.co>", "jane@x.co"),
        ("mailto:jane@x.co", "jane@x.co"),
        ("a..b@x.co", None),
        ("example.com", None),
        ("jane@localhost", None),
        ("jane@x.co and bob@x.co", None),
    ],
)
def test_email(words, value):
    assert normalise.email(words) == value


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("Acme.com/Shop", "https://acme.com/Shop"),
        ("http://acme.co.uk:8080/a?b=c", "http://acme.co.uk:8080/a?b=c"),
        ("www.acme.com.", "https://www.acme.com"),
        ("jane@acme.com", None),
        ("javascript:alert(1)", None),
        ("no address", None),
    ],
)
def test_website(words, value):
    assert normalise.website(words) == value


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("mark", "Mark"),
        ("ANA-LUCIA", "Ana-Lucia"),
        ("McDonald", "McDonald"),
        ("O'Brien", "O'Brien"),
        ("Şebnem", "Şebnem"),
        ("van der Berg", "van der Berg"),
        ("李", "李"),
        ("R2D2", None),
        ("Customer", None),
        ("Thanks", None),
        ("Buy through", None),
        ("Mark and", None),
        ("one two three four five", None),
        ("@mark", None),
        ("", None),
    ],
)
def test_person_name(words, value):
    assert normalise.person_name(words) == value


@pytest.mark.parametrize(
    ("original", "folded"),
    [
        ("  Ｍark\u200b \n O’Brien ", "mark o'brien "),
        ("cafe\u0301 Straße ½", "café strasse 1⁄2"),
        ("a\U000e0041\u202eb\x00c", "abc"),
        ("4–5", "4-5"),
        ("", ""),
    ],
)
def test_fold_evens_out(original, folded):
    assert fold(original).text == folded


@pytest.mark.parametrize(
    ("text", "needle", "found"),
    [
        ("Ask Mark, not Marketa", "mark", ["Mark"]),
        ("mark Mark MARK", "mark", ["mark", "Mark", "MARK"]),
        ("cafe\u0301 bar", "café", ["cafe\u0301"]),
        ("Ma\u200brk here", "mark", ["Ma\u200brk"]),
        ("$4,500.00 today", "4,500", []),
        ("$4,500.00 today", "$4,500.00", ["$4,500.00"]),
        ("on 12/05/2027", "12/05", []),
        ("½ price", "2", []),
        ("我叫李明。", "李明", ["李明"]),
        ("abc", "", []),
    ],
)
def test_find_all_finds_whole_words_in_the_original(text, needle, found):
    folded = fold(text)

    spans = [folded.span(start, end) for start, end in folded.find_all(needle)]

    assert [text[start:end] for start, end in spans] == found


@pytest.mark.parametrize("text", ["😀" * 10_000, "\x00" * 10_000, "e\u0301" * 10_000, "ﷺ" * 3_000, "\ud83d broken"])
def test_any_text_can_be_folded(text):
    folded = fold(text)

    assert len(folded.text) == len(folded.starts) == len(folded.ends)
