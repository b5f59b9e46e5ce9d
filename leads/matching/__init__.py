"""How likely two leads are the same person, and why. Pure: imports no Django.

Four explanations compete for each pair: the same person, two people of one household, two people of one company, two
unrelated people. For each thing that can be compared there is a level of agreement and its probability under each
explanation. What is missing says nothing. Under "unrelated", agreement on a value is as likely as the value is
common, so a common name weighs less than a rare one.

The weight of a piece of evidence, in bits, is its Shapley value: how much it moves the log-odds, averaged over all
orders in which the evidence could have come in. So each piece gets its fair share (a shared phone says little more once
the mailbox is shared), and the weights add up to the log-odds.
"""

from leads.matching.lookup import COUNTED_ONLY, key_pairs, keys
from leads.matching.model import WEIGHTS_VERSION, Correction, Match, Reason, match, probability
from leads.matching.people import Holders, Person, features

__all__ = [
    "COUNTED_ONLY",
    "WEIGHTS_VERSION",
    "Correction",
    "Holders",
    "Match",
    "Person",
    "Reason",
    "features",
    "key_pairs",
    "keys",
    "match",
    "probability",
]
