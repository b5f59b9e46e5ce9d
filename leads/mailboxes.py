"""Looks into mailboxes once a minute and stores what is new.

A mail is stored before the folder's cursor moves past it, and known again by its identity: whatever dies in between, it
is stored once. Mails are left where and as they are, unread, unless they are to be moved to a folder of their own.
Looking is done by the workers that wait for the model anyway, so a slow mail server holds up no lead.
"""

import datetime as dt
import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager

from django.conf import settings
from django.utils import timezone

from leads import imap, mail_tokens, mails, pipeline, vault
from leads.imap import Account, Found, Session
from leads.models import Mailbox, MailFolder

logger = logging.getLogger(__name__)

EVERY = 60  # seconds between two looks
LONGEST_WAIT = 3600  # seconds, where the server is away again and again
LEASE = 180  # seconds after which a worker that is at it must have died
SHIFT = 25.0  # seconds that a look goes on with storing
AT_ONCE = 50  # mails between two moves of the cursor
RENUMBERED = dt.timedelta(days=3)  # how far back is looked again when the server numbered its mails anew
UNREADABLE = "The password can’t be read any more, because SECRET_KEY has changed. Type it in again."


def is_due() -> bool:
    return Mailbox.objects.due().exists()


def ring_if_due() -> None:
    """The clock calls it."""
    if is_due():
        pipeline.ring(settings.MAIL_CLUSTER)


def look_due() -> None:
    """One mailbox; the bell rings again for the others."""
    mailbox = Mailbox.objects.due().order_by("due_at", "id").first()
    if mailbox and _claim(mailbox):
        look_into(mailbox)
        ring_if_due()


def _claim(mailbox: Mailbox) -> bool:
    until = timezone.now() + dt.timedelta(seconds=LEASE)
    return bool(Mailbox.objects.due().filter(pk=mailbox.pk).update(busy_until=until))


def look_into(mailbox: Mailbox) -> None:
    """Stores what is new in all folders, and notes how it went."""
    try:
        is_done = _look(mailbox)
    except imap.Refused as refused:
        _pause(mailbox, str(refused))
    except vault.Unreadable:
        _pause(mailbox, UNREADABLE)
    except imap.Trouble as trouble:
        _wait(mailbox, str(trouble))
    except pipeline.DATABASE_AWAY:
        raise
    except Exception as error:
        logger.exception("Mailbox %s could not be looked into", mailbox.pk)
        _wait(mailbox, f"Something unexpected went wrong ({type(error).__name__}).")
    else:
        now = timezone.now()
        due_at = now + dt.timedelta(seconds=EVERY if is_done else 0)
        _note(mailbox, due_at=due_at, looked_at=now, attempts=0)


def _pause(mailbox: Mailbox, reason: str) -> None:
    """Trying a wrong password again and again would only lock the account."""
    logger.warning("Mailbox %s is paused", mailbox.pk)
    _note(mailbox, pause_reason=reason)


def _wait(mailbox: Mailbox, reason: str) -> None:
    after = min(EVERY * 2 ** min(mailbox.attempts, 10), LONGEST_WAIT)
    due_at = timezone.now() + dt.timedelta(seconds=after)
    _note(mailbox, problem=reason, due_at=due_at, attempts=min(mailbox.attempts + 1, 100))


def _note(mailbox: Mailbox, **changes: object) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(**({"problem": "", "busy_until": timezone.now()} | changes))


# ---- looking ---------------------------------------------------------------------------------------------------------


def connect(mailbox: Mailbox) -> AbstractContextManager[Session]:
    """Raises imap.Trouble, vault.Unreadable."""
    return imap.connected(_account(mailbox))


def folders(mailbox: Mailbox) -> list[str]:
    """What folders the server has; also the test of a connection. Raises imap.Trouble, vault.Unreadable."""
    with connect(mailbox) as session:
        return session.folders()


def _account(mailbox: Mailbox) -> Account:
    is_tls = mailbox.security == Mailbox.Security.TLS
    if mailbox.auth == Mailbox.Auth.OAUTH:
        token = mail_tokens.access_token(mailbox)
        return Account(mailbox.host, mailbox.port, is_tls, mailbox.user, token=token)
    return Account(mailbox.host, mailbox.port, is_tls, mailbox.user, password=vault.unseal(mailbox.secret))


def _look(mailbox: Mailbox) -> bool:
    """Whether all is stored that was there."""
    end = time.monotonic() + SHIFT
    try:
        return _look_once(mailbox, end)
    except imap.Refused:
        # A token may be taken back before its time: one that is asked for anew tells.
        if mailbox.auth != Mailbox.Auth.OAUTH:
            raise
        mail_tokens.access_token(mailbox, fresh=True)
        return _look_once(mailbox, end)


def _look_once(mailbox: Mailbox, end: float) -> bool:
    problems: list[str] = []
    is_done = True
    with connect(mailbox) as session:
        for folder in mailbox.folders.exclude(name=mailbox.move_to):
            try:
                is_done = _look_into_folder(session, mailbox, folder, end) and is_done
            except imap.NoFolder as missing:
                problems.append(str(missing))
    if problems:  # the others were looked into
        raise imap.Away(" ".join(problems))
    return is_done


def _look_into_folder(session: Session, mailbox: Mailbox, folder: MailFolder, end: float) -> bool:
    opened = session.open(folder.name, to_change=bool(mailbox.move_to))
    if folder.uid_validity != opened.uid_validity:
        _begin(session, mailbox, folder, opened)
    uids = session.after(folder.last_uid)
    while uids and time.monotonic() < end:
        batch, uids = uids[:AT_ONCE], uids[AT_ONCE:]
        stored = _store(session, mailbox, folder, session.look_at(batch), end)
        if mailbox.move_to and stored:  # before the cursor moves: else a crash would leave them where they are
            session.move(stored, mailbox.move_to)
        is_whole = not stored or time.monotonic() < end
        _move_cursor(folder, batch[-1] if is_whole else stored[-1])
    return not uids


def _begin(session: Session, mailbox: Mailbox, folder: MailFolder, opened: imap.Folder) -> None:
    """Where to begin: at the mails of some days back, or with what comes from now on. When the server numbered its
    mails anew, with those since a little before the last look, which are known again by their identity."""
    if folder.uid_validity is None or mailbox.looked_at is None:
        since = timezone.now() - dt.timedelta(days=folder.days_back) if folder.days_back else None
    else:
        since = mailbox.looked_at - RENUMBERED
    uids = session.since(since.date()) if since else []
    folder.uid_validity = opened.uid_validity
    _move_cursor(folder, uids[0] - 1 if uids else max(opened.uid_next - 1, 0))


def _move_cursor(folder: MailFolder, uid: int) -> None:
    folder.last_uid = uid
    MailFolder.objects.filter(pk=folder.pk).update(uid_validity=folder.uid_validity, last_uid=uid)


def _store(session: Session, mailbox: Mailbox, folder: MailFolder, found: Sequence[Found], end: float) -> list[int]:
    """The numbers of those that are stored now; at least one, as long as there is any."""
    stored: list[int] = []
    label = folder.label or mailbox.name
    for each in found:
        is_large = each.size > mails.LARGEST
        content = session.content(each.uid, headers_only=is_large)
        if content is None:
            continue  # gone meanwhile
        if is_large:
            mails.keep_headers(content, size=each.size, mailbox=mailbox, label=label, received_at=each.received_at)
        else:
            mails.keep(content, mailbox=mailbox, label=label, received_at=each.received_at)
        stored.append(each.uid)
        if time.monotonic() > end:
            break
    return stored


# ---- what admins do --------------------------------------------------------------------------------------------------


def start(mailbox: Mailbox, *, names: Sequence[str], labels: dict[str, str], days_back: int, move_to: str) -> None:
    """Looks into these folders from now on. Those that were looked into before go on where they were."""
    mailbox.folders.exclude(name__in=names).delete()
    for name in names:
        MailFolder.objects.update_or_create(
            mailbox=mailbox,
            name=name,
            defaults={"label": labels.get(name, "")},
            create_defaults={"label": labels.get(name, ""), "days_back": days_back},
        )
    Mailbox.objects.filter(pk=mailbox.pk).update(move_to=move_to, is_active=True)
    look_now(mailbox)


def look_now(mailbox: Mailbox) -> None:
    """At once, also when it is paused for a reason: whoever presses the button has mended it."""
    Mailbox.objects.filter(pk=mailbox.pk).update(pause_reason="", attempts=0, due_at=timezone.now())
    pipeline.ring_after_commit(settings.MAIL_CLUSTER)
