from typing import Any

from django.db import migrations


def note_shared_keys(apps: Any, schema_editor: Any) -> None:
    """What a pair had in common when it was decided: without it, each decision of before would be asked again."""
    suggestions = apps.get_model("leads", "DuplicateSuggestion").objects
    decided = suggestions.exclude(state="open").filter(shared_keys=[])
    for row in decided.select_related("first", "second").iterator(chunk_size=500):
        both = [
            f"{kind}:{getattr(row.first, column)}"
            for kind, column in (("email", "email_key"), ("phone", "phone_key"))
            if getattr(row.first, column) and getattr(row.first, column) == getattr(row.second, column)
        ]
        if both:
            suggestions.filter(pk=row.pk).update(shared_keys=both)


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_duplicates_and_merges")]

    operations = [migrations.RunPython(note_shared_keys, migrations.RunPython.noop)]
