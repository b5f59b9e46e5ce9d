"""The spam filter itself: rules with their reasons, the verdict, and what lessons change."""

import pytest

from leads.spam import Incoming, Lesson, judge, learned
from leads.spam.lessons import pack, unpack
from leads.spam.rules import fingerprint, reasons_of

RULES = [
    ("See https://a.example https://b.example https://c.example please, all of them", {}, "It has 3 links."),
    ("Your prize is here for you today: https://bit.ly/abc", {}, "It hides where a link goes (bit.ly)."),
    (
        "Come and see [url=http://a.example]x[/url] at once",
        {},
        "It has link codes as bots leave them in forums.",
    ),
    ("Hello https://a.example", {}, "It is hardly more than a link."),
    ("Hello there", {"name": "https://a.example"}, "The name is a web address."),
    ("Hello there", {"name": "RobertTuh RobertTuh"}, "First and last name are the same word."),
    ("Hello there", {"email": "x@Mailinator.com"}, "The e-mail address is a throw-away one (mailinator.com)."),
    ("We sell BACKLINKS", {}, "It says “backlinks”."),
    ("Your p\u0430yment is due", {}, "A word mixes letters of two scripts to look like another (“p\u0430yment”)."),
    ("a\u200bb\u200bc\u200bd", {}, "Words are broken up with invisible characters."),
    ("kJhGfDsAqWeRtYuIoP", {}, "It is letters without words."),
    ("Hello there", {"earlier": 3}, "The same text came before, 3 times, from others."),
]
FINE = [
    ("", {}),
    ("Price?", {"name": "Ana Li", "email": "ana@gmail.com"}),
    ("This is the car: https://cars.example/1 and it costs $4,000. Would you inspect it?", {"company": "Li & Co."}),
    ("Здравствуйте, сколько стоит замена масла?", {"name": "Иван"}),
    ("Schmidtsche Rechtsanwaltsgesellschaft", {}),
    ("ASAP BRAKES SQUEAL", {}),
]


@pytest.mark.parametrize(("text", "sender", "reason"), RULES)
def test_each_rule_says_why(text, sender, reason):
    assert [found.words for found in reasons_of(text, **sender)] == [reason]


@pytest.mark.parametrize(("text", "sender"), FINE)
def test_honest_messages_break_no_rule_and_pass(text, sender):
    assert reasons_of(text, **sender) == []
    assert not judge(Incoming(text, **sender)).is_suspect


@pytest.mark.parametrize("text", ["\x00" * 50, "😀" * 5000, "a" * 200_000, "\ud800", " ", "[" * 9999, "http://" * 500])
def test_any_text_is_judged(text):
    assert isinstance(judge(Incoming(text, name=text, email=text, company=text)).score, float)


def test_copies_share_a_fingerprint_and_short_texts_have_none():
    one = "Dear Ana, we bring 30 customers to your shop every month, see https://a.example/1"
    assert fingerprint(one) == fingerprint(one.replace("30", "45").replace("a.example/1", "b.example/2"))
    assert fingerprint("Please call me back") == ""


def test_lessons_turn_like_texts_and_leave_others_alone():
    text = "Our parish choir sings on Sunday and collects old pianos in the whole county."
    other = "Hello, my brakes squeal when I stop. Could you look at the car on Friday morning?"
    before, untouched = judge(Incoming(text)), judge(Incoming(other))
    correction = learned([Lesson(unpack(pack(before.signs)), True, before.base)])
    assert not before.is_suspect
    assert judge(Incoming(text), correction).is_suspect
    assert judge(Incoming(other), correction).score == pytest.approx(untouched.score, abs=1.5)
    assert not learned([]).any()
