"""The form of a draft: what is typed comes back as typed, right or wrong."""

from dataclasses import replace

import pytest
from django.http import QueryDict

from enrichment import business, profile_forms
from enrichment.profiles import PROFILES, Profile, ProfileField
from enrichment.tests.test_profile_editing import AUTO, ROOF, publish
from leads.fields import INTENTS, Kind


def posted(profile: Profile = AUTO, **changes: str | list[str]) -> QueryDict:
    """What the page's form sends for a profile."""
    form = profile_forms.from_profile(profile)
    data = QueryDict(mutable=True)
    data.update({"base": form.base, **form.texts})
    for row in form.intents:
        data.update({f"meaning-{row.key}": row.meaning, f"examples-{row.key}": row.examples.replace("\n", "\r\n")})
    for name in ("key", "label", "kind", "meaning", "choices"):
        data.setlist(f"field-{name}", [getattr(row, name) for row in form.fields])
    data.setlist("service-name", [row.name for row in form.services])
    data.setlist("service-price", [row.price for row in form.services])
    for name, value in changes.items():
        if isinstance(value, list):
            data.setlist(name.replace("_", "-"), value)
        else:
            data[name] = value
    return data


def errors_of(form: profile_forms.ProfileForm) -> dict[str, str]:
    found = dict(form.errors)
    for name in ("intents", "fields", "services"):
        for at, row in enumerate(getattr(form, name)):
            found |= {f"{name}.{at}.{where}": reason for where, reason in row.errors.items()}
    return found


@pytest.mark.parametrize("key", PROFILES)
def test_what_is_shown_is_what_is_sent_back(db, key):
    form = profile_forms.from_post(posted(PROFILES[key]))
    assert profile_forms.checked(form, key) == PROFILES[key]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"about": " "}, ["about"]),
        ({"tone": "x" * 201}, ["tone"]),
        ({"base": "nonsense"}, ["base"]),
        ({"notes": "x" * 4001}, ["notes"]),
        ({"meaning-support": ""}, ["intents.3.meaning"]),
        ({"examples-support": "a\nb\nc\nd\ne\nf"}, ["intents.3.examples"]),
        ({"field_label": ["Vehicle", "", "Symptoms"]}, []),  # a field that every lead may have keeps its name
        ({"field_meaning": ["", "b", "c"]}, ["fields.0.meaning"]),
        ({"field_key": ["", "", ""]}, ["fields.0.label", "fields.1.label", "fields.2.label"]),  # names that are taken
        ({"field_key": ["vehicle", "vehicle", "symptoms"]}, ["fields.1.label"]),
        (
            {"field_key": ["email", "lead_id", "../x"], "field_label": ["A", "B", "C"]},
            ["fields.0.label", "fields.1.label", "fields.2.label"],
        ),
        ({"service_name": ["Oil", "oil"], "service_price": ["1", "2"]}, ["services.1.name"]),
        ({"service_name": ["", ""], "service_price": ["$5", ""]}, ["services.0.name"]),
    ],
)
def test_errors_stand_beside_what_is_wrong(db, changes, where):
    form = profile_forms.from_post(posted(**changes))
    assert (profile_forms.checked(form, "automotive") is None) == bool(where)
    assert sorted(errors_of(form)) == where


@pytest.mark.parametrize(
    ("kind", "choices", "error"),
    [
        ("choice", "Flat\nTin", ""),
        ("choice", "Flat", "choices"),
        ("choice", "Flat\nflat", "choices"),
        ("choice", "\n".join(map(str, range(31))), "choices"),
        ("number", "left over from a choice", ""),
        ("phone", "", "kind"),
        ("", "", "kind"),
    ],
)
def test_a_new_field_of_each_kind(db, kind, choices, error):
    data = posted(field_key=[""], field_label=["Roof"], field_kind=[kind], field_meaning=["the roof"])
    data.setlist("field-choices", [choices])
    form = profile_forms.from_post(data)
    written = profile_forms.checked(form, "automotive")
    assert sorted(errors_of(form)) == ([f"fields.0.{error}"] if error else [])
    if written:
        expected = (("flat", "Flat"), ("tin", "Tin")) if kind == "choice" else ()
        assert written.fields == (ProfileField("roof", "Roof", Kind(kind), "the roof", expected),)


def test_choices_keep_their_keys_when_others_come_and_go(db):
    publish(fields=(replace(ROOF, choices=(("a", "Flat"), ("b", "Tin"))),))
    data = posted(business.live("automotive"), field_choices=["B\nTIN\nSlate"])
    written = profile_forms.checked(profile_forms.from_post(data), "automotive")
    assert written.fields[0].choices == (("b_2", "B"), ("b", "TIN"), ("slate", "Slate"))


def test_rows_grow_move_and_go(db):
    form = profile_forms.from_profile(AUTO)
    for do in ("down-field-0", "up-field-2", "up-field-0", "down-field-2", "drop-field-99", "drop-field-x", "nonsense"):
        profile_forms.rearrange(form, do, QueryDict())
    assert [row.label for row in form.fields] == ["Mileage", "Symptoms", "Vehicle"]
    profile_forms.rearrange(form, "drop-field-1", QueryDict())
    profile_forms.rearrange(form, "add-field", QueryDict("new-field=treatment"))
    profile_forms.rearrange(form, "add-field", QueryDict("new-field=new:money"))
    profile_forms.rearrange(form, "add-field", QueryDict("new-field=email"))
    assert [(row.key, row.label, row.kind) for row in form.fields[2:]] == [
        ("treatment", "Treatment", "text"),
        ("", "", "money"),
        ("", "", "text"),
    ]
    profile_forms.rearrange(form, "add-service", QueryDict())
    profile_forms.rearrange(form, "drop-service-0", QueryDict())
    assert form.services == []
    for _ in range(40):
        profile_forms.rearrange(form, "add-field", QueryDict())
    assert len(form.fields) == profile_forms.MOST_FIELDS
    assert len(INTENTS) == len(form.intents)
