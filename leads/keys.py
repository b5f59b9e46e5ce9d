"""Normalised keys of a contact: equal keys mean the same mailbox or the same line. Pure: imports no Django."""

import phonenumbers

FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk hotmail.com outlook.com live.com msn.com icloud.com me.com
    mac.com aol.com gmx.de gmx.net gmx.com web.de t-online.de proton.me protonmail.com mail.com yandex.com
    zoho.com comcast.net att.net verizon.net sbcglobal.net bellsouth.net orange.fr free.fr laposte.net libero.it
    posteo.de posteo.net freenet.de arcor.de mailbox.org tutanota.com tutanota.de tuta.io online.de 1und1.de
    kabelmail.de
    bluewin.ch hispeed.ch sunrise.ch aon.at chello.at seznam.cz post.cz email.cz centrum.cz centrum.sk azet.sk atlas.cz
    wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu poczta.fm gazeta.pl vp.pl 163.com 126.com qq.com sina.com
    sina.cn sohu.com foxmail.com yeah.net naver.com daum.net hanmail.net mail.ru bk.ru inbox.ru list.ru rambler.ru
    ukr.net i.ua meta.ua abv.bg mail.bg freemail.hu citromail.hu indamail.hu inbox.lv inbox.lt mail.ee hot.ee
    tiscali.it alice.it virgilio.it tin.it email.it inwind.it iol.it fastwebnet.it pec.it wanadoo.fr sfr.fr neuf.fr
    bbox.fr numericable.fr club-internet.fr skynet.be telenet.be proximus.be ziggo.nl kpnmail.nl planet.nl xs4all.nl
    hetnet.nl home.nl telia.com spray.se comhem.se online.no broadpark.no mail.dk stofanet.dk luukku.com kolumbus.fi
    btinternet.com sky.com virginmedia.com talktalk.net ntlworld.com blueyonder.co.uk tiscali.co.uk eircom.net
    videotron.ca bell.net shaw.ca rogers.com sympatico.ca telus.net bigpond.com bigpond.net.au optusnet.com.au
    iinet.net.au xtra.co.nz rediffmail.com sify.com prodigy.net.mx telefonica.net terra.es terra.com.br uol.com.br
    bol.com.br ig.com.br sapo.pt telmex.mx eim.ae emirates.net.ae otenet.gr freemail.gr in.gr mynet.com ymail.com
    rocketmail.com fastmail.com fastmail.fm hey.com pm.me duck.com mail.de email.de cox.net charter.net earthlink.net
    juno.com frontier.com windstream.net optonline.net roadrunner.com rr.com cs.com netzero.net
    """.split()  # noqa: SIM905 - easier to read and to extend than thirty quoted names
)

# The same provider under many countries' domains: "yahoo.co.in", "hotmail.com.tr".
FREE_MAIL_FAMILIES = frozenset(
    "gmail yahoo hotmail outlook live gmx yandex icloud aol orange msn".split()  # noqa: SIM905
)


def is_free_mail(domain: str) -> bool:
    """Whether it is a mail provider's domain, where anyone may have a mailbox."""
    name, _, rest = domain.partition(".")
    return domain in FREE_MAIL or (name in FREE_MAIL_FAMILIES and len(rest) <= 6)


def email_key(email: str) -> str:
    """The mailbox behind an address: lower case, without a plus tag; Gmail ignores dots. Empty when it is none."""
    user, at, domain = email.strip().lower().rpartition("@")
    user = user.split("+", 1)[0]
    if not (at and user and domain):
        return ""
    if domain in ("gmail.com", "googlemail.com"):
        user, domain = user.replace(".", ""), "gmail.com"
    return f"{user}@{domain}"


def phone_key(phone: str, region: str | None = None) -> str:
    """The digits of the number with its country's code: "(512) 555-0142", read in `region` ("US"), is 15125550142.

    Without a region only numbers with "+" are read so; of others, and of what is no number, the digits are the key.
    Empty with fewer than seven, too few to mean anyone; 20 at most.
    """
    if region is None and phone.isascii() and phone.isdecimal():
        return _long_enough(phone)  # a key already, as most that are compared: reading it would find nothing more
    try:
        read = phonenumbers.parse(phone, region)
        digits = f"{read.country_code}{phonenumbers.national_significant_number(read)}"
    except phonenumbers.NumberParseException:
        digits = "".join(char for char in phone if char.isdecimal())
    return _long_enough(digits)


def _long_enough(digits: str) -> str:
    return digits[:20] if len(digits) >= 7 else ""


def company_domain(email: str) -> str:
    """The domain of an address when it belongs to a company rather than to a mail provider."""
    domain = email.strip().lower().rpartition("@")[2]
    return "" if is_free_mail(domain) else domain
