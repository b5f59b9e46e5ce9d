"""What the services send, as their documentation shows it."""

TYPEFORM = {
    "event_id": "01LtXOEHg7",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "submitted_at": "2026-11-28T18:17:02Z",
        "hidden": {"utm_source": "spring"},
        "definition": {
            "id": "lT4Z3j",
            "fields": [
                {"id": "q1", "title": "What is your name?", "type": "short_text", "ref": "name"},
                {"id": "q2", "title": "Where can we write to?", "type": "email", "ref": "mail"},
                {"id": "q3", "title": "And call?", "type": "phone_number", "ref": "phone"},
                {"id": "q4", "title": "What do you need?", "type": "long_text", "ref": "need"},
                {"id": "q5", "title": "When?", "type": "multiple_choice", "ref": "when"},
                {"id": "q6", "title": "Which days?", "type": "multiple_choice", "ref": "days"},
                {"id": "q7", "title": "First visit?", "type": "yes_no", "ref": "first"},
            ],
        },
        "answers": [
            {"type": "text", "text": "Ana Lopez", "field": {"id": "q1", "type": "short_text", "ref": "name"}},
            {"type": "email", "email": "ana@example.com", "field": {"id": "q2", "type": "email", "ref": "mail"}},
            {
                "type": "phone_number",
                "phone_number": "+15125550142",
                "field": {"id": "q3", "type": "phone_number", "ref": "phone"},
            },
            {"type": "text", "text": "My brakes squeal.", "field": {"id": "q4", "type": "long_text", "ref": "need"}},
            {
                "type": "choice",
                "choice": {"label": "This week"},
                "field": {"id": "q5", "type": "multiple_choice", "ref": "when"},
            },
            {
                "type": "choices",
                "choices": {"labels": ["Mon", "Fri"], "other": "Sat"},
                "field": {"id": "q6", "type": "multiple_choice", "ref": "days"},
            },
            {"type": "boolean", "boolean": True, "field": {"id": "q7", "type": "yes_no", "ref": "first"}},
        ],
    },
}
WEBFLOW = {
    "triggerType": "form_submission",
    "payload": {
        "name": "Contact Us",
        "siteId": "65427cf400e02b306eaa049c",
        "data": {"First Name": "Zaphod", "Email": "zaphod@example.com", "Message": "My ship rattles."},
        "submittedAt": "2026-11-28T18:17:02.000Z",
        "id": "6321ca84df3949bfc6752327",
        "formId": "65429eadebe8a9f3a30f62d0",
    },
}
ELEMENTOR = {
    "form[id]": "6756c1e",
    "form[name]": "New Form",
    "fields[name][id]": "name",
    "fields[name][type]": "text",
    "fields[name][title]": "Your name",
    "fields[name][value]": "Mark Bruxner",
    "fields[name][raw_value]": "Mark Bruxner",
    "fields[email][title]": "Email",
    "fields[email][type]": "email",
    "fields[email][value]": "mark@example.com",
    "fields[field_1][title]": "Car",
    "fields[field_1][value]": "2019 Civic & more",
    "fields[message][type]": "textarea",
    "fields[message][title]": "Message",
    "fields[message][value]": "The brakes squeal.\nCould you look?",
    "meta[date][title]": "Date",
    "meta[date][value]": "November 28, 2026",
}
FACEBOOK = {
    "object": "page",
    "entry": [
        {
            "id": "153125381133",
            "time": 1438292065,
            "changes": [
                {
                    "field": "leadgen",
                    "value": {
                        "leadgen_id": number,
                        "page_id": "153125381133",
                        "form_id": "1234",
                        "created_time": 1438292041,
                    },
                }
                for number in ("444444444444", "555555555555")
            ],
        }
    ],
}
