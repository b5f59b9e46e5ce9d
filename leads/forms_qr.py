"""The QR code of a hosted form, for flyers, windows and vans."""

import ipaddress
from io import BytesIO
from urllib.parse import urlsplit

import segno
from django.conf import settings

from leads.models import PublicForm
from leads.notice_text import line

QUIET = 4  # modules of white around it, as the standard asks for
MARK = "?utm_medium=qr"  # how a visitor came
WIDTH = 1000  # pixels of the PNG at least: 8 cm at 300 dpi


def address(form: PublicForm) -> str:
    """What the code says."""
    return f"{settings.SITE_URL}{form.get_absolute_url()}{MARK}"


def code(form: PublicForm) -> segno.QRCode:
    """At least 15 % of it may be covered or scratched (level M, higher where that takes no more room)."""
    return segno.make_qr(address(form), error="m")


def svg(form: PublicForm) -> bytes:
    out = BytesIO()
    title = f"QR code: {line(form.name, 100)}"
    # With a unit it has a viewBox, and so any size that is asked for.
    code(form).save(out, kind="svg", unit="mm", border=QUIET, light="#fff", title=title, svgclass=None, lineclass=None)
    return out.getvalue()


def png(form: PublicForm) -> bytes:
    made, out = code(form), BytesIO()
    modules = made.symbol_size(border=QUIET)[0]
    made.save(out, kind="png", scale=-(-WIDTH // modules), border=QUIET, dpi=300)
    return out.getvalue()


def reach() -> str:
    """Who can't open the address, as a plain sentence; empty when everybody can, as far as the address tells."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        is_here = host == "localhost" or host.endswith(".localhost")
        is_near = "." not in host or host.endswith(".local")
    else:
        is_here, is_near = ip.is_loopback or ip.is_unspecified, not ip.is_global
    if is_here:
        return f"{settings.SITE_URL} opens on this machine alone: no visitor and no phone gets there."
    if is_near:
        return f"{settings.SITE_URL} opens in your own network alone: visitors elsewhere don’t get there."
    return ""
