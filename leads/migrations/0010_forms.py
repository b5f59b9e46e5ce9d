"""Public forms have versions: what a form asked and said so far becomes the first one of each."""

import django.db.models.deletion
import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# What every form asked before this: key, type, label, whether it is required.
FIELDS = (
    ("first_name", "text", "First name", False),
    ("last_name", "text", "Last name", False),
    ("email", "email", "E-mail", False),
    ("phone", "phone", "Phone", False),
    ("company", "text", "Company (if any)", False),
    ("message", "long_text", "Your message", True),
)


def make_versions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    version = apps.get_model("leads", "FormVersion")
    fields = [{"key": key, "type": kind, "label": label, "required": needed} for key, kind, label, needed in FIELDS]
    for form in apps.get_model("leads", "PublicForm").objects.all():
        content = {"title": form.title, "intro": form.intro, "thanks": form.thanks, "fields": fields}
        version.objects.create(
            form=form, number=1, state="live", content=content, published_at=django.utils.timezone.now()
        )


def take_back(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for version in apps.get_model("leads", "FormVersion").objects.filter(state="live").select_related("form"):
        form = version.form
        form.title, form.intro, form.thanks = (version.content.get(key, "") for key in ("title", "intro", "thanks"))
        form.save(update_fields=["title", "intro", "thanks"])


class Migration(migrations.Migration):
    dependencies = [("leads", "0009_quarantine")]

    operations = [
        migrations.AddField(
            model_name="publicform",
            name="origins",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Websites that may show the form in a frame, as https://example.com.",
            ),
        ),
        migrations.CreateModel(
            name="FormVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("live", "Live"), ("past", "Past")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("content", models.JSONField(help_text="A leads.forms_definition.Definition.")),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="What was changed, in the words of who did.", max_length=300
                    ),
                ),
                ("made_by", models.CharField(blank=True, help_text="Empty: baseCamp.", max_length=150)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "form",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="leads.publicform"
                    ),
                ),
            ],
            options={"ordering": ["form_id", "-number"]},
        ),
        migrations.AddConstraint(
            model_name="formversion",
            constraint=models.UniqueConstraint(fields=("form", "number"), name="one_form_version_per_number"),
        ),
        migrations.AddConstraint(
            model_name="formversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "live")), fields=("form",), name="one_live_form_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="formversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "draft")), fields=("form",), name="one_draft_form_version"
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="form_version",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="submissions",
                to="leads.formversion",
            ),
        ),
        migrations.RunPython(make_versions, take_back),
        migrations.RemoveField(model_name="publicform", name="intro"),
        migrations.RemoveField(model_name="publicform", name="thanks"),
        migrations.RemoveField(model_name="publicform", name="title"),
    ]
