"""A lead's timeline: its events, what came in, what was replied, and what the stages made of it, newest first."""

import datetime as dt
from dataclasses import dataclass

from leads.models import Lead, LeadSource, StageRun
from leads.replies import said

MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `kind` is event, person, received, succeeded or failed; `detail` the text that was sent."""

    at: dt.datetime
    text: str
    kind: str
    actor: str = ""
    detail: str = ""


def timeline(lead: Lead) -> list[Entry]:
    """Newest first. The lead's submissions and runs should be prefetched."""
    events = list(lead.events.all()[:MOST_EVENTS])
    known = {event.at for event in events}
    entries = [Entry(event.at, event.text, "person" if event.actor else "event", event.actor) for event in events]
    entries += [
        Entry(submission.received_at, f"Received: {LeadSource(submission.source).label}", "received")
        for submission in lead.submissions.all()
        if submission.received_at not in known  # else its event says so already
    ]
    entries += [
        Entry(reply.sent_at, said(reply), "person", reply.sent_by, reply.text)
        for reply in lead.replies.sent()[:MOST_EVENTS]
    ]
    entries += [_outcome(run, run.finished_at) for run in lead.runs.all() if run.finished_at]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _outcome(run: StageRun, at: dt.datetime) -> Entry:
    if run.state == StageRun.State.FAILED:
        return Entry(at, f"{run.label} failed: {run.reason}", "failed")
    return Entry(at, f"{run.label} done{f': {run.note}' if run.note else ''}", "succeeded")
