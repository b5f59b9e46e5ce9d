"""Each consent of a form is a record of its own, and may be confirmed by e-mail; forms say whether they ask for that."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="publicform",
            name="asks_confirmation",
            field=models.BooleanField(
                default=False,
                help_text="Whoever gives a consent is asked by e-mail to confirm it.",
                verbose_name="asks for confirmation",
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("form_name", models.CharField(blank=True, max_length=100)),
                (
                    "form_version",
                    models.PositiveIntegerField(help_text="Its number; empty for a form without versions.", null=True),
                ),
                ("field_key", models.CharField(max_length=40)),
                ("text", models.TextField()),
                ("language", models.CharField(help_text="Of the form.", max_length=10)),
                ("is_given", models.BooleanField()),
                ("given_at", models.DateTimeField(help_text="When the form was sent, with the box ticked or not.")),
                (
                    "is_confirmation_asked",
                    models.BooleanField(default=False, help_text="Whether the form asked for it by e-mail."),
                ),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "withdrawn_by",
                    models.CharField(
                        blank=True,
                        help_text="Who noted it; empty: the submitter themselves, by the link.",
                        max_length=150,
                    ),
                ),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="leads.publicform",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="consents", to="leads.submission"
                    ),
                ),
            ],
            options={
                "ordering": ["submission_id", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("submission", "field_key"), name="one_consent_per_submission_and_field"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_given", True),
                            models.Q(("confirmed_at", None), ("withdrawn_at", None)),
                            _connector="OR",
                        ),
                        name="only_what_was_given_changes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting to be sent"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Not sent"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("to", models.CharField(blank=True, max_length=254)),
                (
                    "to_key",
                    models.CharField(
                        blank=True, help_text="The mailbox, however its address is written.", max_length=254
                    ),
                ),
                ("language", models.CharField(max_length=10)),
                (
                    "message_id",
                    models.CharField(blank=True, help_text="Empty when it was never to be sent.", max_length=200),
                ),
                ("problem", models.TextField(blank=True, help_text="Why it could not be sent; empty when it was.")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When it is to be tried; while it is being sent, how long that may take.",
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When it was queued, the last time."
                    ),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                ("denied_at", models.DateTimeField(help_text="When they said: this wasn't me.", null=True)),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="leads.publicform",
                    ),
                ),
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_request",
                        to="leads.submission",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "sending"])),
                        fields=["due_at"],
                        name="consent_request_due",
                    ),
                    models.Index(
                        condition=models.Q(("to_key", ""), _negated=True),
                        fields=["to_key", "-asked_at"],
                        name="consent_request_mailbox",
                    ),
                    models.Index(
                        condition=models.Q(("sent_at__isnull", False)), fields=["-sent_at"], name="consent_request_sent"
                    ),
                ],
            },
        ),
    ]
