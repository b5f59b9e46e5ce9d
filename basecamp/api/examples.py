"""One example for each body that is sent and answered, for the OpenAPI document."""

from typing import Any

ID = "1ed996df-796d-41e0-b864-327aca9bdf0e"
ADDRESS = f"http://localhost:8000/api/v1/leads/{ID}"
MESSAGE = "My brakes squeal since Monday. Could you look at them this week?"
CONTACT = {
    "first_name": "Mark",
    "last_name": "Bruxner",
    "email": "mark@example.com",
    "phone": "+15125550142",
    "company": "Bruxner & Sons",
}
INQUIRY = {"message": MESSAGE, "contact": CONTACT, "source": "web_form", "custom_fields": {"campaign": "spring"}}
RECEIVED = {"lead_id": ID, "status_url": ADDRESS}
MOMENT = "2026-11-27T15:00:00.123456Z"
JUDGEMENT = {"intent": "appointment_request", "urgency": "high", "quality_score": 72, "summary": "Brakes squeal."}
BRIEF = {
    "id": ID,
    "url": f"http://localhost:8000/leads/{ID}/",
    "status_url": ADDRESS,
    "contact": CONTACT,
    "source": "web_form",
    "status": "new",
    "is_sample": False,
    "received_at": MOMENT,
    "updated_at": MOMENT,
    "enrichment": JUDGEMENT,
}
VALUE = {
    "field": "intent",
    "value": "appointment_request",
    "origin": "model",
    "confidence": 0.8,
    "evidence": {"submission": 7, "start": 31, "end": 53, "text": "Could you look at them"},
    "note": "",
    "made_by": "mistral:latest",
    "is_locked": False,
    "at": MOMENT,
}
STAGE = {
    "stage": "extract",
    "label": "Rules",
    "state": "succeeded",
    "reason": "",
    "note": "5 values",
    "attempts": 1,
    "gate_reason": "",
}
ATTACHMENT = {
    "id": 3,
    "name": "brakes.jpg",
    "content_type": "image/jpeg",
    "size": 482113,
    "state": "ready",
    "problem": "",
}
SUBMISSION = {"id": 7, "source": "web_form", "text": MESSAGE, "received_at": MOMENT, "attachments": [ATTACHMENT]}
LEAD = BRIEF | {
    "submissions": [SUBMISSION],
    "enrichment": JUDGEMENT
    | {
        "intent_confidence": 0.8,
        "urgency_confidence": 0.6,
        "score_reasons": [{"label": "Says what it is about", "points": 72}],
        "topics": ["brakes"],
        "language": "en",
        "reply": "",
        "entities": {"symptoms": "squeal"},
        "model": "mistral:latest",
        "prompt_version": "3",
        "enriched_at": MOMENT,
    },
    "values": [VALUE],
    "suggestions": [],
    "duplicate_suggestions": [],
    "stages": [STAGE],
    "crm": {"state": "synced", "record_id": "rec1", "error": "", "url": "https://airtable.com/app1/tbl1/rec1"},
}
CHANGE = {"status": "working", "contact": {"phone": "(512) 555-0142"}, "values": {"vehicle": "2019 Civic"}}
COUNTED = {
    "days": 30,
    "since": MOMENT,
    "leads": 2,
    "messages": 3,
    "answered": 1,
    "need_review": 0,
    "duplicates_to_review": 1,
    "average_quality": 66.5,
    "by_status": {"new": 1, "working": 1, "qualified": 0, "unqualified": 0, "converted": 0},
    "by_intent": {"appointment_request": 2},
    "by_urgency": {"high": 2},
    "by_source": {"web_form": 2},
    "by_day": [{"day": "2026-11-27", "leads": 2}],
}
REQUESTS: dict[str, Any] = {
    "intake": INQUIRY,
    "check_similar": INQUIRY,
    "change_lead": CHANGE,
    "put_lead": CHANGE,
    "export_leads": {
        "format": "csv",
        "filters": {"status": "new", "min_quality": 50},
        "fields": ["received_at", "email", "phone", "message"],
    },
}
ANSWERS: dict[tuple[str, int], Any] = {
    ("intake", 201): RECEIVED,
    ("intake", 200): RECEIVED,
    ("intake_batch", 200): {
        "results": [{"index": 0, "result": "stored", "lead": RECEIVED, "problem": None}],
        "stored": 1,
        "repeated": 0,
        "refused": 0,
    },
    ("check_similar", 200): {
        "similar": [{"lead": BRIEF, "probability": 0.98, "reasons": ["same e-mail"], "similarity": 0.71}],
        "is_read": True,
    },
    ("leads", 200): {"leads": [BRIEF], "next": "http://localhost:8000/api/v1/leads?status=new&cursor=MjAyNi0x"},
    ("lead", 200): LEAD,
    ("lead", 301): {"id": ID},
    ("change_lead", 200): LEAD,
    ("put_lead", 200): LEAD,
    ("similar_leads", 200): {
        "similar": [
            {
                "lead": BRIEF,
                "similarity": 0.71,
                "words": MESSAGE,
                "reply": "Bring it on Thursday.",
                "handled_at": MOMENT,
                "handled_by": "olivia",
            }
        ],
        "is_read": True,
    },
    ("similar_leads", 301): {"id": ID},
    ("stats_summary", 200): COUNTED,
    ("health", 200): {"status": "ok"},
    ("intake_health", 200): {"status": "ok", "waiting": 0, "oldest_waits": 0},
}
