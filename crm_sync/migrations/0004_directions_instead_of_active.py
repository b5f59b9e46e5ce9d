from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm_sync", "0003_fill_directions")]

    operations = [
        migrations.RemoveConstraint(
            model_name="fieldmapping",
            name="one_mapping_per_remote",
        ),
        migrations.RemoveField(
            model_name="fieldmapping",
            name="is_active",
        ),
        migrations.AddConstraint(
            model_name="fieldmapping",
            constraint=models.UniqueConstraint(
                condition=models.Q(("direction", "off"), _negated=True),
                fields=("remote_id",),
                name="one_mapping_per_remote_field",
            ),
        ),
    ]
