"""What is kept of what browsers and programs say of a visit, and the channel that follows from it."""

import json

import pytest

from leads.attribution import LABELS, LONGEST, NOTHING, Attribution, Touch, folded, of_visit, parse
from leads.channels import CHANNELS, channel_of

AD = {"utm_source": "google", "utm_medium": "cpc", "landing_page": "https://garage.example/brakes"}


def one(**values: str) -> Attribution:
    return Attribution(Touch(**values), Touch(**values))


@pytest.mark.parametrize(
    "sent",
    [
        *(None, "", "{", "null", "[]", "5", '"text"', "NaN", b"{}", 5, True, [], {}, [AD], "[" * 15_000, "{}" * 9_000),
        '{"a":' * 3000 + "1" + "}" * 3000,
        json.dumps(AD | {"utm_term": "x" * 16_000}),
        {"first": None, "last": 5},
        {"first": [AD]},
        {"first": {"first": AD}},
        {"utm_source": {"nested": "x"}, "utm_medium": ["cpc"], "utm_term": True, "utm_id": 1.5, "utm_content": None},
        {"utm_id": 10**18, "UTM_SOURCE": "google", "password": "secret", "__proto__": AD},
        {"utm_source": " \x00\t\u200b\ud800 ", "gclid": "<script>", "fbclid": "a b"},
        {"referrer": "javascript:alert(1)", "landing_page": "//garage.example/", "form_page": "https://"},
        {"referrer": "https://a b.example/", "landing_page": "http://[::1", "form_page": "https://a.example:99999/"},
        {"referrer": "android-app://com.google.android.gm/", "landing_page": "file:///etc/passwd"},
    ],
)
def test_garbage_is_dropped(sent):
    assert parse(sent) == NOTHING
    assert not parse(sent)
    assert parse(sent).to_json() == {}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (AD, one(**AD)),
        (json.dumps(AD), one(**AD)),
        ({"first": AD}, one(**AD)),
        ({"last": AD, "first": "x"}, one(**AD)),
        ({"first": AD, "last": {"fbclid": "Ab-1_2"}}, Attribution(Touch(**AD), Touch(fbclid="Ab-1_2"))),
        ({"first": AD, "form_page": "https://garage.example/c?x=1#y"}, one(**AD, form_page="https://garage.example/c")),
        ({"form_page": "https://garage.example"}, one(form_page="https://garage.example/")),
        ({"utm_id": 123, "utm_source": "a\nb\x00 c", "utm_term": "Bremsen München"}, one(
            utm_id="123", utm_source="a b c", utm_term="Bremsen München")),
        ({"utm_campaign": "x" * 900}, one(utm_campaign="x" * LONGEST)),
        ({"gclid": "x" * 255, "msclkid": "x" * 256}, one(gclid="x" * 255)),
    ],
)  # fmt: skip
def test_what_is_on_the_list_is_kept(sent, kept):
    assert parse(sent) == kept
    assert parse(json.dumps(kept.to_json())) == kept, "as it is stored and sent along"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://garage.example", "https://garage.example/"),
        ("HTTPS://Garage.Example:8443/A/b.html", "https://garage.example:8443/A/b.html"),
        ("https://ana:secret@garage.example/", "https://garage.example/"),
        ("https://garage.example/?email=ana@example.com&token=1", "https://garage.example/"),
        (
            "https://garage.example/?q=1&utm_source=g&gclid=x&gclid=<b>#top",
            "https://garage.example/?utm_source=g&gclid=x",
        ),
        ("https://garage.example/?utm_term=a%26b", "https://garage.example/?utm_term=a%26b"),
        ("https://garage.example/br\u00e4mse/ '\"<x>", "https://garage.example/br%C3%A4mse/%20%27%22%3Cx%3E"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("https://garage.example/" + "x" * 500, "https://garage.example/" + "x" * 232),
        ("https://garage.example/" + "x" * 231 + "\u00e4", "https://garage.example/" + "x" * 231),
        ("https://garage.example/a?utm_term=" + "x" * 255, "https://garage.example/a"),
    ],
)
def test_of_a_page_the_query_stays_outside(address, kept):
    touch = parse({"landing_page": address}).first
    assert touch.landing_page == kept
    assert len(touch.landing_page) <= LONGEST


def test_of_a_referrer_origin_and_path_stay():
    assert parse({"referrer": "https://www.google.com/search?q=my+name&utm_source=x#y"}).first.referrer == (
        "https://www.google.com/search"
    )


@pytest.mark.parametrize(
    ("query", "referrer", "kept"),
    [
        ({}, "", {"landing_page": "https://crm.example/f/abc/", "form_page": "https://crm.example/f/abc/"}),
        (
            {"utm_source": "van", "name": "Ana"},
            "",
            {
                "utm_source": "van",
                "landing_page": "https://crm.example/f/abc/?utm_source=van",
                "form_page": "https://crm.example/f/abc/?utm_source=van",
            },
        ),
        (
            {},
            "https://garage.example/us?x=1",
            {
                "referrer": "https://garage.example/us",
                "landing_page": "https://crm.example/f/abc/",
                "form_page": "https://crm.example/f/abc/",
            },
        ),
        (
            {"attribution": "garbage"},
            "https://crm.example/f/abc/thanks/",
            {"landing_page": "https://crm.example/f/abc/", "form_page": "https://crm.example/f/abc/"},
        ),
        ({"attribution": json.dumps({"first": AD}), "utm_source": "other"}, "https://a.example/", AD),
    ],
)
def test_a_link_to_the_form_tells_how_somebody_came(query, referrer, kept):
    assert of_visit(query, page="https://crm.example/f/abc/", referrer=referrer) == one(**kept)


def test_in_a_frame_only_the_query_counts():
    assert of_visit({}) == NOTHING
    assert of_visit({"utm_source": "news"}) == one(utm_source="news")


def test_filters_fold():
    assert folded("  Spring \x00 SALE ") == "spring sale"
    assert len(folded("\u0130" * 255)) == LONGEST


@pytest.mark.parametrize(
    ("touch", "channel"),
    [
        ({}, ""),
        ({"form_page": "https://garage.example/"}, ""),
        ({"landing_page": "https://garage.example/"}, "direct"),
        ({"gclid": "x"}, "google_ads"),
        ({"gclid": "x", "utm_source": "newsletter", "utm_medium": "email"}, "google_ads"),
        ({"msclkid": "x"}, "microsoft_ads"),
        ({"utm_source": "Google", "utm_medium": "CPC"}, "google_ads"),
        ({"utm_source": "bing", "utm_medium": "ppc"}, "microsoft_ads"),
        ({"utm_source": "ig", "utm_medium": "paid_social"}, "facebook_ads"),
        ({"fbclid": "x", "utm_medium": "paid"}, "facebook_ads"),
        ({"utm_source": "linkedin", "utm_medium": "paid-social"}, "other_ads"),
        ({"utm_source": "localpaper", "utm_medium": "banner"}, "other_ads"),
        ({"fbclid": "x", "referrer": "https://l.facebook.com/"}, "facebook"),
        ({"fbclid": "x", "utm_source": "newsletter", "utm_medium": "email"}, "email"),
        ({"utm_source": "facebook", "utm_medium": "social"}, "facebook"),
        ({"utm_source": "mailchimp", "utm_medium": "e-mail"}, "email"),
        ({"utm_source": "newsletter"}, "email"),
        ({"utm_source": "linkedin"}, "other_social"),
        ({"utm_source": "hub", "utm_medium": "organic_social"}, "other_social"),
        ({"utm_source": "google", "utm_medium": "organic"}, "organic_search"),
        ({"utm_source": "google"}, "organic_search"),
        ({"utm_source": "google", "utm_medium": "gbp"}, "campaign"),
        ({"utm_source": "chatgpt.com"}, "ai_assistant"),
        ({"utm_source": "van", "utm_medium": "qr"}, "campaign"),
        ({"utm_campaign": "spring"}, "campaign"),
        ({"utm_source": "partner", "utm_medium": "referral"}, "referral"),
        ({"referrer": "https://www.google.com/"}, "organic_search"),
        ({"referrer": "https://www.google.co.uk/"}, "organic_search"),
        ({"referrer": "https://duckduckgo.com/"}, "organic_search"),
        ({"referrer": "https://search.brave.com/"}, "organic_search"),
        ({"referrer": "https://notgoogle.com/"}, "referral"),
        ({"referrer": "https://google.com.evil.example/"}, "referral"),
        ({"referrer": "https://mail.google.com/mail/u/0/"}, "email"),
        ({"referrer": "https://outlook.live.com/"}, "email"),
        ({"referrer": "https://gemini.google.com/"}, "ai_assistant"),
        ({"referrer": "https://chatgpt.com/"}, "ai_assistant"),
        ({"referrer": "https://m.facebook.com/"}, "facebook"),
        ({"referrer": "https://t.co/x"}, "other_social"),
        ({"referrer": "https://blog.example/post", "landing_page": "https://garage.example/"}, "referral"),
        ({"referrer": "https://www.garage.example/", "landing_page": "https://garage.example/"}, "direct"),
    ],
)
def test_the_channel_follows_from_the_touch_alone(touch, channel):
    assert channel_of(Touch.of(touch)) == channel
    assert not channel or channel in dict(CHANNELS)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("key", list(LABELS))
def test_long_values_take_no_time(key):
    for text in (
        "cp" * 200,
        "paid" * 60,
        "a." * 127,
        "https://" + "a." * 120 + "x/",
        "https://a/" + "%" * 4000,
        "\u200b" * 9999,
    ):
        for _ in range(100):
            assert channel_of(parse({key: text}).first) is not None
