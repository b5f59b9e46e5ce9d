"""Drafts, publishing, going back, copies: what stands afterwards, and that nothing of it is lost."""

from dataclasses import replace
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

from enrichment import business, profile_list
from enrichment import profile_editing as editing
from enrichment.models import BusinessProfile, ProfileVersion
from enrichment.profile_diff import differences
from enrichment.profiles import PROFILES, Profile, ProfileField, Service
from leads import known_fields
from leads.fields import Kind
from leads.models import ExtraField, PublicForm, Submission

ROOF = ProfileField("roof", "Type of roof", Kind.CHOICE, "what the roof is like", (("flat", "Flat"), ("tin", "Tin")))
AUTO = PROFILES["automotive"]


def seen(key: str = "automotive") -> str:
    return profile_list.one(key).mark


def draft(profile: Profile | None = None, by: str = "olivia", **changes) -> ProfileVersion:
    profile = profile or replace(AUTO, **changes)
    return editing.save_draft(profile.key, profile, seen=seen(profile.key), by=by)


def publish(profile: Profile | None = None, note: str = "", by: str = "olivia", **changes) -> ProfileVersion:
    made = draft(profile, by, **changes)
    return editing.publish(made.profile.key, seen=seen(made.profile.key), note=note, by=by)


def states(key: str = "automotive") -> list[tuple[int, str]]:
    return list(ProfileVersion.objects.filter(profile__key=key).order_by("number").values_list("number", "state"))


def test_as_shipped_until_something_is_published(db):
    assert business.live("automotive") == AUTO
    draft(tone="gruff")
    assert business.live("automotive") == AUTO
    assert profile_list.one("automotive").draft_profile.tone == "gruff"
    editing.publish("automotive", seen=seen(), note="Sounds like us", by="hal")
    live = business.live("automotive")
    assert (live.tone, live.label, live.fields) == ("gruff", "automotive 1", AUTO.fields)
    row = ProfileVersion.objects.get()
    assert (row.note, row.made_by, row.state) == ("Sounds like us", "hal", "live")


def test_all_that_a_profile_says_survives_the_database(db):
    said = replace(
        AUTO,
        fields=(*AUTO.fields, ROOF),
        services=(Service("Oil change", "from $89"), Service("Towing")),
        examples={"support": ("Is it ready?", "When?")},
        business_name="Ana’s Garage",
        opening_hours="Mon–Fri\n8–17",
        notes="{braces} & <tags>",
        signature="Ana",
    )
    publish(said)
    assert business.live("automotive") == replace(said, version=1)


def test_going_back_is_a_new_version_and_leaves_the_draft(db):
    publish(tone="gruff")
    publish(tone="silly")
    draft(tone="later")
    again = editing.publish_again("automotive", number=1, by="hal")
    assert (again.number, again.note, business.live("automotive").tone) == (4, "Back to version 1", "gruff")
    assert states() == [(1, "past"), (2, "past"), (3, "draft"), (4, "live")]
    shipped = editing.publish_again("automotive", number=0, by="hal")
    assert (shipped.note, business.live("automotive")) == ("Back to as shipped", replace(AUTO, version=5))
    with pytest.raises(editing.Refused, match="already"):
        editing.publish_again("automotive", number=0, by="hal")
    with pytest.raises(editing.Refused, match="no version 99"):
        editing.publish_again("automotive", number=99, by="hal")
    published = editing.publish("automotive", seen=seen(), note="", by="olivia")
    assert published.number == 6  # numbers tell the order in which versions went live


def test_nothing_to_publish_is_said(db):
    with pytest.raises(editing.Refused, match="no draft"):
        editing.publish("automotive", seen=seen(), note="", by="olivia")
    draft()
    with pytest.raises(editing.Refused, match="says what the live version says"):
        editing.publish("automotive", seen=seen(), note="", by="olivia")
    with pytest.raises(editing.Refused, match="no such profile"):
        editing.publish("nonsense", seen="", note="", by="olivia")


def test_the_second_of_two_writers_is_told_and_nothing_is_lost(db):
    both_saw = seen()
    editing.save_draft("automotive", replace(AUTO, tone="hers"), seen=both_saw, by="olivia")
    with pytest.raises(editing.Changed, match="olivia saved another draft"):
        editing.save_draft("automotive", replace(AUTO, tone="his"), seen=both_saw, by="hal")
    assert profile_list.one("automotive").draft_profile.tone == "hers"
    editing.save_draft("automotive", replace(AUTO, tone="his"), seen=seen(), by="hal", puts_aside=True)
    aside = ProfileVersion.objects.get(state="past")
    assert (aside.content["tone"], aside.note) == ("hers", "Draft by olivia, written over by hal")
    assert profile_list.one("automotive").draft_profile.tone == "his"
    assert business.live("automotive") == AUTO
    assert editing.publish_again("automotive", number=aside.number, by="olivia").content["tone"] == "hers"


def test_what_was_published_meanwhile_is_not_reverted_unseen(db):
    before = seen()
    publish(tone="hers")
    with pytest.raises(editing.Changed, match="olivia published"):
        editing.save_draft("automotive", replace(AUTO, notes="his"), seen=before, by="hal")
    draft(tone="next")
    with pytest.raises(editing.Changed):
        editing.publish("automotive", seen=before, note="", by="hal")


def test_a_draft_put_aside_stays_among_the_versions(db):
    draft(tone="gruff")
    editing.discard_draft("automotive", seen=seen(), by="hal")
    assert (profile_list.one("automotive").draft, states()) == (None, [(1, "past")])
    assert editing.publish_again("automotive", number=1, by="hal").content["tone"] == "gruff"


# ---- added fields ----------------------------------------------------------------------------------------------------


def test_an_added_field_is_known_once_published_and_retired_with_its_last_profile(db):
    draft(fields=(*AUTO.fields, ROOF))
    assert known_fields.known("roof") is None
    editing.publish("automotive", seen=seen(), note="", by="olivia")
    assert known_fields.known("roof").choices == ROOF.choices
    publish(replace(PROFILES["general"], fields=(ROOF,)))
    publish()
    assert not known_fields.known("roof").is_retired
    publish(PROFILES["general"])
    assert known_fields.known("roof").is_retired
    assert "roof" not in known_fields.in_use()
    editing.publish_again("automotive", number=1, by="olivia")
    assert not known_fields.known("roof").is_retired


def test_a_renamed_field_stays_the_same_field(db):
    publish(fields=(ROOF,))
    publish(fields=(replace(ROOF, label="Roof", choices=(("flat", "Flat roof"),)),))
    assert ExtraField.objects.get().label == "Roof"
    assert known_fields.known("roof").choices == (("flat", "Flat roof"),)


def test_a_key_that_means_something_else_by_now_is_not_used_again(db):
    draft(fields=(replace(ROOF, label="Roof over the head"),))
    publish(replace(PROFILES["general"], fields=(replace(ROOF, kind=Kind.NUMBER, choices=()),)))
    live = editing.publish("automotive", seen=seen(), note="", by="olivia")
    assert live.content["fields"][0]["key"] == "roof_over_the_head"
    assert {row.key: row.kind for row in ExtraField.objects.all()} == {"roof": "number", "roof_over_the_head": "choice"}


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Type of roof", "type_of_roof"),
        ("E-mail", "e_mail"),
        ("Status", "status_2"),
        ("Größe", "groe"),
        ("屋根", "field"),
    ],
)
def test_keys_are_made_of_names_and_never_taken(db, label, key):
    assert editing.free_key(label) == key
    assert editing.free_key("Place") == "place_2"


# ---- the profiles themselves -----------------------------------------------------------------------------------------


def test_a_copy_reads_nothing_until_it_is_published(db):
    made = editing.make_copy("automotive", name="  Boats  &  motors ", by="olivia")
    assert (made.key, made.name, business.live("boats-motors")) == ("boats-motors", "Boats & motors", None)
    form = PublicForm.objects.create(name="Boats", business_profile="boats-motors")
    assert business.profile_of(Submission(form=form)) == business.default()
    with pytest.raises(editing.Refused, match="Publish the profile first"):
        editing.make_default("boats-motors")
    editing.publish("boats-motors", seen=seen("boats-motors"), note="", by="olivia")
    assert business.profile_of(Submission(form=form)).label == "boats-motors 1"


@pytest.mark.parametrize("name", ["", "   ", "Automotive", "med SPA"])
def test_names_are_given_once(db, name):
    with pytest.raises(editing.Refused):
        editing.make_copy("automotive", name=name, by="olivia")


@pytest.mark.parametrize("name", ["Copy", "!!", "x" * 300, "Über uns", "🚗"])
def test_any_name_gets_an_address(db, name):
    made = editing.make_copy("automotive", name=name, by="olivia")
    assert made.key not in ("copy", "")
    assert len(made.key) <= 40
    assert profile_list.one(made.key).draft is not None


def test_default_and_archive(db, settings):
    settings.BUSINESS_TYPE = "medspa"
    assert business.default() == PROFILES["medspa"]
    publish(tone="gruff")
    editing.make_default("automotive")
    editing.make_default("consulting")
    editing.make_default("automotive")
    assert business.default().tone == "gruff"
    with pytest.raises(editing.Refused, match="default profile"):
        editing.archive("automotive", is_archived=True)
    form = PublicForm.objects.create(name="Spa form", business_profile="medspa")
    with pytest.raises(editing.Refused, match="Spa form"):
        editing.archive("medspa", is_archived=True)
    form.business_profile = ""
    form.save()
    editing.archive("medspa", is_archived=True)
    assert business.live("medspa") is None
    with pytest.raises(editing.Refused, match="archived"):
        editing.make_default("medspa")
    editing.archive("medspa", is_archived=False)
    assert business.live("medspa") == PROFILES["medspa"]


def test_forms_are_listed_with_the_profile_that_reads_them(db, settings):
    settings.BUSINESS_TYPE = "general"
    PublicForm.objects.all().delete()
    for name, key in (("A", ""), ("B", "medspa"), ("C", "gone")):
        PublicForm.objects.create(name=name, business_profile=key)
    found = {each.key: [form.name for form in each.forms] for each in profile_list.every()}
    assert found == {"general": ["A", "C"], "medspa": ["B"], "automotive": [], "consulting": []}


# ---- two at once -----------------------------------------------------------------------------------------------------


def at_once(*calls) -> list[object]:
    """Runs them in threads that start together; what each returned or raised."""
    barrier, outcomes = Barrier(len(calls)), {}

    def run(place: int, call) -> None:
        barrier.wait()
        try:
            outcomes[place] = call()
        except editing.Refused as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[place] for place in range(len(calls))]


def test_of_two_who_publish_at_once_one_is_told(transactional_db):
    draft(tone="gruff", fields=(ROOF,))
    mark = seen()
    found = at_once(*(lambda by=by: editing.publish("automotive", seen=mark, note=by, by=by) for by in ("a", "b", "c")))
    assert sorted(type(each).__name__ for each in found) == ["Changed", "Changed", "ProfileVersion"]
    assert states() == [(1, "live")]


def test_of_two_first_drafts_at_once_one_is_told(transactional_db):
    mark = seen()
    writers = (lambda by=by: editing.save_draft("automotive", replace(AUTO, tone=by), seen=mark, by=by) for by in "abc")
    assert sorted(type(each).__name__ for each in at_once(*writers)) == ["Changed", "Changed", "ProfileVersion"]
    assert BusinessProfile.objects.filter(key="automotive").count() == 1


def test_of_two_copies_of_one_name_one_is_made(transactional_db):
    made = at_once(*(lambda: editing.make_copy("general", name="Boats", by="a") for _ in range(3)))
    assert sorted(type(each).__name__ for each in made) == ["BusinessProfile", "Refused", "Refused"]
    assert connection.vendor in ("sqlite", "postgresql")


# ---- differences -----------------------------------------------------------------------------------------------------


def test_differences_in_words():
    old = replace(AUTO, fields=(AUTO.fields[0], AUTO.fields[1], ROOF), services=(Service("Oil", "$1"), Service("Tow")))
    new = replace(
        old,
        tone="gruff",
        fields=(ROOF, AUTO.fields[0], ProfileField("insured", "Insured", Kind.YES_NO, "whether insured")),
        services=(Service("Oil", "$2"),),
        intents={**AUTO.intents, "support": "asks for help"},
        signature="Ana",
    )
    found = [(each.change, each.part, each.what, each.before, each.after) for each in differences(old, new)]
    assert found == [
        ("changed", "Tone of replies", "", AUTO.tone, "gruff"),
        ("added", "Signature", "", "", "Ana"),
        ("changed", "Meaning of an intent", "Support", AUTO.intents["support"], "asks for help"),
        ("removed", "Fact to look for", "Mileage", "Mileage, text. the odometer reading", ""),
        ("added", "Fact to look for", "Insured", "", "Insured, yes or no. whether insured"),
        ("changed", "Order of the facts", "", "Vehicle, Type of roof", "Type of roof, Vehicle"),
        ("changed", "Service", "Oil", "$1", "$2"),
        ("removed", "Service", "Tow", "no price to quote", ""),
    ]
    assert differences(old, old) == []
