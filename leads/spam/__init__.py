"""Whether a message is spam, and why: a small trained model, rules in plain words, and what staff taught. Pure."""

from leads.spam.judge import LIMIT, Incoming, Verdict, judge
from leads.spam.lessons import Lesson, learned
from leads.spam.signs import Signs, signs

__all__ = ["LIMIT", "Incoming", "Lesson", "Signs", "Verdict", "judge", "learned", "signs"]
