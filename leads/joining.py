"""Which lead a further message belongs to: the same mailbox or line, and no name that speaks against it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from leads.keys import email_key, phone_key
from leads.matching.contradiction import contradict
from leads.matching.people import Person
from leads.models import ContactPoint, Lead
from leads.values import Contact

Key = tuple[str, str]  # kind of contact point, key
Kind = ContactPoint.Kind
MOST_HOLDERS = 100


@dataclass(slots=True)
class _Holder:
    """A standing lead, and the names that its people go by: its own, and that of the merged lead with the key."""

    lead: Lead
    names: list[Person]


@dataclass(slots=True)
class Known:
    """The leads that a batch of people may belong to, by what they can be reached by."""

    holders: dict[Key, list[_Holder]] = field(default_factory=dict)

    def lead_of(self, person: Contact) -> Lead | None:
        """The one lead of a person; None when there is none, or several."""
        found = self._holders_of(person)
        leads = {holder.lead.public_id: holder.lead for holder in found}  # a new one has no other id yet
        return next(iter(leads.values())) if len(leads) == 1 else None

    def add(self, lead: Lead, person: Contact) -> None:
        """The person is on the lead now, which the batch itself may have begun: the next one is compared with both."""
        name = _named(person)
        for key in keys_of(person):
            own = [holder for holder in self.holders.setdefault(key, []) if holder.lead is lead]
            for holder in own:
                holder.names = holder.names if any(map(_is_name, holder.names)) else [name]
            if not own:
                self.holders[key].append(_Holder(lead, [name]))

    def _holders_of(self, person: Contact) -> list[_Holder]:
        name = _named(person)
        found = [holder for key in keys_of(person) for holder in self.holders.get(key, ())]
        return [holder for holder in found if not all(contradict(name, other) for other in holder.names)]


def leads_to_join(people: Sequence[Contact]) -> list[Lead | None]:
    """For each person the one standing lead that has their e-mail or phone and no contradicting name; None when there
    is none, or several. What was merged counts for the lead that it went into; samples are nobody.

    A constant number of queries for all of them (one more for each merge in a row); some thousand people at once.
    """
    known = know(people)
    return [known.lead_of(person) for person in people]


def know(people: Sequence[Contact]) -> Known:
    """What `leads_to_join` reads, to ask it one by one."""
    keys = {key for person in people for key in keys_of(person)}
    holders = _holders(keys)
    roots = _roots(lead for found in holders.values() for lead in found)
    return _known(holders, roots)


def know_and_hold(people: Sequence[Contact], *, others: Iterable[int] = ()) -> tuple[Known, dict[int, Lead]]:
    """The same with the leads locked until the end of the transaction, so that none is merged, edited or erased
    meanwhile, and nobody else begins a lead for one of these people. `others` are ids of leads that are wanted too:
    those that stand, or what they were merged into, come back by the id asked for.
    """
    keys = {key for person in people for key in keys_of(person)}
    _hold_keys(keys)
    while True:
        holders = _holders(keys)
        asked = Lead.objects.in_bulk(list(others)) if others else {}
        roots = _roots([*(lead for found in holders.values() for lead in found), *asked.values()])
        held = _locked({root.pk for root in roots.values()})
        if all(root.pk in held for root in roots.values()):
            roots = {pk: held[root.pk] for pk, root in roots.items()}
            return _known(holders, roots), {pk: roots[pk] for pk in asked}


def _hold_keys(keys: Iterable[Key]) -> None:
    """One worker at a time for one person, also while there is no row yet that could be locked. SQLite has one writer
    anyway."""
    if settings.IS_SQLITE or not keys:
        return
    digests = (hashlib.blake2b(f"{kind}:{key}".encode(), digest_size=8).digest() for kind, key in keys)
    numbers = sorted({int.from_bytes(digest, signed=True) for digest in digests})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers])


def _locked(ids: Iterable[int]) -> dict[int, Lead]:
    """Those that stand still, fresh."""
    leads = Lead.objects.select_for_update().filter(pk__in=sorted(ids)).order_by("pk") if ids else ()
    return {lead.pk: lead for lead in leads if lead.merged_into_id is None}


def _known(holders: Mapping[Key, Sequence[Lead]], roots: Mapping[int, Lead]) -> Known:
    """Staff said that a merged lead and where it went are one person: it is enough when one of the two has the name."""
    known = Known()
    for key, leads in holders.items():
        for lead in leads:
            root = roots[lead.pk]
            known.holders.setdefault(key, []).append(_Holder(root, [_named(lead), _named(root)]))
    return known


def _is_name(who: Person) -> bool:
    return bool(who.first_name or who.last_name)


def _named(who: Contact | Lead) -> Person:
    return Person(first_name=who.first_name, last_name=who.last_name)


def keys_of(person: Contact) -> set[Key]:
    """What the person can be found by."""
    keys = {
        (Kind.EMAIL.value, email_key(person.email)),
        (Kind.PHONE.value, phone_key(person.phone, settings.DEFAULT_REGION)),
    }
    return {(kind, key) for kind, key in keys if key}


def contradicts(person: Contact, lead: Lead) -> bool:
    """Whether the person's name is clearly another one than the lead's."""
    return contradict(_named(person), _named(lead))


def _holders(keys: set[Key]) -> dict[Key, list[Lead]]:
    """The leads that have each key, merged ones included. One query per column: each has an index of its own. A key of
    more than MOST_HOLDERS says of nobody who they are, like the office's address that staff type for lack of another.
    """
    if not keys:
        return {}
    emails = [key for kind, key in keys if kind == Kind.EMAIL]
    phones = [key for kind, key in keys if kind == Kind.PHONE]
    leads = Lead.objects.filter(is_sample=False, quarantined_at=None).defer("search_text", "score_reasons")
    found: dict[Key, list[Lead]] = {}
    for lead in _a_few(leads.filter(email_key__in=emails).exclude(email_key=""), "email_key"):
        found.setdefault((Kind.EMAIL.value, lead.email_key), []).append(lead)
    for lead in _a_few(leads.filter(phone_key__in=phones).exclude(phone_key=""), "phone_key"):
        found.setdefault((Kind.PHONE.value, lead.phone_key), []).append(lead)
    points = _a_few(ContactPoint.objects.filter(key__in=[*emails, *phones]), "kind", "key")
    points = points.values_list("lead", "kind", "key")
    further = [(pk, (kind, key)) for pk, kind, key in points if (kind, key) in keys]
    by_id = leads.in_bulk({pk for pk, _ in further}) if further else {}
    for pk, key in further:
        if pk in by_id:
            found.setdefault(key, []).append(by_id[pk])
    return {key: holders for key, holders in found.items() if len(holders) <= MOST_HOLDERS}


def _a_few(rows: QuerySet[Any], *columns: str) -> QuerySet[Any]:
    """Of the rows with the same values in these columns one more than MOST_HOLDERS at most."""
    number = Window(RowNumber(), partition_by=[F(column) for column in columns], order_by="pk")
    return rows.annotate(number=number).filter(number__lte=MOST_HOLDERS + 1)


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
