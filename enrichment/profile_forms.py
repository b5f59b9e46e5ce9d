"""The form of a profile's draft: rows that grow and move by submit buttons, so that it works without JavaScript."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.text import slugify

from enrichment.normalise import visible
from enrichment.profile_editing import free_key
from enrichment.profiles import COMMON_FACTS, NAMES, Profile, ProfileField, Service
from leads import known_fields
from leads.fields import EXTRA_KINDS, FIELDS, INTENTS, Group, Kind

MOST_FIELDS, MOST_SERVICES, MOST_EXAMPLES, MOST_CHOICES = 20, 80, 5, 30
LONGEST = {
    "about": 120,
    "tone": 200,
    "business_name": 100,
    "opening_hours": 600,
    "notes": 4000,
    "signature": 400,
    "meaning": 200,
    "example": 200,
    "label": 60,
    "service": 100,
    "price": 100,
    "choice": 60,
}
LINES = ("opening_hours", "notes", "signature")  # may have several
TEXTS = ("about", "tone", "business_name", "opening_hours", "notes", "signature")


@dataclass(slots=True)
class IntentRow:
    key: str
    label: str
    meaning: str
    examples: str  # one a line
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class FieldRow:
    """One added fact. `is_shared`: every lead may have it, so its label and kind stand; `has_kind`: its kind stands."""

    key: str
    label: str
    kind: str
    meaning: str
    choices: str  # one a line
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_shared(self) -> bool:
        return self.key in FIELDS

    @property
    def has_kind(self) -> bool:
        return known_fields.known(self.key) is not None

    @property
    def kind_label(self) -> str:
        return KIND_LABELS.get(self.kind, self.kind)


@dataclass(slots=True)
class ServiceRow:
    name: str
    price: str
    errors: dict[str, str] = field(default_factory=dict)


KIND_LABELS: Mapping[str, str] = {
    Kind.TEXT: "Text",
    Kind.CHOICE: "Choice",
    Kind.NUMBER: "Number",
    Kind.DATE: "Date",
    Kind.MONEY: "Money",
    Kind.YES_NO: "Yes or no",
}


@dataclass(slots=True)
class ProfileForm:
    """What is being written. `errors` by name of a text; the rows have their own."""

    base: str
    texts: dict[str, str]
    intents: list[IntentRow]
    fields: list[FieldRow]
    services: list[ServiceRow]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        rows: list[IntentRow | FieldRow | ServiceRow] = [*self.intents, *self.fields, *self.services]
        return bool(self.errors or any(row.errors for row in rows))

    @property
    def bases(self) -> Iterable[tuple[str, str]]:
        return NAMES.items()

    @property
    def kinds(self) -> Iterable[tuple[str, str]]:
        return [(kind.value, KIND_LABELS[kind]) for kind in EXTRA_KINDS]

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Fields that leads have already and that the profile doesn't ask for yet: key and label."""
        used = {row.key for row in self.fields} | (COMMON_FACTS.keys() - {"amount"})
        known = known_fields.in_use().values()
        return [(each.key, each.label) for each in known if each.group is Group.FACT and each.key not in used]


# ---- from and to -----------------------------------------------------------------------------------------------------


def from_profile(profile: Profile) -> ProfileForm:
    return ProfileForm(
        base=profile.base,
        texts={name: getattr(profile, name) for name in TEXTS},
        intents=[
            IntentRow(key, label, profile.intents.get(key, ""), "\n".join(profile.examples.get(key, ())))
            for key, label in INTENTS
        ],
        fields=[
            FieldRow(each.key, each.label, each.kind, each.meaning, "\n".join(label for _, label in each.choices))
            for each in profile.fields
        ],
        services=[ServiceRow(each.name, each.price) for each in profile.services],
    )


def from_post(data: QueryDict) -> ProfileForm:
    """As it was typed, right or wrong. Rows are lists of equal names, in the order of the page."""
    columns = [data.getlist(f"field-{name}") for name in ("key", "label", "kind", "meaning", "choices")]
    services = (data.getlist("service-name"), data.getlist("service-price"))
    return ProfileForm(
        base=data.get("base", ""),
        texts={name: _typed(data.get(name, "")) for name in TEXTS},
        intents=[
            IntentRow(key, label, _typed(data.get(f"meaning-{key}", "")), _typed(data.get(f"examples-{key}", "")))
            for key, label in INTENTS
        ],
        fields=[_field_row(*map(_typed, row)) for row in zip(*columns, strict=False)][: MOST_FIELDS + 1],
        services=[ServiceRow(_typed(name), _typed(price)) for name, price in zip(*services, strict=False)][
            : MOST_SERVICES + 1
        ],
    )


def _field_row(key: str, label: str, kind: str, meaning: str, choices: str) -> FieldRow:
    """What stands for all leads stands here too, whatever was posted."""
    known = known_fields.known(key)
    if known is not None:
        kind = known.kind
    label = known.label if known and key in FIELDS else label
    return FieldRow(key, label, kind, meaning, choices)


def _typed(text: str) -> str:
    clean = visible(text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(char for char in clean if char >= " " or char == "\n").strip()


def rearrange(form: ProfileForm, do: str, data: QueryDict) -> None:
    """What a button in the form does to its rows ("add-field", "drop-field-2", "up-service-1"); nothing is saved."""
    action, _, rest = do.partition("-")
    what, _, place = rest.partition("-")
    rows: list[FieldRow] | list[ServiceRow] = form.fields if what == "field" else form.services
    if action == "add" and what == "field":
        _add_field(form, data.get("new-field", ""))
    elif action == "add" and what == "service" and len(form.services) < MOST_SERVICES:
        form.services.append(ServiceRow("", ""))
    at = int(place) if place.isdecimal() and len(place) < 4 else -1
    if not 0 <= at < len(rows):
        return
    if action == "drop":
        rows.pop(at)
    elif action == "up" and at > 0:
        rows.insert(at - 1, rows.pop(at))  # type: ignore[arg-type]
    elif action == "down":
        rows.insert(at + 1, rows.pop(at))  # type: ignore[arg-type]


def _add_field(form: ProfileForm, wanted: str) -> None:
    if len(form.fields) >= MOST_FIELDS:
        return
    known = known_fields.known(wanted)
    if known is not None and wanted in dict(form.offered):
        choices = "\n".join(label for _, label in known.choices)
        form.fields.append(FieldRow(known.key, known.label, known.kind, "", choices))
    else:
        kind = wanted.removeprefix("new:")
        form.fields.append(FieldRow("", "", kind if kind in EXTRA_KINDS else Kind.TEXT, "", ""))


# ---- checking --------------------------------------------------------------------------------------------------------


def checked(form: ProfileForm, key: str) -> Profile | None:
    """The profile that was written; None, with errors beside what is wrong, when it can't be used."""
    _check_texts(form)
    for row in form.intents:
        _check_intent(row)
    fields = _checked_fields(form)
    services = _checked_services(form)
    if form.has_errors:
        return None
    texts = form.texts
    return Profile(
        key=key,
        about=texts["about"],
        intents={row.key: row.meaning for row in form.intents},
        fields=tuple(fields),
        base=form.base,
        examples={row.key: tuple(_lines(row.examples)) for row in form.intents if _lines(row.examples)},
        services=tuple(services),
        tone=texts["tone"],
        business_name=texts["business_name"],
        opening_hours=texts["opening_hours"],
        notes=texts["notes"],
        signature=texts["signature"],
    )


def _check_texts(form: ProfileForm) -> None:
    for name in TEXTS:
        if name not in LINES:
            form.texts[name] = " ".join(form.texts[name].split())
        if len(form.texts[name]) > LONGEST[name]:
            form.errors[name] = _too_long(name)
    for name, reason in (
        ("about", "Say what the business is, such as “a roofing company”."),
        ("tone", "Say how replies should sound, such as “friendly and brief”."),
    ):
        if not form.texts[name]:
            form.errors[name] = reason
    if form.base not in NAMES:
        form.errors["base"] = "Choose one of these."
    if len(form.fields) > MOST_FIELDS:
        form.errors["fields"] = f"No more than {MOST_FIELDS} facts: the model would lose track."
    if len(form.services) > MOST_SERVICES:
        form.errors["services"] = f"No more than {MOST_SERVICES} services."


def _check_intent(row: IntentRow) -> None:
    row.meaning = " ".join(row.meaning.split())
    if not row.meaning:
        row.errors["meaning"] = "Say when an inquiry is one of these."
    elif len(row.meaning) > LONGEST["meaning"]:
        row.errors["meaning"] = _too_long("meaning")
    examples = _lines(row.examples)
    if len(examples) > MOST_EXAMPLES:
        row.errors["examples"] = f"No more than {MOST_EXAMPLES} examples, one a line."
    elif any(len(each) > LONGEST["example"] for each in examples):
        row.errors["examples"] = f"An example may have {LONGEST['example']} characters."


def _checked_fields(form: ProfileForm) -> list[ProfileField]:
    fields: list[ProfileField] = []
    labels: set[str] = set()
    for row in form.fields:
        row.label, row.meaning = " ".join(row.label.split()), " ".join(row.meaning.split())
        _check_field(row, labels, {each.key for each in fields})
        if row.errors:
            continue
        labels.add(row.label.casefold())
        taken = frozenset({each.key for each in form.fields} | {each.key for each in fields})
        row.key = row.key or free_key(row.label, taken)
        fields.append(ProfileField(row.key, row.label, Kind(row.kind), row.meaning, _choices(row)))
    return fields


def _check_field(row: FieldRow, labels: set[str], keys: set[str]) -> None:
    if not row.label:
        row.errors["label"] = "Give the fact a name."
    elif len(row.label) > LONGEST["label"]:
        row.errors["label"] = _too_long("label")
    elif row.label.casefold() in labels or (row.key and row.key in keys) or _is_taken(row):
        row.errors["label"] = "There is a fact of that name already."
    elif row.key and not _is_good_key(row):
        row.errors["label"] = "This fact can't be used. Remove it and add it anew."
    if not row.meaning:
        row.errors["meaning"] = "Say in a few words what to look for."
    elif len(row.meaning) > LONGEST["meaning"]:
        row.errors["meaning"] = _too_long("meaning")
    _check_kind(row)


def _is_taken(row: FieldRow) -> bool:
    """A new fact called like one that every lead may have would be two for the same."""
    names = {each.label.casefold() for each in FIELDS.values() if each.key != row.key}
    return row.label.casefold() in names


def _is_good_key(row: FieldRow) -> bool:
    if row.key in FIELDS:
        return FIELDS[row.key].group is Group.FACT
    return slugify(row.key) == row.key and len(row.key) <= 40 and row.key not in known_fields.RESERVED


def _check_kind(row: FieldRow) -> None:
    if row.kind not in EXTRA_KINDS and not row.is_shared:
        row.errors["kind"] = "Choose one of these."
    if row.kind != Kind.CHOICE:
        row.choices = ""
        return
    lines = _lines(row.choices)
    if len(lines) < 2:
        row.errors["choices"] = "A choice needs at least two, one a line."
    elif len(lines) > MOST_CHOICES:
        row.errors["choices"] = f"No more than {MOST_CHOICES} choices."
    elif any(len(each) > LONGEST["choice"] for each in lines):
        row.errors["choices"] = f"A choice may have {LONGEST['choice']} characters."
    elif len({each.casefold() for each in lines}) < len(lines):
        row.errors["choices"] = "Two of these are the same."


def _choices(row: FieldRow) -> tuple[tuple[str, str], ...]:
    """A choice that was there before keeps its key, whatever case it is written in now."""
    known = known_fields.known(row.key)
    keys = {label.casefold(): key for key, label in known.choices} if known else {}
    pairs: dict[str, str] = {}
    for label in _lines(row.choices):
        base = slugify(label).replace("-", "_")[:36] or "choice"
        fresh = (base, *(f"{base}_{count}" for count in range(2, 2 * MOST_CHOICES)))
        taken = {*pairs, *keys.values()}
        pairs[keys.get(label.casefold()) or next(key for key in fresh if key not in taken)] = label
    return tuple(pairs.items())


def _checked_services(form: ProfileForm) -> list[Service]:
    services = []
    form.services = [row for row in form.services if row.name or row.price]
    seen: set[str] = set()
    for row in form.services:
        row.name, row.price = " ".join(row.name.split()), " ".join(row.price.split())
        if not row.name:
            row.errors["name"] = "Name the service that costs this."
        elif row.name.casefold() in seen:
            row.errors["name"] = "This service is listed already."
        elif len(row.name) > LONGEST["service"] or len(row.price) > LONGEST["price"]:
            row.errors["name"] = f"Names and prices may have {LONGEST['service']} characters."
        seen.add(row.name.casefold())
        services.append(Service(row.name, row.price))
    return services


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _too_long(name: str) -> str:
    return f"At most {LONGEST[name]} characters."
