from leads.models.access import ApiKey, RateCount
from leads.models.duplicates import DuplicateSuggestion
from leads.models.intake import PublicForm, Submission
from leads.models.lead import Event, FieldValue, Lead, LeadSource
from leads.models.merge import ContactPoint, Merge
from leads.models.pipeline import Heartbeat, StageGate, StageRun

__all__ = [
    "ApiKey",
    "ContactPoint",
    "DuplicateSuggestion",
    "Event",
    "FieldValue",
    "Heartbeat",
    "Lead",
    "LeadSource",
    "Merge",
    "PublicForm",
    "RateCount",
    "StageGate",
    "StageRun",
    "Submission",
]
