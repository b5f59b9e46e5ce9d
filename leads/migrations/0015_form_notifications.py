"""Forms tell addresses of their inquiries, and can be tried on a page that makes test leads."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0014_consents")]

    operations = [
        migrations.AddField(
            model_name="publicform",
            name="notify",
            field=models.JSONField(
                blank=True, default=list, help_text="Addresses that are told of each of its inquiries."
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="is_test",
            field=models.BooleanField(default=False, help_text="Sent from the form's test page: it makes a test lead."),
        ),
        migrations.AddField(
            model_name="lead",
            name="is_test",
            field=models.BooleanField(default=False, help_text="A sample that an owner sent from a form's test page."),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_test", False), ("is_sample", True), _connector="OR"),
                name="lead_test_is_a_sample",
            ),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("to", models.CharField(max_length=254)),
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
                (
                    "problem",
                    models.TextField(blank=True, help_text="Why it could not be sent, or waits; empty when it was."),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When it is to be tried; while it is being sent, how long that may take.",
                    ),
                ),
                ("message_id", models.CharField(help_text="Of the e-mail.", max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "form",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="leads.publicform",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="leads.submission",
                    ),
                ),
                (
                    "digest",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listed",
                        to="leads.notice",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("submission", "to"), name="one_notice_per_inquiry_and_address")
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("digest", None), ("state__in", ["waiting", "sending"])),
                        fields=["due_at"],
                        name="notice_due",
                    ),
                    models.Index(fields=["form", "to", "-sent_at"], name="notice_of_address"),
                    models.Index(
                        condition=models.Q(("digest__isnull", False)), fields=["digest"], name="notice_in_digest"
                    ),
                ],
            },
        ),
    ]
