"""Which lead a further message belongs to: the same mailbox or line, and no name that speaks against it."""

from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings

from leads.keys import email_key, phone_key
from leads.matching.contradiction import contradict
from leads.matching.people import Person
from leads.models import ContactPoint, Lead
from leads.values import Contact

Key = tuple[str, str]  # kind of contact point, key
Kind = ContactPoint.Kind


def leads_to_join(people: Sequence[Contact]) -> list[Lead | None]:
    """For each person the one standing lead that has their e-mail or phone and no contradicting name; None when there
    is none, or several. What was merged counts for the lead that it went into; samples are nobody.

    A constant number of queries for all of them (one more for each merge in a row); some thousand people at once.
    """
    keys = [keys_of(person) for person in people]
    holders = _holders({key for own in keys for key in own})
    roots = _roots(lead for found in holders.values() for lead in found)
    return [_the_one(person, own, holders, roots) for person, own in zip(people, keys, strict=True)]


def keys_of(person: Contact) -> set[Key]:
    """What the person can be found by."""
    keys = {
        (Kind.EMAIL.value, email_key(person.email)),
        (Kind.PHONE.value, phone_key(person.phone, settings.DEFAULT_REGION)),
    }
    return {(kind, key) for kind, key in keys if key}


def contradicts(person: Contact, lead: Lead) -> bool:
    """Whether the person's name is clearly another one than the lead's."""
    return contradict(
        Person(first_name=person.first_name, last_name=person.last_name),
        Person(first_name=lead.first_name, last_name=lead.last_name),
    )


def _the_one(
    person: Contact, keys: Iterable[Key], holders: Mapping[Key, Sequence[Lead]], roots: Mapping[int, Lead]
) -> Lead | None:
    found: dict[int, Lead] = {}
    for lead in (lead for key in keys for lead in holders.get(key, ())):
        root = roots[lead.pk]
        # Staff said that both are one person: it is enough when one of the two has the name.
        if not (contradicts(person, lead) and contradicts(person, root)):
            found[root.pk] = root
    return next(iter(found.values())) if len(found) == 1 else None


def _holders(keys: set[Key]) -> dict[Key, list[Lead]]:
    """The leads that have each key, merged ones included. One query per column: each has an index of its own."""
    if not keys:
        return {}
    emails = [key for kind, key in keys if kind == Kind.EMAIL]
    phones = [key for kind, key in keys if kind == Kind.PHONE]
    leads = Lead.objects.filter(is_sample=False).defer("search_text", "score_reasons")
    found: dict[Key, list[Lead]] = {}
    for lead in leads.filter(email_key__in=emails).exclude(email_key=""):
        found.setdefault((Kind.EMAIL.value, lead.email_key), []).append(lead)
    for lead in leads.filter(phone_key__in=phones).exclude(phone_key=""):
        found.setdefault((Kind.PHONE.value, lead.phone_key), []).append(lead)
    points = ContactPoint.objects.filter(key__in=[*emails, *phones]).values_list("lead", "kind", "key")
    further = [(pk, (kind, key)) for pk, kind, key in points if (kind, key) in keys]
    by_id = leads.in_bulk({pk for pk, _ in further}) if further else {}
    for pk, key in further:
        if pk in by_id:
            found.setdefault(key, []).append(by_id[pk])
    return found


def _roots(leads: Iterable[Lead]) -> dict[int, Lead]:
    """By id: the standing lead that each ended in, itself when it stands."""
    known = {lead.pk: lead for lead in leads}
    asked = set(known)
    while missing := {lead.merged_into_id for lead in known.values() if lead.merged_into_id} - known.keys():
        known |= Lead.objects.defer("search_text", "score_reasons").in_bulk(missing)
    return {pk: _root(known[pk], known) for pk in asked}


def _root(lead: Lead, known: Mapping[int, Lead]) -> Lead:
    while lead.merged_into_id is not None:
        lead = known[lead.merged_into_id]
    return lead
