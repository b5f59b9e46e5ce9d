"""The labelled set is as its README says, and what is measured on it is counted rightly."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.enrichment import labelled
from benchmarks.enrichment.labelled import Inquiry, Wrong
from benchmarks.enrichment.rules import Reading, Tally, is_same, macro_f1, tally
from leads.values import Contact, Evidence, FoundValue

HEAD = """=== general-en-001
channel: form
business: general
language: en
received: 2026-11-02T09:15-06:00
region: US
intent: inquiry
urgency: medium
source: written
---
"""


@pytest.fixture(scope="module")
def inquiries() -> list[Inquiry]:
    return labelled.read()


def test_enough_of_every_kind(inquiries):
    assert len(inquiries) >= 300
    for key, least in {"language": 30, "business": 60, "channel": 15, "intent": 15, "urgency": 20}.items():
        counts = Counter(getattr(inquiry, key) for inquiry in inquiries)
        assert {value for value in labelled.CHOICES[key] if counts[value] < least} == set(), counts
    halves = Counter(labelled.split(inquiry.id) for inquiry in inquiries)
    assert min(halves.values()) > 0.4 * len(inquiries)


def test_no_text_twice(inquiries):
    assert [text for text, count in Counter(inquiry.text for inquiry in inquiries).items() if count > 1] == []


def test_marks_stand_at_their_words(inquiries):
    for inquiry in inquiries:
        assert "[[" not in inquiry.text
        assert all(0 <= each.start < each.end <= len(inquiry.text) for each in inquiry.mentions), inquiry.id
        for email in inquiry.of("email"):
            words = inquiry.text[email.start : email.end]
            assert words.lower() == email.value or "@" not in words, inquiry.id


def test_reads_marks(tmp_path):
    text = "Größe 🙂 [[first_name|Ana]]\r\n[[amount=400 USD|$400]] [[phone~=+15125550142|512\n555 0142]] [plain]\n\n"
    (inquiry,) = _read(tmp_path, HEAD + text)
    assert inquiry.text == "Größe 🙂 Ana\r\n$400 512\n555 0142 [plain]"
    assert [(each.field, each.value, inquiry.text[each.start : each.end]) for each in inquiry.mentions] == [
        ("first_name", "Ana", "Ana"),
        ("amount", "400 USD", "$400"),
        ("phone", "+15125550142", "512\n555 0142"),
    ]
    assert set(inquiry.wanted) == {"first_name", "amount"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + "fine\n[[phone=5125550142|512 555 0142]]", 12),
        (HEAD + "fine\n[[phone=+1512555014|512 555 014]]", 12),
        (HEAD + "[[phone|512 555 0142]]", 11),
        (HEAD + "[[date=2026-02-30|Feb 30]]", 11),
        (HEAD + "[[amount=$400|$400]]", 11),
        (HEAD + "[[vehicle|Civic]]", 11),
        (HEAD + "[[summary|Hi]]", 11),
        (HEAD + "[[first_name| Ana]]", 11),
        (HEAD + "one\n\n[[first_name|Ana]", 13),
        (HEAD + "one ]]", 11),
        (HEAD + "\n", 11),
        (HEAD.replace("urgency: medium", "urgency: soon"), 8),
        (HEAD.replace("---", "mood: good\n---") + "Hi", 10),
        (HEAD.replace("region: US\n", "") + "Hi", 1),
        (HEAD.replace("-06:00", "") + "Hi", 1),
        (HEAD.replace("=== ", "==="), 1),
        ("stray\n" + HEAD + "Hi", 1),
    ],
)
def test_says_where_a_file_is_wrong(tmp_path, text, line):
    with pytest.raises(Wrong, match=rf"^some\.txt:{line}: "):
        _read(tmp_path, text)


def test_no_id_twice(tmp_path):
    with pytest.raises(Wrong, match=r"general-en-001 is in some\.txt already"):
        _read(tmp_path, f"{HEAD}Hi\n{HEAD}Hello")


def _read(folder: Path, text: str) -> list[Inquiry]:
    (folder / "some.txt").write_text(text, encoding="utf-8", newline="")
    return labelled.read(folder)


# ---- right or wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marked", "found", "counts"),
    [
        ("[[first_name|Ana]] here", "ANA", Tally(right=1)),
        ("[[first_name|Ana]] here", "Anna", Tally(wrong=1, missed=1)),
        ("[[first_name|Ana]] here", None, Tally(missed=1)),
        ("Ask for Ana", "Ana", Tally(wrong=1)),
        ("Ask for Ana", None, Tally()),
        ("[[first_name|Tom]] & [[first_name~|Ana]]", "Ana", Tally(right=1)),
        ("Tom [[first_name~|Ana]]", "Ana", Tally()),
        ("Tom [[first_name~|Ana]]", "Tom", Tally(wrong=1)),
    ],
)
def test_counts_a_field(tmp_path, marked, found, counts):
    (inquiry,) = _read(tmp_path, HEAD + marked)
    reading = Reading(inquiry, {"first_name": FoundValue("first_name", found)} if found else {}, 1.0)
    assert tally(reading, "first_name") == counts
    typed = replace(reading, inquiry=replace(inquiry, typed=Contact(first_name="Ana")))
    assert tally(typed, "first_name") == Tally()


def test_words_behind_a_value(tmp_path):
    (inquiry,) = _read(tmp_path, HEAD + "A [[product|deep clean]], please")
    right = Reading(inquiry, {"product": FoundValue("product", "cleaning", evidence=Evidence(7, 12, "clean"))}, 1.0)
    assert tally(right, "product") == Tally(wrong=1, missed=1)
    assert tally(right, "product", by_words=True) == Tally(right=1)
    wrong = Reading(inquiry, {"product": FoundValue("product", "please", evidence=Evidence(14, 20, "please"))}, 1.0)
    assert tally(wrong, "product", by_words=True) == Tally(wrong=1, missed=1)


@pytest.mark.parametrize(
    ("marked", "value", "same"),
    [
        ("[[website|www.reyes.example]]", "https://reyes.example/", True),
        ("[[website|reyes.example]]", "https://reyes.example/shop", False),
        ("[[product|Deep  clean]]", "deep clean", True),
        ("[[amount=400 USD|$400]]", "400", False),
        ("[[date=2026-11-06|Friday]]", "2026-11-06T15:00", False),
    ],
)
def test_same_value(tmp_path, marked, value, same):
    (inquiry,) = _read(tmp_path, HEAD + marked)
    assert is_same(value, inquiry.mentions[0]) is same


def test_macro_f1():
    choices = ("low", "medium", "high", "urgent")
    assert macro_f1([("low", "low"), ("high", "high")], choices) == 1.0
    # low: precision 1/2, recall 1; medium: precision 1, recall 1/2; high: chosen never, wanted once.
    labels = [("low", "low"), ("medium", "low"), ("medium", "medium"), ("high", "")]
    assert macro_f1(labels, choices) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert macro_f1([], choices) == 0.0
