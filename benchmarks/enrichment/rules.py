"""How well plain rules read the labelled set: `python -m benchmarks enrichment.rules [--errors]`.

The rules may be changed by what goes wrong on *dev*; `--errors` lists that. What goes wrong on *test* is never listed.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from benchmarks.enrichment import labelled
from benchmarks.enrichment.labelled import Inquiry, Mention
from benchmarks.figures import Figure, at_least, at_most
from enrichment.extraction import extract
from enrichment.hidden import emptied, hidden_spans, order_spans
from leads.fields import FIELDS, INTENTS, URGENCIES, Group, Kind
from leads.values import FoundValue

CONTACT = labelled.CONTACT
FACTS = tuple(key for key, each in FIELDS.items() if each.group is Group.FACT)
WORDED = tuple(key for key in FACTS if FIELDS[key].kind is Kind.TEXT and key != "mileage")
ALSO = {"product": ("treatment", "scope")}  # what is asked for has a field of its own there
JUDGEMENTS = {"intent": tuple(dict(INTENTS)), "urgency": tuple(dict(URGENCIES))}
WARM_UP = 20


@dataclass
class Tally:
    """Values that were found rightly, wrongly, and not at all. A wrong one in place of a wanted one is both."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in one inquiry, by field, and how long that took."""

    inquiry: Inquiry
    found: Mapping[str, FoundValue]
    ms: float

    def label(self, judgement: str) -> tuple[str, str]:
        """The right choice and the chosen one."""
        value = self.found.get(judgement)
        return getattr(self.inquiry, judgement), value.value if value else ""


@dataclass(frozen=True, slots=True)
class Score:
    """The figures of some inquiries."""

    count: int
    fields: Mapping[str, Tally]
    worded: Mapping[str, Tally] = field(default_factory=dict)
    judgements: Mapping[str, float] = field(default_factory=dict)
    p50: float = 0.0
    p95: float = 0.0

    @property
    def contact(self) -> Tally:
        return sum((self.fields[key] for key in CONTACT), Tally())

    @property
    def facts(self) -> Tally:
        return sum((self.fields[key] for key in FACTS), Tally())


def run() -> list[Figure]:
    readings = [read(inquiry) for inquiry in _warm(labelled.read())]
    if "--errors" in sys.argv:
        print("\n".join(line for each in _of_split(readings, "dev") for line in errors(each)))
    scores = {name: score(_of_split(readings, name)) for name in labelled.SPLITS}
    print("\n".join([*by_split(scores), "", *by_language(readings)]))
    return [figure for name in labelled.SPLITS for figure in wanted(name, scores[name])]


def wanted(name: str, found: Score) -> Iterator[Figure]:
    """The figures beside what they must be."""
    yield at_least(f"Contact facts, precision, {name} ({found.count} inquiries)", found.contact.precision, 0.98)
    yield at_least(f"Contact facts, recall, {name}", found.contact.recall, 0.92)
    yield at_least(f"Intent, macro-F1, {name}", found.judgements["intent"], 0.75)
    yield at_least(f"Urgency, macro-F1, {name}", found.judgements["urgency"], 0.70)
    yield at_most(f"Rules, ms a message, p95, {name}", found.p95, 30, " ms")


def read(inquiry: Inquiry) -> Reading:
    start = time.perf_counter()
    extraction = extract(
        emptied(inquiry.text, [*hidden_spans(inquiry.text), *order_spans(inquiry.text)]),  # as the stage does
        received_at=inquiry.received,
        region=inquiry.region,
        contact=inquiry.typed,
        business_type=inquiry.business,
    )
    ms = (time.perf_counter() - start) * 1000
    return Reading(inquiry, {value.field: value for value in extraction.values}, ms)


def _warm(inquiries: list[Inquiry]) -> list[Inquiry]:
    """What is loaded and compiled at the first call is no message's time."""
    for inquiry in inquiries[:WARM_UP]:
        read(inquiry)
    return inquiries


def _of_split(readings: Iterable[Reading], name: str) -> list[Reading]:
    return [reading for reading in readings if labelled.split(reading.inquiry.id) == name]


# ---- right or wrong --------------------------------------------------------------------------------------------------


def score(readings: Sequence[Reading]) -> Score:
    fields = {key: sum((tally(reading, key) for reading in readings), Tally()) for key in (*CONTACT, *FACTS)}
    worded = {key: sum((tally(reading, key, by_words=True) for reading in readings), Tally()) for key in WORDED}
    judgements = {
        key: macro_f1([reading.label(key) for reading in readings], choices) for key, choices in JUDGEMENTS.items()
    }
    times = quantiles([reading.ms for reading in readings], n=20)
    return Score(len(readings), fields, worded, judgements, times[9], times[18])


def tally(reading: Reading, key: str, *, by_words: bool = False) -> Tally:
    """One field of one inquiry: what was typed isn't looked for; a mention that is as right counts as the wanted one,
    and not at all where none is wanted. `by_words`: right when some of the marked words are behind the value, since
    "squealing" may well stand for "squeals when I stop"."""
    inquiry, found = reading.inquiry, reading.found.get(key)
    if getattr(inquiry.typed, key, ""):
        return Tally()
    is_wanted = key in inquiry.wanted
    if found is None:
        return Tally(missed=int(is_wanted))
    mentions = [mention for each in (key, *ALSO.get(key, ())) for mention in inquiry.of(each)]
    if any(is_same(found.value, mention) or (by_words and _is_behind(found, mention)) for mention in mentions):
        return Tally(right=int(is_wanted))
    return Tally(wrong=1, missed=int(is_wanted))


def _is_behind(found: FoundValue, mention: Mention) -> bool:
    evidence = found.evidence
    return evidence is not None and evidence.start < mention.end and mention.start < evidence.end


def is_same(value: str, mention: Mention) -> bool:
    """Normalised values are equal; case, white space, and a link's http://, www. and last slash don't count."""
    return _plain(mention.field, value) == _plain(mention.field, mention.value)


def _plain(key: str, value: str) -> str:
    plain = " ".join(value.casefold().split())
    if FIELDS[key].kind is Kind.URL:
        return plain.partition("://")[2].removeprefix("www.").rstrip("/") if "://" in plain else plain
    if key == "mileage":
        return plain.replace("miles", "mi")
    return plain


def macro_f1(labels: Iterable[tuple[str, str]], choices: Iterable[str]) -> float:
    """`labels`: (right, chosen) pairs. The mean over the choices that are right or chosen anywhere."""
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for true, chosen in labels:
        if true == chosen:
            right[true] += 1
        else:
            wrong[chosen] += 1
            missed[true] += 1
    f1s = [
        Tally(right[each], wrong[each], missed[each]).f1
        for each in choices
        if right[each] or wrong[each] or missed[each]
    ]
    return sum(f1s) / len(f1s) if f1s else 0.0


# ---- lines to print --------------------------------------------------------------------------------------------------


def by_split(scores: Mapping[str, Score]) -> Iterator[str]:
    """Precision, recall and how many are wanted, of each field."""
    names = list(scores)
    yield "| Field | " + " | ".join(f"{name}: precision | recall | wanted" for name in names) + " |"
    yield "|---|" + "---:|---:|---:|" * len(names)
    yield _row("**contact facts**", [scores[name].contact for name in names])
    for key in CONTACT:
        yield _row(key, [scores[name].fields[key] for name in names])
    yield _row("**other facts**", [scores[name].facts for name in names])
    for key in FACTS:
        yield _row(key, [scores[name].fields[key] for name in names])
        if key in WORDED:
            yield _row(f"{key}, by the words behind it", [scores[name].worded[key] for name in names])


def _row(name: str, tallies: Iterable[Tally]) -> str:
    cells = (f"{each.precision:.3f} | {each.recall:.3f} | {each.right + each.missed}" for each in tallies)
    return f"| {name} | " + " | ".join(cells) + " |"


def by_language(readings: Sequence[Reading]) -> Iterator[str]:
    yield "| Inquiries | | Contact precision | recall | Intent F1 | Urgency F1 | ms p50 | ms p95 |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for split in labelled.SPLITS:
        some = _of_split(readings, split)
        languages = {each: [one for one in some if one.inquiry.language == each] for each in labelled.LANGUAGES}
        for name, part in {"all": some, **languages}.items():
            found = score(part)
            yield (
                f"| {split}, {name} | {found.count} | {found.contact.precision:.3f} | {found.contact.recall:.3f} "
                f"| {found.judgements['intent']:.2f} | {found.judgements['urgency']:.2f} "
                f"| {found.p50:.1f} | {found.p95:.1f} |"
            )


def errors(reading: Reading) -> Iterator[str]:
    """Each thing that was read wrongly: what was wanted, and what was found instead."""
    inquiry = reading.inquiry
    for key in (*CONTACT, *FACTS):
        one = tally(reading, key)
        if one.wrong or one.missed:
            mention, value = inquiry.wanted.get(key), reading.found.get(key)
            yield f"{inquiry.id} {key}: wanted {mention.value if mention else None!r}, {_instead(value)}"
    for key in JUDGEMENTS:
        true, chosen = reading.label(key)
        if true != chosen:
            yield f"{inquiry.id} {key}: wanted {true}, found {chosen or None}"


def _instead(value: FoundValue | None) -> str:
    if value is None:
        return "found nothing"
    return f"found {value.value!r}" + (f" in {value.evidence.text!r}" if value.evidence else "")
