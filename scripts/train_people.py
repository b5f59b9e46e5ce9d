"""Trains who writes and for which company: `python scripts/train_people.py [--write]`.

Two linear models (logistic regression) over the signs of each stretch of words that could be the sender's name or
company (`enrichment.extraction.spans`), trained on texts written for it (`scripts/people/*.txt`, in the format of the
labelled set) and on the dev half of the labelled set. The test half is never read here.

Printed figures are cross-validated: each fifth of the messages is read by a model that saw the others. Seeds are
fixed. With `--write` the model of all messages goes to `enrichment/extraction/people.npz`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.enrichment import labelled  # noqa: E402
from benchmarks.enrichment.labelled import Inquiry  # noqa: E402
from enrichment import extraction  # noqa: E402
from enrichment.extraction import people  # noqa: E402
from enrichment.hidden import emptied, hidden_spans, order_spans  # noqa: E402
from leads.values import Contact  # noqa: E402
from scripts.made_messages import made  # noqa: E402

TEXTS = HOME / "scripts" / "people"
STRENGTH = {"person": 0.3, "company": 0.3}  # the inverse of the ridge
BODIES = HOME / "scripts" / "judgements"
MADE, MADE_WEIGHT = 5000, 0.3  # messages that are put together, and what each weighs beside a written one
REGIONS = {"en": "US", "de": "DE", "es": "ES", "fr": "FR", "it": "IT", "pt": "PT"}
SEED = 7


@dataclass(frozen=True, slots=True)
class Example:
    inquiry: Inquiry
    weight: float
    message: people.Message
    stretches: dict[str, list[people.Stretch]]
    right: dict[str, list[bool]]


def bodies() -> list[tuple[str, str]]:
    """Written inquiries without names."""
    lines = [line.split("\t") for path in sorted(BODIES.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    return [(language, text.replace(" \\n ", "\n")) for language, _, _, text in lines]


def made_inquiry(language: str, marked: str, like: Inquiry) -> Inquiry:
    text, mentions = labelled._text("made", 0, marked, "general")
    return replace(
        like, id="made", language=language, typed=Contact(), text=text, mentions=mentions, region=REGIONS[language]
    )


def example(inquiry: Inquiry, weight: float = 1.0) -> Example:
    text = emptied(inquiry.text, [*hidden_spans(inquiry.text), *order_spans(inquiry.text)])
    message = extraction.message_of(text, region=inquiry.region)
    stretches = {kind: list(people.stretches(message, kind)) for kind in people.KINDS}
    right = {kind: [is_right(message, inquiry, kind, each) for each in stretches[kind]] for kind in people.KINDS}
    return Example(inquiry, weight, message, stretches, right)


def wanted(inquiry: Inquiry, field: str) -> set[str]:
    return {" ".join(each.value.casefold().split()) for each in inquiry.of(field)}


def is_right(message: people.Message, inquiry: Inquiry, kind: str, stretch: people.Stretch) -> bool:
    if kind == "company":
        words = message.text[message.tokens[stretch.start].start : message.tokens[stretch.end - 1].end]
        return " ".join(words.casefold().split()).rstrip(".") in {
            each.rstrip(".") for each in wanted(inquiry, "company")
        }
    first, last = people.split(message, stretch.start, stretch.end)
    if not (first or last):
        return False
    firsts, lasts = wanted(inquiry, "first_name"), wanted(inquiry, "last_name")
    return (not first or first.value.casefold() in firsts) and (not last or last.value.casefold() in lasts)


def outermost(example: Example) -> list[bool]:
    """A right stretch within a wider right one is only half of the name."""
    stretches, right = example.stretches["person"], example.right["person"]
    kept = []
    for each, good in zip(stretches, right, strict=True):
        is_half = any(
            other_good and (other.start, other.end) != (each.start, each.end)
            and other.start <= each.start and each.end <= other.end
            for other, other_good in zip(stretches, right, strict=True)
        )  # fmt: skip
        kept.append(good and not is_half)
    return kept


def matrix(stretches: Sequence[people.Stretch]) -> csr_matrix:
    ends = np.cumsum([0, *(len(each.places) for each in stretches)])
    places = np.concatenate([each.places for each in stretches])
    return csr_matrix((np.ones(len(places), np.float32), places, ends), shape=(len(stretches), people.BUCKETS))


def small(inquiry: Inquiry) -> Inquiry:
    """The same written without capitals."""
    text = "".join(char.lower() if len(char.lower()) == 1 else char for char in inquiry.text)
    return replace(inquiry, text=text)


def fit(kind: str, examples: Sequence[Example]) -> LogisticRegression:
    stretches = [each for one in examples for each in one.stretches[kind]]
    right = [good for one in examples for good in (outermost(one) if kind == "person" else one.right[kind])]
    weights = [one.weight for one in examples for _ in one.stretches[kind]]
    return LogisticRegression(C=STRENGTH[kind], max_iter=1000, tol=1e-3).fit(
        matrix(stretches), right, sample_weight=weights
    )


def judge(model: LogisticRegression) -> people.Judge:
    return people.Judge(model.coef_[0].astype(np.float32), float(model.intercept_[0]))


def main() -> None:
    inquiries = [each for each in labelled.read() if labelled.split(each.id) == "dev"]
    own = labelled.read(TEXTS)
    examples = [example(each) for each in [*inquiries, *own]]
    pairs = made(bodies(), MADE, SEED)
    lower = {id(each): example(small(each), MADE_WEIGHT) for each in [*inquiries, *own]}
    extra = [example(made_inquiry(language, text, own[0]), MADE_WEIGHT) for language, text in pairs]
    print(f"{len(own)} written texts, {len(inquiries)} labelled inquiries of the dev half")
    report(examples, lower, extra)
    if "--write" in sys.argv:
        stored: dict[str, np.ndarray] = {}
        for kind in people.KINDS:
            model = judge(fit(kind, [*examples, *lower.values(), *extra]))
            scale = np.abs(model.weights).max() / 127
            stored |= {
                f"{kind}_weights": np.round(model.weights / scale).astype(np.int8),
                f"{kind}_scale": np.float32(scale),
                f"{kind}_offset": np.float32(model.offset),
            }
        np.savez_compressed(people.FILE, **stored)
        print(f"{people.FILE.relative_to(HOME)}: {people.FILE.stat().st_size:,} bytes")


def report(examples: Sequence[Example], lower: dict[int, Example], extra: Sequence[Example]) -> None:
    tallies: dict[tuple[str, str], list[int]] = {}
    for seen, unseen in KFold(5, shuffle=True, random_state=SEED).split(examples):
        judges = {
            kind: judge(
                fit(kind, [*(examples[at] for at in seen), *(lower[id(examples[at].inquiry)] for at in seen), *extra])
            )
            for kind in people.KINDS
        }
        for at in unseen:
            one = examples[at]
            found = {each.field: each.value for each in people.find(one.message, judges)}
            for field in ("first_name", "last_name", "company"):
                if getattr(one.inquiry.typed, field, ""):
                    continue
                target = one.inquiry.wanted.get(field)
                value = found.get(field)
                good = value is not None and value.casefold() in wanted(one.inquiry, field)
                name = "dev" if labelled.split(one.inquiry.id) == "dev" and at < 198 else "own"
                tally = tallies.setdefault((name, field), [0, 0, 0])
                tally[0] += good and target is not None
                tally[1] += value is not None and not good
                tally[2] += target is not None and not good
                if "--errors" in sys.argv and (value or target) and not good:
                    print(f"{name} {one.inquiry.id} {field}: wanted {target and target.value!r}, found {value!r}")
    for (name, field), (right, wrong, missed) in sorted(tallies.items()):
        precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
        print(f"{name} {field}: precision {precision:.3f}, recall {recall:.3f}")


if __name__ == "__main__":
    main()
