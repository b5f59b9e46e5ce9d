"""Submissions tell by which touches they came, and leads by which they were found first and last."""

from django.db import migrations, models
from django.db.models import Q

CHANNELS = [
    ("google_ads", "Google Ads"),
    ("microsoft_ads", "Microsoft Ads"),
    ("facebook_ads", "Facebook Ads"),
    ("other_ads", "Other ads"),
    ("email", "E-mail"),
    ("organic_search", "Organic search"),
    ("facebook", "Facebook"),
    ("other_social", "Other social"),
    ("ai_assistant", "AI assistant"),
    ("campaign", "Other campaign"),
    ("referral", "Referral"),
    ("direct", "Direct"),
]


def text() -> models.CharField:
    return models.CharField(blank=True, default="", help_text="In small letters.", max_length=255)


class Migration(migrations.Migration):
    dependencies = [("leads", "0011_quarantined_leads")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="attribution",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="First and last touch, as leads.attribution keeps them; empty: unknown.",
            ),
        ),
        migrations.AddField(
            model_name="lead",
            name="first_touch",
            field=models.JSONField(blank=True, default=dict, help_text="Of the first inquiry that tells one."),
        ),
        migrations.AddField(
            model_name="lead",
            name="last_touch",
            field=models.JSONField(blank=True, default=dict, help_text="Of the newest inquiry that tells one."),
        ),
        migrations.AddField(
            model_name="lead",
            name="channel",
            field=models.CharField(blank=True, choices=CHANNELS, default="", max_length=20),
            preserve_default=False,
        ),
        *(
            migrations.AddField(model_name="lead", name=name, field=field, preserve_default=False)
            for name, field in (("utm_source", text()), ("utm_medium", text()), ("utm_campaign", text()))
        ),
        *(
            migrations.AddIndex(
                model_name="lead",
                index=models.Index(
                    condition=~Q(**{column: ""}), fields=[column, "-last_message_at"], name=f"lead_by_{column}"
                ),
            )
            for column in ("channel", "utm_source", "utm_medium", "utm_campaign")
        ),
    ]
