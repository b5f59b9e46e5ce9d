from django.apps import AppConfig
from django.db.models.signals import post_delete


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import files  # models are there only now

        post_delete.connect(files.delete_after_commit, sender="leads.Attachment", dispatch_uid="delete_files")
