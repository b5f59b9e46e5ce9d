from leads.models.access import ApiKey, RateCount
from leads.models.consents import Consent, ConsentRequest
from leads.models.duplicates import DuplicateSuggestion
from leads.models.files import Attachment
from leads.models.forms import FormImage, FormVersion
from leads.models.imports import Import, ImportRow
from leads.models.intake import PublicForm, SpamLesson, Submission
from leads.models.lead import Event, ExtraField, Feedback, FieldValue, Lead, LeadSource, Reply
from leads.models.mail import IncomingMail, Mailbox, MailFolder
from leads.models.merge import ContactPoint, Merge
from leads.models.notices import Notice
from leads.models.pipeline import Heartbeat, StageGate, StageRun
from leads.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "ApiKey",
    "Attachment",
    "Consent",
    "ConsentRequest",
    "ContactPoint",
    "DuplicateSuggestion",
    "Event",
    "ExtraField",
    "Feedback",
    "FieldValue",
    "FormImage",
    "FormVersion",
    "Heartbeat",
    "Import",
    "ImportRow",
    "IncomingMail",
    "Lead",
    "LeadSource",
    "MailFolder",
    "Mailbox",
    "Merge",
    "Notice",
    "PublicForm",
    "RateCount",
    "Reply",
    "SpamLesson",
    "StageGate",
    "StageRun",
    "Submission",
    "Webhook",
    "WebhookDelivery",
]
