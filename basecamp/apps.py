from django.apps import AppConfig


class BasecampConfig(AppConfig):
    name = "basecamp"
    verbose_name = "baseCamp"
