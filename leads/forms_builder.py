"""The form builder's form: what is in its fields as a definition, and what its buttons do to the rows."""

from dataclasses import replace

from django.http import QueryDict

from leads.forms_colours import Colours
from leads.forms_definition import LOGO, STANDARD, TYPE_LABELS, Definition, FieldType, FormField, new_key

TEXTS = ("title", "intro", "button", "thanks", "redirect", "language", "logo", "logo_alt")


def from_post(data: QueryDict) -> Definition:
    """What was typed, right or wrong."""
    texts = {name: data.get(name, "").replace("\r\n", "\n").replace("\x00", "").strip() for name in TEXTS}
    texts["logo"] = texts["logo"] if LOGO.fullmatch(texts["logo"]) else ""
    colours = Colours(data.get("paper", ""), data.get("ink", ""), data.get("accent", ""))
    return Definition(**texts, fields=_fields(data), colours=colours if data.get("own-colours") else None)


def _fields(data: QueryDict) -> tuple[FormField, ...]:
    columns = [data.getlist(f"field-{name}") for name in ("key", "type", "label", "help", "options")]
    required = set(data.getlist("field-required"))
    return tuple(
        FormField(key, kind, label.replace("\x00", "").strip(), about.strip(), key in required, _lines(options))
        for key, kind, label, about, options in zip(*columns, strict=False)
        if kind in TYPE_LABELS and (key not in STANDARD or STANDARD[key][0] == kind)
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.replace("\x00", "").splitlines() if line.strip())


def rearranged(definition: Definition, do: str, new: str) -> Definition:
    """After a button of the rows: “up:key”, “down:key”, “remove:key”, “no-logo:”, or “add” of what `new` names: the key
    of a standard field, or “new:type”."""
    fields = list(definition.fields)
    action, _, key = do.partition(":")
    place = next((number for number, each in enumerate(fields) if each.key == key), None)
    if action == "add":
        fields += _new(new, definition.keys)
    elif action == "no-logo":
        return replace(definition, logo="", logo_alt="")
    elif place is not None and action == "remove":
        del fields[place]
    elif place is not None and action in ("up", "down"):
        other = min(max(place + (1 if action == "down" else -1), 0), len(fields) - 1)
        fields[place], fields[other] = fields[other], fields[place]
    return replace(definition, fields=tuple(fields))


def _new(wanted: str, taken: list[str]) -> list[FormField]:
    if wanted in STANDARD:
        return [FormField.standard(wanted)] if wanted not in taken else []
    kind = wanted.removeprefix("new:")  # some types are called as standard fields are
    if kind == wanted or kind not in TYPE_LABELS:
        return []
    return [FormField(new_key(TYPE_LABELS[kind], taken), kind, "", required=kind == FieldType.CONSENT)]


def offered(definition: Definition) -> list[tuple[str, str]]:
    """The standard fields that the form doesn't have yet."""
    return [(key, label) for key, (_, label) in STANDARD.items() if key not in definition.keys]


def without_colours(definition: Definition) -> Definition:
    return replace(definition, colours=None)
