"""The texts that the spam model is trained on and measured with, each in one half by its hash.

Ours are here: `form_spam.txt` (kind, name, e-mail, text) and `genuine.txt` (language, text), more of both in
`…_training.txt`, which only trains, beside the labelled inquiries and the sample inquiries. The public ones are read
from the folder that `SPAM_DATA` names, where it has them: `spam/sms.csv` (UCI SMS Spam Collection), `spam/mail.csv`
(SpamAssassin) and `messages/inquiries.csv` (banking77, NLU++, clinc150, HINT3). None of them is copied into baseCamp.
"""

import csv
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.enrichment import labelled
from leads.spam import Incoming

HERE = Path(__file__).resolve().parent
HOME = HERE.parent.parent
SAMPLES = HOME / "leads" / "sample_inquiries.json"
# Offers to the business: some are mass mail and some are not, so they neither train nor count.
PITCHES = "sales pitches"
JUDGED = HOME / "scripts" / "judgements"
PEOPLE = HOME / "scripts" / "people"


@dataclass(frozen=True, slots=True)
class Text:
    """`group` is the set it is from; `kind` what of it."""

    incoming: Incoming
    is_spam: bool
    group: str
    kind: str
    only_trains: bool = False

    @property
    def half(self) -> str:
        if self.only_trains:
            return "train"
        digest = hashlib.sha256(self.incoming.text.strip().encode()).digest()
        return "test" if digest[0] % 2 else "train"


def all_texts() -> Iterator[Text]:
    yield from form_spam()
    yield from genuine()
    if folder := os.environ.get("SPAM_DATA"):
        yield from public(Path(folder))


def form_spam() -> Iterator[Text]:
    for name, only_trains in (("form_spam.txt", False), ("form_spam_training.txt", True)):
        for line in (HERE / name).read_text(encoding="utf-8").splitlines():
            kind, sender, email, text = line.split("\t")
            yield Text(Incoming(text, name=sender, email=email), True, "form spam", kind, only_trains)


def genuine() -> Iterator[Text]:
    for name, only_trains in (("genuine.txt", False), ("genuine_training.txt", True)):
        for line in (HERE / name).read_text(encoding="utf-8").splitlines():
            language, text = line.split("\t")
            yield Text(Incoming(text), False, "short and foreign", language, only_trains)
    yield from _inquiries(labelled.read(), "labelled inquiries")
    yield from _inquiries(labelled.read(PEOPLE), "written inquiries", only_trains=True)
    for sample in json.loads(SAMPLES.read_text(encoding="utf-8")):
        contact = sample.get("contact", {})
        name = f"{contact.get('first_name', '')} {contact.get('last_name', '')}".strip()
        yield Text(Incoming(sample["text"], name=name, email=contact.get("email", "")), False, "samples", "")
    for path in sorted(JUDGED.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            language, intent, _, text = line.split("\t")
            group = PITCHES if intent == "sales_pitch" else "written inquiries"
            yield Text(Incoming(text.replace(" \\n ", "\n")), False, group, language)


def _inquiries(found: Iterable[labelled.Inquiry], group: str, *, only_trains: bool = False) -> Iterator[Text]:
    for inquiry in found:
        of_group = PITCHES if inquiry.intent == "sales_pitch" else group
        yield Text(Incoming(inquiry.text), False, of_group, inquiry.language, only_trains)


def public(folder: Path) -> Iterator[Text]:
    csv.field_size_limit(sys.maxsize)
    for name in ("sms", "mail"):
        for row in _rows(folder / "spam" / f"{name}.csv"):
            yield Text(Incoming(row["text"]), row["label"] == "spam", name, row["label"])
    for row in _rows(folder / "messages" / "inquiries.csv"):
        yield Text(Incoming(row["text"]), False, "public inquiries", row["source"])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
