"""Mailboxes that are looked into, and every mail that came, as it came."""

import datetime as dt
import zlib
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from leads.mail import Kind

KEPT = dt.timedelta(days=90)  # of mails that were set aside, and of the raw form of those that were taken in


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def running(self) -> Self:
        return self.filter(is_active=True, pause_reason="")

    def due(self) -> Self:
        """To be looked into now, by nobody yet."""
        now = timezone.now()
        return self.running().filter(due_at__lte=now, busy_until__lte=now)


class Mailbox(models.Model):
    """An IMAP account. `leads.mailboxes` looks into its folders."""

    class Security(models.TextChoices):
        TLS = "tls", "TLS (usual port 993)"
        STARTTLS = "starttls", "STARTTLS (usual port 143)"

    class Auth(models.TextChoices):
        PASSWORD = "password", "Password or app password"
        OAUTH = "oauth", "OAuth (Microsoft 365, Google)"

    name = models.CharField(max_length=100)
    host = models.CharField(max_length=200)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    user = models.CharField(max_length=254)
    auth = models.CharField(max_length=8, choices=Auth, default=Auth.PASSWORD)
    secret = models.TextField(blank=True, editable=False, help_text="Sealed; the password, or the refresh token.")
    client_id = models.CharField(max_length=200, blank=True)
    client_secret = models.TextField(blank=True, editable=False, help_text="Sealed.")
    token_url = models.URLField(max_length=300, blank=True)
    scope = models.CharField(max_length=300, blank=True)
    access_token = models.TextField(blank=True, editable=False, help_text="Sealed.")
    access_until = models.DateTimeField(null=True, blank=True, editable=False)
    move_to = models.CharField(
        max_length=200, blank=True, help_text="Where mails go once they are stored; empty: nowhere."
    )
    folder_names = models.JSONField(default=list, blank=True, help_text="The folders that the server has.")

    is_active = models.BooleanField("active", default=False)
    pause_reason = models.TextField(blank=True, help_text="Why it is not looked into before somebody has mended it.")
    problem = models.TextField(blank=True, help_text="What went wrong last; it is tried again by itself.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    busy_until = models.DateTimeField(default=timezone.now)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When it was last looked into with success.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "mailboxes"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("mailbox", args=[self.pk])


class MailFolder(models.Model):
    """A folder that is looked into, and how far it was read. Without a `uid_validity` it wasn't yet; another one than
    the server's means that the server numbered its mails anew."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="folders")
    name = models.CharField(max_length=200)
    label = models.CharField(
        max_length=60, blank=True, help_text="What staff call this source; empty: the mailbox's name."
    )
    days_back = models.PositiveSmallIntegerField(default=0, help_text="How old mails may be at the first look.")
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["mailbox", "name"], name="one_row_per_mail_folder")]

    def __str__(self) -> str:
        return self.name


class IncomingMailQuerySet(models.QuerySet["IncomingMail"]):
    def waiting(self) -> Self:
        return self.filter(state=IncomingMail.State.WAITING)

    def aside(self) -> Self:
        """Not taken in: set aside, or unreadable."""
        return self.filter(state__in=[IncomingMail.State.ASIDE, IncomingMail.State.UNREADABLE])

    def forgotten(self) -> Self:
        """Set aside long ago, and nobody wanted it."""
        return self.filter(state=IncomingMail.State.ASIDE, received_at__lt=timezone.now() - KEPT)

    def slimmed(self) -> Self:
        """Taken in long ago: text, headers and files are with the submission."""
        taken = self.filter(state=IncomingMail.State.TAKEN, received_at__lt=timezone.now() - KEPT)
        return taken.exclude(raw=b"")


class IncomingMail(models.Model):
    """One mail, stored raw before it is read. Erasing the lead erases it, too.

    In the database rather than on the disk: it comes and goes in one transaction with its submission, a backup has it,
    and erasing it leaves nothing. `raw` is compressed by zlib. `identity` is what makes two copies the same mail.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        TAKEN = "taken", "Taken in"
        ASIDE = "aside", "Set aside"
        UNREADABLE = "unreadable", "Could not be read"

    KINDS = {
        Kind.BOUNCE: "Undeliverable",
        Kind.DELAYED: "Delayed",
        Kind.AUTO_REPLY: "Automatic",
        Kind.RECEIPT: "Receipt",
        Kind.REPORT: "Report",
        Kind.NEWSLETTER: "Newsletter",
        Kind.LOOP: "Loop",
        Kind.FLOOD: "Too many",
        Kind.TOO_LARGE: "Too large",
    }

    mailbox = models.ForeignKey(Mailbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    label = models.CharField(max_length=60, blank=True, help_text="The source, as staff call it.")
    identity = models.CharField(max_length=64, unique=True, editable=False)
    message_id = models.CharField(max_length=200, blank=True, help_text="To know answers to it by.")
    raw = models.BinaryField()
    size = models.PositiveIntegerField()
    sender = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    kind = models.CharField(
        max_length=12,
        choices=[(kind.value, label) for kind, label in KINDS.items()],
        blank=True,
        help_text="Of what is set aside.",
    )
    problem = models.TextField(blank=True, help_text="Why it is set aside or can't be read.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often its reading was begun.")
    is_wanted = models.BooleanField(default=False, help_text="Somebody said that it is to be taken in, whatever it is.")
    received_at = models.DateTimeField(default=timezone.now)
    submission = models.OneToOneField(
        "leads.Submission", null=True, blank=True, on_delete=models.CASCADE, related_name="mail"
    )
    lead = models.ForeignKey(
        "leads.Lead", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="Whose reply could not be delivered.",
    )  # fmt: skip

    objects = IncomingMailQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            # What a worker is to take, asked by the sweep every few seconds.
            models.Index(fields=["id"], name="mail_waiting", condition=Q(state="waiting")),
            # Which mail an answer answers.
            models.Index(fields=["message_id"], name="mail_by_id", condition=~Q(message_id="")),
            # How many one person sent within the hour.
            models.Index(fields=["sender", "received_at"], name="mail_by_sender"),
            # What was set aside, newest first.
            models.Index(
                fields=["-received_at", "-id"], name="mail_aside", condition=Q(state__in=["aside", "unreadable"])
            ),
        ]

    def __str__(self) -> str:
        return f"Mail {self.pk}"

    @property
    def content(self) -> bytes:
        """As it came; empty where it was forgotten. Raises zlib.error when what is stored is damaged."""
        return zlib.decompress(bytes(self.raw)) if self.raw else b""

    @property
    def sort(self) -> str:
        """What it is, where it is no inquiry."""
        return dict(self.KINDS).get(Kind(self.kind), "") if self.kind else ""
