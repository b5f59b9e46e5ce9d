"""What a form may be: the sentences of what can't be published, keys of answers, colours that people can read."""

from dataclasses import replace

import pytest

from leads.forms_colours import Colours, contrast
from leads.forms_definition import Definition, FieldType, FormField, default, new_key, origin_of, problems
from leads.forms_templates import TEMPLATES
from leads.forms_words import _WORDS, LANGUAGES, say


def field(**changes: object) -> FormField:
    return FormField(**{"key": "car", "type": FieldType.TEXT, "label": "Your car"} | changes)


WRONG = [
    ({"title": " "}, {"title": "The form needs a heading."}),
    ({"thanks": ""}, {"thanks": "Say thank you, or name a page to go to."}),
    ({"thanks": "", "redirect": "https://example.com/thanks"}, {}),
    ({"redirect": "javascript:alert(1)"}, {"redirect": "Write the whole address, like https://example.com/thanks."}),
    ({"redirect": "https://a.example; x"}, {"redirect": "Write the whole address, like https://example.com/thanks."}),
    ({"language": "tlh"}, {"language": "Choose a language."}),
    ({"intro": "x" * 2001}, {"intro": "At most 2,000 characters."}),
    ({"fields": ()}, {"fields": "Add a field first: the form asks for nothing."}),
    ({"fields": (field(), field())}, {"fields": "Two fields have the same key."}),
    ({"fields": (field(label=""),)}, {"label-0": "What does this field ask for?"}),
    ({"fields": (field(), field(key="b", help="x" * 301))}, {"help-1": "At most 300 characters."}),
    ({"fields": (field(type=FieldType.CHOICE),)}, {"options-0": "Write at least two choices, one a line."}),
    ({"fields": (field(type="choices", options=("a", "a")),)}, {"options-0": "Two choices are the same."}),
    (
        {"colours": Colours("#ffffff", "#777777", "#000000")},
        {"colours": "The text is too pale on this background: the contrast is 4.5, and 4.5 is needed."},
    ),
    ({"colours": Colours("#fff", "red", "")}, {"colours": "Write a colour as # and six digits: #1f5fbf."}),
]


@pytest.mark.parametrize(("changes", "sentences"), WRONG)
def test_what_is_wrong_is_said_where_it_is(changes, sentences):
    assert problems(default(**changes)) == sentences


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_templates_can_be_published_and_outlive_their_json(template):
    assert problems(template.definition) == {}
    assert Definition.from_json(template.definition.to_json()) == template.definition


def test_what_an_older_or_newer_release_wrote_is_read():
    content = {"title": "Ask", "fields": [{"key": "car", "type": "text", "label": "Car", "later": 1}], "new": True}
    assert Definition.from_json(content) == Definition(title="Ask", fields=(field(label="Car"),))


def test_colours_outlive_their_json():
    made = default(colours=Colours("#ffffff", "#000000", "#1f5fbf"))
    assert Definition.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    ("label", "taken", "key"),
    [("Your car", [], "your_car"), ("Your car", ["your_car"], "your_car_2"), ("E-mail", [], "e_mail"),
     ("email", [], "email_2"), ("Token", [], "token_2"), ("Größe", [], "gr_e"), ("???", [], "answer"),
     ("1st", [], "answer")],
)  # fmt: skip
def test_keys_of_answers_are_like_their_label_and_nobody_elses(label, taken, key):
    assert new_key(label, taken) == key


def test_one_of_two_ways_to_answer_is_asked_for_only_when_none_is_required():
    assert default().asks_for_one_of_two
    assert not replace(default(), fields=default().fields[:3]).asks_for_one_of_two
    assert not replace(
        default(), fields=tuple(replace(each, required=True) for each in default().fields)
    ).asks_for_one_of_two


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
    ],
)
def test_contrast_is_that_of_wcag(first, second, ratio):
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    "colours",
    [
        Colours("#ffffff", "#000000", "#1f5fbf"),
        Colours("#101820", "#e6eaf0", "#7fb0ff"),
        Colours("#ffe08a", "#222222", "#5a2d00"),
    ],
)  # fmt: skip
def test_everything_that_colours_bring_along_can_be_read(colours):
    css = dict(part.split(":") for part in colours.css().split("{")[1].strip("}").split(";") if part.startswith("--"))
    assert colours.problem() == ""
    assert contrast(css["--accent-ink"], css["--accent"]) >= 4.5
    assert contrast(css["--bad"], css["--bad-paper"]) >= 4.5
    assert contrast(css["--soft"], css["--paper"]) >= 4.5
    assert contrast(css["--line"], css["--paper"]) >= 3


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://example.com/a?b", "https://example.com"),
        ("http://u:p@x.example:81", "http://x.example:81"),
        ("", ""),
        ("javascript:x", ""),
    ],
)  # fmt: skip
def test_the_origin_of_an_address(address, origin):
    assert origin_of(address) == origin


def test_every_sentence_is_there_in_every_language():
    assert all(len(words) == len(LANGUAGES) - 1 and all(words) for words in _WORDS.values())
    assert (say("Send", "de"), say("Send", "en"), say("Nobody knows this", "fr")) == (
        "Senden",
        "Send",
        "Nobody knows this",
    )
