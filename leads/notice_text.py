"""What the mails say that tell staff of inquiries. Names and messages are strangers': of their characters only those
that can be seen get through, and none ends a header's line."""

import unicodedata
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from leads.fields import FIELDS
from leads.models import Lead, Notice, Submission

FIRST_LINES = 12
LONGEST = 1000  # characters of the message
LISTED = 30  # inquiries in one mail
# Nobody's machine answers what a machine sent: RFC 3834, and what Exchange listens to.
BY_MACHINE = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def of_one(notice: Notice) -> EmailMessage:
    submission, form = _submission(notice), line(notice.form.name, 100)
    lead, name = _lead(submission), _name(submission)
    again = " again" if submission.joined_as else ""
    hurry = f" ({lead.get_urgency_display().lower()})" if lead.urgency in ("high", "urgent") else ""
    parts = [
        f"{name} wrote{again} by the form “{form}”." + (" It is on the lead that was there." if again else ""),
        "\n".join(_facts(submission)),
        first_lines(submission.text),
        f"Open the lead: {settings.SITE_URL}{lead.get_absolute_url()}",
        f"-- \nbaseCamp tells {notice.to} of inquiries by this form. {_how_to_answer(submission)}",
    ]
    return _mail(notice, f"{name} wrote{again}{hurry} · {form}", parts, _answers_go_to(submission))


def of_many(notice: Notice, submissions: Sequence[Submission], *, count: int) -> EmailMessage:
    """Of `count` inquiries, of which the first ones are given."""
    form = line(notice.form.name, 100)
    inquiries = f"{count:,} more inquir{'y' if count == 1 else 'ies'}"
    parts = [
        f"{inquiries} came by the form “{form}”. So many came that this is one mail for all of them.",
        *map(_listed, submissions),
        f"And {count - len(submissions):,} more." if count > len(submissions) else "",
        f"All inquiries: {settings.SITE_URL}/",
    ]
    return _mail(notice, f"{inquiries} · {form}", parts, [])


def _mail(notice: Notice, subject: str, parts: Sequence[str], reply_to: list[str]) -> EmailMessage:
    return EmailMessage(
        subject=line(subject, 200),
        body="\n\n".join(filter(None, parts)) + "\n",
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notice.to],
        reply_to=reply_to,
        headers={"Message-ID": notice.message_id, **BY_MACHINE},
    )


def line(text: str, longest: int) -> str:
    """One line of visible characters: no control, direction or invisible ones."""
    seen = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    words = " ".join(seen.split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def first_lines(text: str) -> str:
    """The message's first lines, indented, and dots when there are more."""
    whole = [line(each, LONGEST) for each in text[: 4 * LONGEST].splitlines()]
    shown, room = [], LONGEST
    for each in whole[:FIRST_LINES]:
        shown.append(line(each, room) if each else "")
        room -= len(each) + 1
        if room <= 1:
            break
    is_cut = len(shown) < len(whole) or room < 0 or len(text) > 4 * LONGEST
    return "\n".join(f"  {each}".rstrip() for each in [*shown, *(["[…]"] if is_cut else [])]).strip("\n")


def _listed(submission: Submission) -> str:
    by = ", ".join(filter(None, (_typed(submission, key) for key in ("email", "phone"))))
    again = ", wrote again" if submission.joined_as else ""
    who = f"{_name(submission)}{again}" + (f" ({by})" if by and by != _name(submission) else "")
    return f"{who}\n{line(submission.text, 120)}\n{settings.SITE_URL}{_lead(submission).get_absolute_url()}"


def _facts(submission: Submission) -> Iterator[str]:
    for key in ("email", "phone", "company"):
        if value := _typed(submission, key):
            yield f"{FIELDS[key].label}: {value}"
    if label := _lead(submission).get_urgency_display():
        yield f"Urgency: {label}"


def _name(submission: Submission) -> str:
    """Whom they said to be, else what the lead is called."""
    person = line(" ".join(submission.contact.get(key, "") for key in ("first_name", "last_name")), 80)
    return person or line(_lead(submission).name, 80) or "Somebody"


def _typed(submission: Submission, key: str) -> str:
    return line(submission.contact.get(key, ""), 254)


def _answers_go_to(submission: Submission) -> list[str]:
    address = submission.contact.get("email", "")
    try:
        validate_email(address)
    except ValidationError:
        return []
    return [address]


def _how_to_answer(submission: Submission) -> str:
    if not _answers_go_to(submission):
        return "An answer to this mail reaches nobody who asked; open the lead."
    return "An answer to this mail goes to who wrote; baseCamp doesn’t see it, so note on the lead that you answered."


def _submission(notice: Notice) -> Submission:
    assert notice.submission is not None
    return notice.submission


def _lead(submission: Submission) -> Lead:
    assert submission.lead is not None  # notices are made for what is on a lead
    return submission.lead
