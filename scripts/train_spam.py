"""Trains the spam model: `SPAM_DATA=folder python scripts/train_spam.py [--write]`.

A logistic regression over the signs of `leads.spam.signs`, trained on the train half of the texts that
`benchmarks.spam.texts` names; the test half is never read here. Genuine inquiries count most, since a customer who is
set aside costs more than a spam that is read. The offset is shifted so that of the genuine inquiries of the train half,
each judged by a model that did not see it, together with the rules, at most `MOST_GENUINE` are suspect.

Printed figures are cross-validated over the train half; `make bench-intake` has those of the test half. The seed is
fixed. With `--write` the model goes to `leads/spam/weights.npz`; it holds weights of hashed words only, no text.
"""

import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from benchmarks.spam.texts import PITCHES, Text, all_texts  # noqa: E402
from leads.spam import Incoming  # noqa: E402
from leads.spam.model import FILE  # noqa: E402
from leads.spam.rules import reasons_of  # noqa: E402
from leads.spam.signs import BUCKETS, LINK, signs  # noqa: E402

STRENGTH = 30.0  # the inverse of the ridge
MOST_GENUINE = 0.004  # share of genuine inquiries that may be set aside, on the train half
# How much one text counts beside a public inquiry: what comes through forms far more than old mails and SMS.
WEIGHTS = {
    ("form spam", True): 10.0,
    ("sms", True): 4.0,
    ("mail", True): 1.0,
    ("mail", False): 0.1,
    ("short and foreign", False): 10.0,
    ("labelled inquiries", False): 10.0,
    ("written inquiries", False): 10.0,
    ("samples", False): 10.0,
}
OTHERS = ("sms", "mail")  # of which the genuine ones are private letters, not inquiries
SHARE_VARIED = 0.05  # of the public inquiries
ADDED = (
    "https://shop.example/item/482",
    "www.ours.example",
    "It is this one: https://cars.example/a?id=77",
    "Photos: https://photos.example/8s",
    "It costs $120.",
    "The budget is about $4,000.",
    "I paid 89 €.",
    "It was 1.200 euros https://shop.example/p/9",
)
SEED = 7


def matrix(texts: Sequence[Text]) -> csr_matrix:
    found = [signs(text.incoming.text) for text in texts]
    ends = np.cumsum([0, *(len(places) for places, _ in found)])
    places = np.concatenate([places for places, _ in found])
    values = np.concatenate([values for _, values in found])
    return csr_matrix((values, places, ends), shape=(len(texts), BUCKETS))


def varied(texts: Sequence[Text]) -> list[Text]:
    """Copies that keep a link or a price from deciding alone: genuine ones with them, form spam without."""
    dice = random.Random(SEED)
    found = []
    for text in texts:
        if text.is_spam and text.group == "form spam" and LINK.search(text.incoming.text):
            found.append(replace(text, incoming=Incoming(LINK.sub("", text.incoming.text))))
            continue
        if text.is_spam or text.group in OTHERS:
            continue
        if text.group != "public inquiries" or dice.random() < SHARE_VARIED:
            found.append(replace(text, incoming=Incoming(f"{text.incoming.text} {dice.choice(ADDED)}")))
    return found


def points(text: Text) -> float:
    sent = text.incoming
    found = reasons_of(sent.text, name=sent.name, email=sent.email, company=sent.company)
    return sum(reason.points for reason in found)


def fit(rows: csr_matrix, labels: np.ndarray, weights: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=1000, solver="liblinear", random_state=SEED).fit(
        rows, labels, sample_weight=weights
    )


def cross_validated(rows: csr_matrix, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    scores = np.zeros(len(labels))
    for seen, unseen in StratifiedKFold(4, shuffle=True, random_state=SEED).split(scores, labels):
        scores[unseen] = fit(rows[seen], labels[seen], weights[seen]).decision_function(rows[unseen])
    return scores


def main() -> None:
    originals = [text for text in all_texts() if text.half == "train" and text.group != PITCHES]
    texts = [*originals, *varied(originals)]
    rows, labels = matrix(texts), np.array([text.is_spam for text in texts])
    weights = np.array([WEIGHTS.get((text.group, text.is_spam), 1.0) for text in texts])
    scores = cross_validated(rows, labels, weights) + np.array([points(text) for text in texts])
    is_original = np.arange(len(texts)) < len(originals)
    is_inquiry = is_original & np.array([not text.is_spam and text.group not in OTHERS for text in texts])
    limit = float(np.quantile(scores[is_inquiry], 1 - MOST_GENUINE, method="higher"))
    print(f"{len(texts)} texts, {labels.sum()} of them spam; limit {limit:.2f}")
    for group, is_spam in sorted({(text.group, text.is_spam) for text in texts}):
        of_group = np.array([(text.group, text.is_spam) == (group, is_spam) for text in texts])
        share = (scores[of_group] > limit).mean()
        print(f"  {group}, {'spam' if is_spam else 'genuine'}: {share:.2%} of {of_group.sum()} suspect")
    wrong = [(score, text) for score, text in zip(scores, texts, strict=True) if (score > limit) != text.is_spam]
    for score, text in wrong:
        if text.group not in OTHERS:
            print(f"    {score:6.2f} {text.group}, {text.kind}: {text.incoming.text[:110]!r}")
    if "--write" in sys.argv:
        model = fit(rows, labels, weights)
        found, offset = model.coef_[0], float(model.intercept_[0]) - limit
        scale = np.abs(found).max() / 127
        np.savez_compressed(
            FILE,
            weights=np.round(found / scale).astype(np.int8),
            scale=np.float32(scale),
            offset=np.float32(offset),
        )
        print(f"{FILE.relative_to(HOME)}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
