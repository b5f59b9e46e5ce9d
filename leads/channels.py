"""By which channel somebody came: a table of rules, read from the top. Pure: imports no Django.

Nothing is guessed from what people wrote, and the same touch is always the same channel.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from leads.attribution import Touch


class Channel(StrEnum):
    GOOGLE_ADS = "google_ads"
    MICROSOFT_ADS = "microsoft_ads"
    FACEBOOK_ADS = "facebook_ads"
    OTHER_ADS = "other_ads"
    EMAIL = "email"
    ORGANIC_SEARCH = "organic_search"
    FACEBOOK = "facebook"
    OTHER_SOCIAL = "other_social"
    AI_ASSISTANT = "ai_assistant"
    CAMPAIGN = "campaign"
    REFERRAL = "referral"
    DIRECT = "direct"


CHANNELS: tuple[tuple[str, str], ...] = (
    (Channel.GOOGLE_ADS, "Google Ads"),
    (Channel.MICROSOFT_ADS, "Microsoft Ads"),
    (Channel.FACEBOOK_ADS, "Facebook Ads"),
    (Channel.OTHER_ADS, "Other ads"),
    (Channel.EMAIL, "E-mail"),
    (Channel.ORGANIC_SEARCH, "Organic search"),
    (Channel.FACEBOOK, "Facebook"),
    (Channel.OTHER_SOCIAL, "Other social"),
    (Channel.AI_ASSISTANT, "AI assistant"),
    (Channel.CAMPAIGN, "Other campaign"),
    (Channel.REFERRAL, "Referral"),
    (Channel.DIRECT, "Direct"),
)
LABELS: Mapping[str, str] = dict(CHANNELS)

# Of utm_medium and utm_source, in small letters.
PAID = re.compile(r"(.*cp[acm]|ppc|cpv|retargeting|paid.*|.*[_ -]paid|display|banner|ads?|sem)")
EMAIL = re.compile(r"(e[-_ ]?mail|newsletter|mailing)")
ORGANIC = re.compile(r"organic|search|seo")
SOCIAL_MEDIUM = re.compile(r"(organic[-_ ]?)?social([-_ ]?(media|network|post))?|sm")
GOOGLE = re.compile(r"google|adwords|google[-_ ]?ads|youtube")
MICROSOFT = re.compile(r"bing|microsoft|msn|bing[-_ ]?ads|microsoft[-_ ]?ads")
FACEBOOK = re.compile(r"facebook|fb|ig|instagram|meta|facebook[-_ ]?ads|(facebook|instagram)\.com|an|msg")
SEARCHES = re.compile(r"google|bing|duckduckgo|yahoo|ecosia|qwant|startpage|yandex|baidu|brave|kagi|naver|seznam")
SOCIALS = re.compile(
    r"linkedin|twitter|x|tiktok|youtube|pinterest|reddit|snapchat|threads|mastodon|bluesky|xing|whatsapp|telegram|nextdoor"
)
ASSISTANTS = re.compile(r"chatgpt(\.com)?|openai|perplexity|claude|gemini|copilot")

# Of the referrer's host: webmail comes before the search of the same house.
MAIL_HOSTS = re.compile(r"(mail|outlook|webmail|e\.mail|navigator(-\w+)?)\..+|deref-(gmx|web-\d+)\..+")
ASSISTANT_HOSTS = re.compile(
    r"(.+\.)?(chatgpt\.com|chat\.openai\.com|perplexity\.ai|claude\.ai|gemini\.google\.com|copilot\.microsoft\.com)"
)
SEARCH_HOSTS = re.compile(
    r"(.+\.)?(google|bing|duckduckgo|yahoo|ecosia|qwant|startpage|yandex|baidu|naver|seznam)(\.[a-z]{2,3}){1,2}"
    r"|search\.brave\.com|kagi\.com"
)
FACEBOOK_HOSTS = re.compile(r"(.+\.)?(facebook\.com|fb\.com|fb\.me|instagram\.com|messenger\.com)")
SOCIAL_HOSTS = re.compile(
    r"(.+\.)?(linkedin\.com|lnkd\.in|twitter\.com|x\.com|t\.co|tiktok\.com|youtube\.com|youtu\.be|pinterest\.[a-z.]+"
    r"|reddit\.com|snapchat\.com|threads\.(net|com)|bsky\.app|xing\.com|t\.me|whatsapp\.com|nextdoor\.[a-z.]+)"
)


def channel_of(touch: "Touch") -> str:
    """One of Channel; empty when nothing is known of the touch."""
    if not touch:
        return ""
    return _by_campaign(touch) or _by_click(touch) or _by_referrer(touch) or (Channel.DIRECT if _landed(touch) else "")


def _by_campaign(touch: "Touch") -> str:
    """What the owner of the link says, but that a click which was paid for shows it whatever the link says."""
    source, medium = touch.utm_source.lower(), touch.utm_medium.lower()
    if touch.gclid or touch.msclkid:
        return Channel.GOOGLE_ADS if touch.gclid else Channel.MICROSOFT_ADS
    if EMAIL.fullmatch(medium) or EMAIL.fullmatch(source):
        return Channel.EMAIL
    if PAID.fullmatch(medium):
        return _paid(touch, source)
    if not source and not medium:
        return ""
    return _unpaid(source, medium)


def _paid(touch: "Touch", source: str) -> str:
    if FACEBOOK.fullmatch(source) or (touch.fbclid and not source):
        return Channel.FACEBOOK_ADS
    if GOOGLE.fullmatch(source):
        return Channel.GOOGLE_ADS
    return Channel.MICROSOFT_ADS if MICROSOFT.fullmatch(source) else Channel.OTHER_ADS


def _unpaid(source: str, medium: str) -> str:
    if FACEBOOK.fullmatch(source):
        return Channel.FACEBOOK
    if SOCIALS.fullmatch(source) or SOCIAL_MEDIUM.fullmatch(medium):
        return Channel.OTHER_SOCIAL
    if ASSISTANTS.fullmatch(source):
        return Channel.AI_ASSISTANT
    if ORGANIC.fullmatch(medium) or (SEARCHES.fullmatch(source) and not medium):
        return Channel.ORGANIC_SEARCH
    return Channel.REFERRAL if medium == "referral" else Channel.CAMPAIGN


def _by_click(touch: "Touch") -> str:
    """Facebook marks every link that leads away from it, paid or not."""
    if touch.fbclid:
        return Channel.FACEBOOK
    return Channel.CAMPAIGN if touch.utm_campaign or touch.utm_id else ""


def _by_referrer(touch: "Touch") -> str:
    host = _host(touch.referrer)
    if not host or _bare(host) == _bare(_host(touch.landing_page)):
        return ""
    for hosts, channel in (
        (MAIL_HOSTS, Channel.EMAIL),
        (ASSISTANT_HOSTS, Channel.AI_ASSISTANT),
        (SEARCH_HOSTS, Channel.ORGANIC_SEARCH),
        (FACEBOOK_HOSTS, Channel.FACEBOOK),
        (SOCIAL_HOSTS, Channel.OTHER_SOCIAL),
    ):
        if hosts.fullmatch(host):
            return channel
    return Channel.REFERRAL


def _landed(touch: "Touch") -> bool:
    """Whether anybody looked where the visitor came from: without a landing page nobody did."""
    return bool(touch.landing_page)


def _host(address: str) -> str:
    return urlsplit(address).hostname or "" if address else ""


def _bare(host: str) -> str:
    return host.removeprefix("www.")
