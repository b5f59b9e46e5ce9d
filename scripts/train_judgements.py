"""Trains intent and urgency of the rules: `python scripts/train_judgements.py [--write]`.

Two linear models (multinomial logistic regression, for intents added to complement naive Bayes) over the signs that
`enrichment.extraction.trained` finds, trained on texts written for it (`scripts/judgements/*.txt`: language, intent,
urgency, text; `scripts/people/*.txt`) and on the dev half of the labelled set. The test half is never read here.

Printed figures are cross-validated over the dev half: each fifth of it is judged by a model that saw the written texts
and the other four. Some of the texts were written after what the model got wrong there, so these figures flatter it;
`python -m benchmarks enrichment.rules` has those of the test half. Seeds are fixed. With `--write` the model of all
texts goes to `enrichment/extraction/judgements.npz`.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, f1_score, log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import ComplementNB

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.enrichment import labelled  # noqa: E402
from benchmarks.enrichment.labelled import Inquiry  # noqa: E402
from enrichment.extraction import told, trained  # noqa: E402
from leads.fields import INTENTS, URGENCIES  # noqa: E402

TEXTS = HOME / "scripts" / "judgements"
PEOPLE = HOME / "scripts" / "people"  # written for who writes, with the same judgements
CHOICES = {"intent": tuple(dict(INTENTS)), "urgency": tuple(dict(URGENCIES))}
STRENGTH = {"intent": 40.0, "urgency": 20.0}  # the inverse of the ridge, chosen on the dev half
COUNTED = {"intent": 0.5, "urgency": 0.0}  # how much complement naive Bayes has to say beside the regression
SMOOTHING = 0.1
DEV_WEIGHT = 2.0  # of a labelled inquiry beside a written text, which is shorter and plainer
SEED = 7
REGIONS = {"en": "US", "de": "DE", "es": "ES", "fr": "FR", "it": "IT", "pt": "PT"}
DAY = datetime(2026, 11, 4, 10, tzinfo=ZoneInfo("Europe/Madrid"))


@dataclass(frozen=True, slots=True)
class Example:
    signs: trained.Signs
    intent: str
    urgency: str
    language: str


def written() -> Iterator[Example]:
    for path in sorted(TEXTS.glob("*.txt")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            parts = line.split("\t")
            if len(parts) != 4 or parts[1] not in CHOICES["intent"] or parts[2] not in CHOICES["urgency"]:
                raise SystemExit(f"{path.name}, line {number}: not language, intent, urgency and text")
            language, intent, urgency, text = parts
            found = told(text.replace(" \\n ", "\n"), received_at=DAY, region=REGIONS[language])
            yield Example(trained.signs(found.words, found.hints), intent, urgency, language)

    for inquiry in labelled.read(PEOPLE):
        yield of_inquiry(inquiry)


def labelled_dev() -> Iterator[Example]:
    for inquiry in labelled.read():
        if labelled.split(inquiry.id) == "dev":
            yield of_inquiry(inquiry)


def of_inquiry(inquiry: Inquiry) -> Example:
    found = told(inquiry.text, received_at=inquiry.received, region=inquiry.region, business_type=inquiry.business)
    return Example(trained.signs(found.words, found.hints), inquiry.intent, inquiry.urgency, inquiry.language)


def matrix(examples: Sequence[Example]) -> csr_matrix:
    ends = np.cumsum([0, *(len(example.signs[0]) for example in examples)])
    places = np.concatenate([example.signs[0] for example in examples])
    values = np.concatenate([example.signs[1] for example in examples])
    return csr_matrix((values, places, ends), shape=(len(examples), trained.BUCKETS))


@dataclass(frozen=True, slots=True)
class Model:
    """`weights`: a row for each of `choices`, a column for each bucket."""

    choices: Sequence[str]
    weights: np.ndarray
    offsets: np.ndarray

    def scores(self, signs: csr_matrix) -> np.ndarray:
        return np.asarray(signs @ self.weights.T) + self.offsets

    def scaled(self, signs: csr_matrix, share: float) -> "Model":
        """With scores that spread alike, so that two models can be added."""
        scores = self.scores(signs)
        factor = share / (scores - scores.mean(axis=1, keepdims=True)).std()
        weights = self.weights - self.weights.mean(axis=0)
        return Model(self.choices, weights * factor, (self.offsets - self.offsets.mean()) * factor)


def fit(field: str, texts: Sequence[Example], dev: Sequence[Example]) -> Model:
    """A logistic regression, for intents together with complement naive Bayes, which needs fewer examples."""
    examples = [*texts, *dev]
    signs, labels = matrix(examples), [getattr(example, field) for example in examples]
    weights = [1.0] * len(texts) + [DEV_WEIGHT] * len(dev)
    regression = LogisticRegression(C=STRENGTH[field], class_weight="balanced", max_iter=2000)
    regression.fit(signs, labels, sample_weight=weights)
    share = COUNTED[field]
    first = Model(list(regression.classes_), regression.coef_, regression.intercept_).scaled(signs, 1 - share)
    if not share:
        return first
    bayes = ComplementNB(alpha=SMOOTHING).fit(signs, labels, sample_weight=weights)
    second = Model(first.choices, bayes.feature_log_prob_, np.zeros(len(first.choices))).scaled(signs, share)
    return Model(first.choices, first.weights + second.weights, first.offsets + second.offsets)


def cross_validated(field: str, texts: Sequence[Example], dev: Sequence[Example]) -> np.ndarray:
    """The scores of each labelled inquiry by a model that did not see it; columns as in `CHOICES`."""
    labels = [getattr(example, field) for example in dev]
    scores = np.zeros((len(dev), len(CHOICES[field])))
    for seen, unseen in StratifiedKFold(5, shuffle=True, random_state=SEED).split(scores, labels):
        model = fit(field, texts, [dev[place] for place in seen])
        columns = [CHOICES[field].index(choice) for choice in model.choices]
        scores[np.ix_(unseen, columns)] = model.scores(matrix([dev[place] for place in unseen]))
    return scores


def sharpness(field: str, scores: np.ndarray, dev: Sequence[Example]) -> float:
    """What the scores are multiplied with so that the probabilities are right, as far as the dev half tells."""
    right = [CHOICES[field].index(getattr(example, field)) for example in dev]

    def loss(factor: float) -> float:
        return float(log_loss(right, softmax(scores * factor), labels=range(len(CHOICES[field]))))

    return float(minimize_scalar(loss, bounds=(0.1, 10), method="bounded").x)


def softmax(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def main() -> None:
    texts, dev = list(written()), list(labelled_dev())
    print(f"{len(texts)} written texts, {len(dev)} labelled inquiries of the dev half")
    stored: dict[str, np.ndarray] = {}
    for field, choices in CHOICES.items():
        scores = cross_validated(field, texts, dev)
        right, chosen = [getattr(example, field) for example in dev], [choices[best] for best in scores.argmax(axis=1)]
        print(f"\n{field}: macro-F1 {f1_score(right, chosen, average='macro'):.3f} cross-validated on the dev half")
        print(classification_report(right, chosen, zero_division=0, digits=2))
        for language in REGIONS:
            places = [place for place, example in enumerate(dev) if example.language == language]
            hits = sum(right[place] == chosen[place] for place in places)
            print(f"  {language}: {hits} of {len(places)} right")
        model = fit(field, texts, dev)
        order = [list(model.choices).index(choice) for choice in choices]
        weights = model.weights[order]
        scale = np.abs(weights).max() / 127
        stored |= {
            f"{field}_choices": np.array(choices),
            f"{field}_weights": np.round(weights / scale).astype(np.int8),
            f"{field}_scale": np.float32(scale),
            f"{field}_offsets": model.offsets[order].astype(np.float32),
            f"{field}_sharpness": np.float32(sharpness(field, scores, dev)),
        }
    if "--write" in sys.argv:
        np.savez_compressed(trained.FILE, **stored)
        print(f"{trained.FILE.relative_to(HOME)}: {trained.FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
