"""Dates, money, mileage, vehicles, places, and what a business is asked for."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from enrichment.tests.extraction_cases import checked, evidence_of, found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # counted from Monday, 23 November 2026
        ("next Friday at 3pm", "2026-11-27T15:00"),
        ("can I come Friday at 9", "2026-11-27T09:00"),
        ("Friday at 4", "2026-11-27T16:00"),
        ("4:00 on thursday", "2026-11-26T16:00"),
        ("on Friday between 2 and 4pm", "2026-11-27T14:00"),
        ("Thursday at noon", "2026-11-26T12:00"),
        ("this Monday", "2026-11-30"),
        ("Are you free Friday the 27th?", "2026-11-27"),
        ("Sat or Sun", "2026-11-28"),
        ("tomorrow morning", "2026-11-24"),
        ("day after tomorrow", "2026-11-25"),
        ("5pm today please", "2026-11-23T17:00"),
        ("can you fit me in today at 4?", "2026-11-23T16:00"),
        ("in two weeks", "2026-12-07"),
        ("Dec 3rd", "2026-12-03"),
        ("3rd of December", "2026-12-03"),
        ("Friday Dec 4", "2026-12-04"),
        ("Jan 5", "2027-01-05"),
        ("may 5th", "2027-05-05"),
        ("March 3 2027", "2027-03-03"),
        ("on February 9 and 10, 2027", "2027-02-09"),
        ("May 4th - 6th, 2027", "2027-05-04"),
        ("Nov 28 2026 10:30", "2026-11-28T10:30"),
        ("at 10 am on Dec 1", "2026-12-01T10:00"),
        ("Dec 1 from 9-11am", "2026-12-01T09:00"),
        ("Dec 1, 11 to 1pm", "2026-12-01T11:00"),
        ("on the 14th", "2026-12-14"),
        ("by the 30th", "2026-11-30"),
        ("by 12/05", "2026-12-05"),
        ("12/05/26 at 10am", "2026-12-05T10:00"),
        ("2026-12-01", "2026-12-01"),
        ("el viernes a las 10:00", "2026-11-27T10:00"),
        ("el 3 de diciembre de 2026", "2026-12-03"),
        ("mañana por la tarde", "2026-11-24"),
        ("nächsten Freitag", "2026-11-27"),
        ("am 12.12. um 15 Uhr", "2026-12-12T15:00"),
        ("demain à 14h30", "2026-11-24T14:30"),
        ("I was hoping to come Friday", "2026-11-27"),
        # nothing is wanted on these, or the day is open
        ("the 24/7 line", None),
        ("1/2 inch", None),
        ("at 8.30.", None),
        ("2/30", None),
        ("Feb 30", None),
        ("Nov 20", None),
        ("Nov 20 2025", None),
        ("my dob 12/05/1990", None),
        ("last Friday I came in", None),
        ("I brought it in on Tuesday", None),
        ("since Monday my car", None),
        ("every Friday", None),
        ("Monday to Friday hours?", None),
        ("are you open saturday?", None),
        ("I noticed today that it leaks", None),
        ("how are you today?", None),
        ("buenas, por la mañana", None),
        ("Guten Morgen", None),
        ("I may 5", None),
        ("sat down in the sun", None),
        ("from the 3rd until the 6th of January", None),
        ("call 12-05-1234567", None),
    ],
)
def test_date(text, expected):
    assert found(text, "date").get("date") == expected


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("on 12/05", "US", "2026-12-05"),
        ("on 12/05", "GB", "2027-05-12"),
        ("3/4/2027", "DE", "2027-04-03"),
        ("13/12/2026", "US", "2026-12-13"),
        ("05.12.2026", "US", "2026-12-05"),
    ],
)
def test_order_of_day_and_month(text, region, expected):
    assert found(text, "date", region=region) == {"date": expected}


def test_date_notes():
    def note(text: str) -> str:
        return next(value.note for value in checked(text).values if value.field == "date")

    assert note("next Friday at 3") == "“next Friday”, counted from the day it was received. 3:00 read as 15:00."
    assert note("tomorrow morning") == "“tomorrow”, counted from the day it was received. In the morning."
    assert note("12/05/2026") == "“12/05/2026” read as month and day."
    assert note("12/13/2026") == ""
    assert note("February 9 and 10, 2027") == "The first of two days."
    assert note("Dec 3rd") == "The year is not written: the next such day."


def test_today_is_the_day_of_the_senders_time_zone():
    late = datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
    assert found("tomorrow please", "date", received_at=late) == {"date": "2027-01-01"}
    assert found("tomorrow please", "date", received_at=late.astimezone(UTC)) == {"date": "2027-01-02"}


def test_evidence_of_a_date_covers_its_time():
    assert evidence_of("Could I come at 10 am on Dec 1?", "date") == "at 10 am on Dec 1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$4k", "4000 USD"),
        ("$ 1,200.50", "1200.5 USD"),
        ("4,500 dollars", "4500 USD"),
        ("€250", "250 EUR"),
        ("4.500,50 €", "4500.5 EUR"),
        ("£1.2m", "1200000 GBP"),
        ("Rs. 5,000", "5000 INR"),
        ("300 USD", "300 USD"),
        ("USD 300", "300 USD"),
        ("$50/hr", "50 USD"),
        ("$1,200-1,500", "1500 USD"),
        ("$20 or 15 minutes", "20 USD"),
        ("presupuesto de 2 mil euros", "2000 EUR"),
        ("budget of 10k", "10000"),
        ("our budget for 2026 is 10k", "10000"),
        ("budget: 800", "800"),
        ("1.5k budget", "1500"),
        ("between 2 and 3k", "3000"),
        ("around 5 to 7k for everything", "7000"),
        ("I can spend up to 3000", "3000"),
        ("it costs $90 there, my budget is $60", "60 USD"),
        ("$100, $200", "100 USD"),
        # no money
        ("120k miles", None),
        ("between 50 and 60k miles", None),
        ("budget 2026", None),
        ("we have 50k followers", None),
        ("between 2 and 3k users", None),
        ("pay 2 visits", None),
        ("200 pounds", None),
        ("50%", None),
        ("budget call 512-555-0142", None),
        ("budget: see 12/05/2026", None),
        ("2014 Honda", None),
        ("https://x.com/$500", None),
    ],
)
def test_amount(text, expected):
    assert found(text, "amount").get("amount") == expected


@pytest.mark.parametrize(("region", "currency"), [("US", "USD"), ("CA", "CAD"), ("AU", "AUD"), ("MX", "MXN")])
def test_dollars_are_the_regions(region, currency):
    assert found("$40", "amount", region=region) == {"amount": f"40 {currency}"}


def test_amount_note():
    value = next(value for value in checked("between 2 and 3k").values if value.field == "amount")
    assert (value.evidence.text, value.note) == ("2 and 3k", "The upper end of “2 and 3k”.")


@pytest.mark.parametrize(
    ("text", "vehicle", "mileage"),
    [
        ("2014 Honda Civic with 120k miles", "2014 Honda Civic", "120000 miles"),
        ("my honda civic 2016", "2016 Honda Civic", None),
        ("'14 Civic", "2014 Civic", None),
        ("2010 Toyota Camry LE", "2010 Toyota Camry LE", None),
        ("Chevy Silverado 1500", "Chevy Silverado 1500", None),
        ("2016 Mazda CX-5, 85,000 miles", "2016 Mazda CX-5", "85000 miles"),
        ("2019 BMW 328i", "2019 BMW 328i", None),
        ("ford f150", "Ford F150", None),
        ("VW Golf, 90.000 km", "VW Golf", "90000 km"),
        ("my toyota is loud", "Toyota", None),
        ("mileage: 120000", None, "120000"),
        ("20 miles away", None, None),
        ("Lincoln, NE", None, None),
        ("seat cover", None, None),
        ("mini golf", None, None),
        ("2 golf bags", None, None),
    ],
)
def test_vehicle_and_mileage(text, vehicle, mileage):
    values = found(text, business_type="automotive")
    assert (values.get("vehicle"), values.get("mileage")) == (vehicle, mileage)


def test_vehicles_are_for_car_businesses_only():
    assert not found("2014 Honda Civic, 120k miles, brakes", "vehicle", "mileage", "product", business_type="medspa")


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("I'm in Austin, TX", "US", "Austin, TX"),
        ("Austin TX 78701", "US", "Austin TX 78701"),
        ("in Austin TX", "US", "Austin TX"),
        ("Houston, Texas", "US", "Houston, Texas"),
        ("St. Louis, MO", "US", "St. Louis, MO"),
        ("in Los Angeles, California", "US", "Los Angeles, California"),
        ("in Portland, OR", "US", "Portland, OR"),
        ("at 123 Main St, Austin, TX 78701", "US", "123 Main St, Austin, TX 78701"),
        ("zip 78701", "US", "78701"),
        ("I live in Round Rock.", "US", "Round Rock"),
        ("we are based in Berlin", "US", "Berlin"),
        ("London SW1A 1AA", "GB", "London SW1A 1AA"),
        ("wohne in 10115 Berlin", "DE", "10115 Berlin"),
        # no places
        ("Friday, OK", "US", None),
        ("Thanks, OK", "US", None),
        ("Portland, OR maybe not", "US", None),
        ("Your Transaction ID", "US", None),
        ("5 Best Way to", "US", None),
        ("£100 High Street voucher", "US", None),
        ("located in the mall", "US", None),
        ("78701", "US", None),
    ],
)
def test_place(text, region, expected):
    assert found(text, "place", region=region).get("place") == expected


@pytest.mark.parametrize(
    ("text", "business_type", "expected"),
    [
        ("I need an oil change and new brakes", "automotive", {"product": "oil change"}),
        ("there's a grinding noise, brakes?", "automotive", {"product": "brakes", "symptoms": "grinding noise"}),
        ("it won't start", "automotive", {"symptoms": "won't start"}),
        ("there is no leak", "automotive", {}),
        ("how much is Botox for wrinkles", "medspa", {"product": "Botox", "treatment": "Botox", "concern": "wrinkles"}),
        ("not interested in fillers", "medspa", {"product": "dermal filler", "treatment": "dermal filler"}),
        (
            "our law firm needs SEO by the end of Q1",
            "consulting",
            {"product": "SEO", "industry": "legal", "timeline": "by the end of q1"},
        ),
        ("which restaurants are good next week?", "consulting", {}),
        ("oil change", "general", {}),
        ("oil change", "unknown", {}),
    ],
)
def test_what_is_asked_for(text, business_type, expected):
    fields = ("product", "symptoms", "treatment", "concern", "industry", "timeline")
    assert found(text, *fields, business_type=business_type) == expected
