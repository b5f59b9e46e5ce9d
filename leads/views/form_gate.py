"""Who may send through a public form just now. Under attack it asks for a proof of work before it refuses anyone."""

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from leads import challenge, limits
from leads.models import PublicForm

MANY = "Many messages come in just now. Please wait for the check below the form, then press Send again."
TOO_MANY = "Too many messages came in just now. Please wait a minute and press Send again; nothing you typed is lost."
UNCHECKED = "It was sent without the check that the form asked for while many messages came in."
CALM = 5  # the form is under attack at this part of its limit
PATIENCE = {"solved": 5, "unchecked": 2}  # times the limits that are let through


@dataclass(frozen=True, slots=True)
class Passage:
    """`problem`: a sentence for the visitor, when it may not pass; `asks`: the challenge that opens the way;
    `suspicion`: why it passes into quarantine."""

    problem: str = ""
    asks: str = ""
    suspicion: str = ""


def passage(request: HttpRequest, form: PublicForm) -> Passage:
    """Counts the attempt and says whether it may pass."""
    ip = limits.client_ip(request, trusted_proxies=settings.TRUSTED_PROXIES)
    keys = (f"form-ip:{ip}", f"form:{form.pk}", f"form-net:{_network(ip)}")
    counts = limits.count(sorted(keys), window=60)
    of_ip, of_form, of_network = (counts[key] for key in keys)
    attack = of_network > settings.FORM_LIMIT_PER_IP or of_form > max(1, settings.FORM_LIMIT_PER_FORM // CALM)
    if not attack:
        return Passage()
    times = max(of_ip / settings.FORM_LIMIT_PER_IP, of_form / settings.FORM_LIMIT_PER_FORM)
    if times <= PATIENCE["solved"] and challenge.is_solved(request.POST.get("altcha", ""), form.key):
        return Passage()
    if times <= PATIENCE["unchecked"] and request.POST.get("unchecked"):
        return Passage(suspicion=UNCHECKED)
    if times > PATIENCE["solved"]:
        return Passage(problem=TOO_MANY)
    return Passage(problem=MANY, asks=challenge.new_challenge(form.key))


def _network(ip: str) -> str:
    """The neighbourhood of an address: attackers often have all of it."""
    try:
        length = 24 if ipaddress.ip_address(ip).version == 4 else 56
    except ValueError:
        return ip
    return str(ipaddress.ip_network(f"{ip}/{length}", strict=False))
