"""How much spam is set aside, and how many genuine inquiries are: on the half of the texts that trained nothing."""

import time
from collections import defaultdict

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.spam.texts import Text, all_texts
from leads.spam import judge

INQUIRIES = frozenset({"short and foreign", "labelled inquiries", "samples", "written inquiries", "public inquiries"})


def run() -> list[Figure]:
    texts = [text for text in all_texts() if text.half == "test"]
    begun = time.perf_counter()
    suspect = [judge(text.incoming).is_suspect for text in texts]
    pace = len(texts) / (time.perf_counter() - begun)
    counts: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for text, is_suspect in zip(texts, suspect, strict=True):
        counts[text.group, text.is_spam].append(is_suspect)
    written = counts["form spam", True]
    spam = [each for (_, is_spam), found in counts.items() for each in found if is_spam]
    inquiries = [each for (group, _), found in counts.items() for each in found if group in INQUIRIES]
    figures = [
        at_least(f"Spam set aside, of {len(spam)}", _percent(spam), 97, " %"),
        at_most(f"Genuine inquiries set aside, of {len(inquiries)}", _percent(inquiries), 0.5, " %"),
        at_least(f"  of the hand-written form spams, {len(written)}", _percent(written), 97, " %"),
        *(_of_group(group, found, is_spam) for (group, is_spam), found in sorted(counts.items())),
        Figure("Messages judged", f"{pace:.0f}/s"),
    ]
    _print_wrong(texts, suspect)
    return figures


def _of_group(group: str, found: list[bool], is_spam: bool) -> Figure:
    return Figure(
        f"  {group}, {'spam' if is_spam else 'genuine'}: set aside of {len(found)}", f"{_percent(found):.2f} %"
    )


def _percent(found: list[bool]) -> float:
    return 100 * sum(found) / (len(found) or 1)


def _print_wrong(texts: list[Text], suspect: list[bool]) -> None:
    """Ours only: the public mails' wording stays where it is."""
    for text, is_suspect in zip(texts, suspect, strict=True):
        if is_suspect != text.is_spam and text.group not in ("sms", "mail"):
            print(f"  {'genuine' if is_suspect else 'spam'}, {text.group}, {text.kind}: {text.incoming.text[:90]!r}")
