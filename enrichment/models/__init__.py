from enrichment.models.learning import LearnedWeights, LearnedWeightsQuerySet, Refit, Sweep
from enrichment.models.meaning import QUESTIONS_KEPT, MeaningQuery
from enrichment.models.profile import BusinessProfile, ProfileVersion, Trial, TrialAnswer
from enrichment.models.reading import Embedding, Enrichment, LeadKey
from enrichment.models.reply import ReplyDraft
from enrichment.models.running import AiSettings, ConfidenceTable, ModelPull, ModelTest, Rerun

__all__ = [
    "QUESTIONS_KEPT",
    "AiSettings",
    "BusinessProfile",
    "ConfidenceTable",
    "Embedding",
    "Enrichment",
    "LeadKey",
    "LearnedWeights",
    "LearnedWeightsQuerySet",
    "MeaningQuery",
    "ModelPull",
    "ModelTest",
    "ProfileVersion",
    "Refit",
    "ReplyDraft",
    "Rerun",
    "Sweep",
    "Trial",
    "TrialAnswer",
]
