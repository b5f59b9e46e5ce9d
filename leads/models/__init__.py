from leads.models.access import ApiKey, RateCount
from leads.models.duplicates import DuplicateSuggestion
from leads.models.intake import PublicForm, Submission
from leads.models.lead import Event, FieldValue, Lead, LeadSource
from leads.models.pipeline import Heartbeat, StageGate, StageRun

__all__ = [
    "ApiKey",
    "DuplicateSuggestion",
    "Event",
    "FieldValue",
    "Heartbeat",
    "Lead",
    "LeadSource",
    "PublicForm",
    "RateCount",
    "StageGate",
    "StageRun",
    "Submission",
]
