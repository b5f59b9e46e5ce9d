"""Files that came with messages, and logos of forms."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_forms"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormImage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="A digest of it, and its width and height.", max_length=60, unique=True),
                ),
                ("content", models.BinaryField(help_text="A WebP image.")),
                (
                    "used_at",
                    models.DateTimeField(default=django.utils.timezone.now, help_text="When it was last uploaded."),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "field",
                    models.CharField(
                        blank=True, help_text="Key of the form's field that it was chosen in.", max_length=40
                    ),
                ),
                ("name", models.CharField(help_text="As the sender called it, made safe.", max_length=150)),
                ("content_type", models.CharField(blank=True, help_text="As its content says.", max_length=100)),
                ("size", models.PositiveIntegerField(help_text="In bytes: of what is kept, else of what came.")),
                ("sha256", models.CharField(blank=True, help_text="Of what came.", max_length=64)),
                (
                    "path",
                    models.CharField(
                        blank=True, help_text="Under DATA_DIR; empty where it was not kept.", max_length=100
                    ),
                ),
                ("problem", models.CharField(blank=True, help_text="Why it was not kept.", max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being cleaned"), ("ready", "Ready"), ("refused", "Not kept")],
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When a worker may take it (again)."
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attachments", to="leads.submission"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["due_at"], name="attachment_to_clean"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("path", ""), _negated=True),
                        fields=("path",),
                        name="one_attachment_per_path",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("path", ""), ("state", "refused"), models.Q(("problem", ""), _negated=True)),
                            models.Q(
                                ("problem", ""),
                                ("state__in", ["waiting", "ready"]),
                                models.Q(("path", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="attachment_kept_or_not",
                    ),
                ],
            },
        ),
    ]
