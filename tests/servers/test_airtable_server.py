"""The stand-in is only worth something while it refuses what Airtable refuses."""

import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.servers.airtable import BILLING, HTML_502, AirtableServer, Fault
from tests.servers.airtable_table import Field, select


@pytest.fixture
def server() -> Iterator[AirtableServer]:
    with AirtableServer(rate=None) as running:
        yield running


@pytest.fixture
def http(server: AirtableServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/v0", headers={"Authorization": f"Bearer {server.token}"}) as client:
        yield client


def error_type(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    return answer.status_code, error if isinstance(error, str) else error["type"]


def test_checks_come_in_airtables_order(server, http):
    elsewhere = f"/app{'x' * 14}/Leads"
    nobody = {"Authorization": "Bearer pat1"}
    wrong = {"fields": {"Nope": 1}}
    assert error_type(http.get("/nonsense", headers=nobody)) == (404, "NOT_FOUND")
    assert error_type(http.post(elsewhere, headers=nobody, content=b"{")) == (401, "UNAUTHORIZED")
    assert error_type(httpx.get(f"{server.url}/v0/meta/whoami")) == (401, "AUTHENTICATION_REQUIRED")
    assert error_type(http.post(elsewhere, content=b"{")) == (422, "INVALID_REQUEST_BODY")
    assert error_type(http.post(elsewhere, json=wrong)) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")
    assert error_type(http.post(f"/{server.base_id}/Nope", json=wrong))[0] == 403
    assert error_type(http.post(f"/{server.base_id}/Leads", json=wrong)) == (422, "UNKNOWN_FIELD_NAME")


def test_meta_routes(server, http):
    assert http.get("/meta/whoami").json() == {"id": server.user_id, "scopes": list(server.scopes)}
    assert [base["id"] for base in http.get("/meta/bases").json()["bases"]] == [server.base_id]
    made = http.post(
        f"/meta/bases/{server.base_id}/tables",
        json={"name": "Old", "fields": [{"name": "Name", "type": "singleLineText"}]},
    ).json()
    field = http.post(
        f"/meta/bases/{server.base_id}/tables/{made['id']}/fields",
        json={"name": "State", "type": "singleSelect", "options": {"choices": [{"name": "Open"}]}},
    ).json()
    tables = http.get(f"/meta/bases/{server.base_id}/tables").json()["tables"]
    assert [table["name"] for table in tables] == ["Leads", "Old"]
    assert [item["id"] for item in tables[1]["fields"]] == [made["primaryFieldId"], field["id"]]
    assert tables[1]["fields"][1]["options"]["choices"][0]["name"] == "Open"


def test_a_record_goes_round(server, http):
    path = f"/{server.base_id}/Leads"
    email = server.table("Leads").field_id("Email")
    made = http.post(path, json={"fields": {"Name": "Ana", email: "ana@example.com", "Company": ""}}).json()
    assert made["fields"] == {"Name": "Ana", "Email": "ana@example.com"}
    one = f"{path}/{made['id']}"
    assert http.patch(one, json={"fields": {"Company": "Acme"}}).json()["fields"]["Email"] == "ana@example.com"
    answer = http.put(one, json={"fields": {email: "b@example.com"}, "returnFieldsByFieldId": True})
    assert answer.json()["fields"] == {email: "b@example.com"}
    assert http.get(one).json() == server.records[0]
    assert http.delete(one).json() == {"id": made["id"], "deleted": True}
    assert error_type(http.get(one)) == (404, "NOT_FOUND")
    assert server.records == []


ALL_TYPES = [
    Field("Text", "singleLineText"),
    Field("Number", "number"),
    Field("Stars", "rating", {"max": 5}),
    Field("Done", "checkbox"),
    select("One", "A", "B"),
    select("Some", "A", "B", several=True),
    Field("Day", "date"),
    Field("Moment", "dateTime"),
    Field("Links", "multipleRecordLinks"),
    Field("Who", "singleCollaborator"),
    Field("Files", "multipleAttachments"),
    Field("Sum", "formula"),
]


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("Text", "x", "x"),
        ("Number", 0, 0),
        ("Number", 1.5, 1.5),
        ("Stars", 5, 5),
        ("Done", True, True),
        ("Done", False, None),
        ("One", "B", "B"),
        ("Some", ["B", "A"], ["B", "A"]),
        ("Some", [], None),
        ("Day", "2026-11-27", "2026-11-27"),
        ("Moment", "2026-11-27T15:00:00-06:00", "2026-11-27T21:00:00.000Z"),
        ("Who", {"email": "a@example.com"}, {"email": "a@example.com"}),
        ("Files", [{"url": "https://example.com/a.png"}], [{"url": "https://example.com/a.png"}]),
        ("One", None, None),
    ],
)
def test_cells_are_stored(name, given, stored):
    with AirtableServer(fields=ALL_TYPES, rate=None) as server:
        server.table("Leads").add({name: given})
        assert server.records[0]["fields"] == ({} if stored is None else {name: stored})


@pytest.mark.parametrize(
    ("name", "given", "type_"),
    [
        ("Text", 5, "INVALID_VALUE_FOR_COLUMN"),
        ("Text", "x" * 100_001, "INVALID_VALUE_FOR_COLUMN"),
        ("Number", "5", "INVALID_VALUE_FOR_COLUMN"),
        ("Number", True, "INVALID_VALUE_FOR_COLUMN"),
        ("Stars", 6, "INVALID_VALUE_FOR_COLUMN"),
        ("Done", "yes", "INVALID_VALUE_FOR_COLUMN"),
        ("One", "a", "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ("One", "", "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ("Some", "A", "INVALID_VALUE_FOR_COLUMN"),
        ("Some", ["C"], "INVALID_MULTIPLE_CHOICE_OPTIONS"),
        ("Day", "27.11.2026", "INVALID_VALUE_FOR_COLUMN"),
        ("Day", 20261127, "INVALID_VALUE_FOR_COLUMN"),
        ("Moment", "tomorrow", "INVALID_VALUE_FOR_COLUMN"),
        ("Links", ["x"], "INVALID_VALUE_FOR_COLUMN"),
        ("Who", "ana", "INVALID_VALUE_FOR_COLUMN"),
        ("Sum", 1, "INVALID_VALUE_FOR_COLUMN"),
        ("Nope", 1, "UNKNOWN_FIELD_NAME"),
    ],
)
def test_cells_are_refused(name, given, type_):
    with AirtableServer(fields=ALL_TYPES, rate=None) as server:
        answer = httpx.post(
            f"{server.url}/v0/{server.base_id}/Leads",
            headers={"Authorization": f"Bearer {server.token}"},
            json={"fields": {name: given}},
        )
        assert error_type(answer) == (422, type_)
        assert server.records == []


def test_typecast_converts_and_adds_options(server, http):
    body = {"fields": {"Quality Score": "85", "Status": "Lost"}, "typecast": True}
    assert http.post(f"/{server.base_id}/Leads", json=body).json()["fields"] == {"Quality Score": 85, "Status": "Lost"}
    assert server.table("Leads").field("Status").choices[-1] == "Lost"


@pytest.mark.parametrize("records", [[], [{"fields": {}}] * 11, ["x"], "x", [{"fields": {}, "more": 1}]])
def test_a_batch_is_one_to_ten_records(server, http, records):
    answer = http.post(f"/{server.base_id}/Leads", json={"records": records})
    assert error_type(answer) == (422, "INVALID_RECORDS")


def test_a_batch_is_all_or_nothing(server, http):
    first = server.table("Leads").add({"Name": "Ana"})
    before = server.records
    path = f"/{server.base_id}/Leads"
    gone = {"id": "rec" + "0" * 14, "fields": {"Name": "x"}}
    answer = http.patch(path, json={"records": [{"id": first, "fields": {"Name": "Bo"}}, gone]})
    assert error_type(answer) == (422, "ROW_DOES_NOT_EXIST")
    assert error_type(http.post(path, json={"records": [{"fields": {"Name": "C"}}, {"fields": {"Nope": 1}}]}))[0] == 422
    assert error_type(http.delete(path, params={"records[]": [first, gone["id"]]})) == (422, "ROW_DOES_NOT_EXIST")
    assert server.records == before


def upsert(http: httpx.Client, server: AirtableServer, *fields: dict, on: list[str]) -> httpx.Response:
    body = {"records": [{"fields": item} for item in fields], "performUpsert": {"fieldsToMergeOn": on}}
    return http.patch(f"/{server.base_id}/Leads", json=body)


def test_upsert_updates_or_creates_in_order(server, http):
    old = server.table("Leads").add({"Lead ID": "b", "Name": "Bo"})
    new, updated = {"Lead ID": "a"}, {"Lead ID": "b", "Company": "Acme"}
    answer = upsert(http, server, new, updated, on=["Lead ID"]).json()
    assert [record["fields"] for record in answer["records"]] == [new, updated | {"Name": "Bo"}]
    assert answer["updatedRecords"] == [old]
    assert answer["createdRecords"] == [answer["records"][0]["id"]]


def test_upsert_refuses_what_is_not_clear(server, http):
    table = server.table("Leads")
    table.add({"Lead ID": "a"})
    table.add({"Lead ID": "a"})
    before = server.records
    assert upsert(http, server, {"Lead ID": "n"}, {"Lead ID": "a"}, on=["Lead ID"]).status_code == 422
    assert upsert(http, server, {"Lead ID": "n"}, {"Lead ID": "n"}, on=["Lead ID"]).status_code == 422
    assert upsert(http, server, {"Name": "n"}, on=["Lead ID"]).status_code == 422
    assert upsert(http, server, {"Email": "n"}, on=["Email"]).status_code == 422
    assert upsert(http, server, {"Name": "n"}, on=[]).status_code == 422
    assert server.records == before


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("", ["O'Neil", "Bo", "Cy"]),
        (r"{Name}='O\'Neil'", ["O'Neil"]),
        ('Name = "Bo"', ["Bo"]),
        ("{Quality Score}=80", ["Bo", "Cy"]),
        ("AND({Quality Score}=80, {Name}!='Cy')", ["Bo"]),
        ("OR({Name}='Cy', AND({Name}='Bo', FALSE()))", ["Cy"]),
        ("NOT({Company}='')", ["Cy"]),
        ("{Name}='nobody'", []),
    ],
)
def test_formula_picks_rows(server, http, formula, names):
    for values in ({"Name": "O'Neil"}, {"Name": "Bo", "Quality Score": 80}, {"Name": "Cy", "Quality Score": 80}):
        server.table("Leads").add(values | ({"Company": "Acme"} if values["Name"] == "Cy" else {}))
    answer = http.get(f"/{server.base_id}/Leads", params={"filterByFormula": formula}).json()
    assert [record["fields"]["Name"] for record in answer["records"]] == names


@pytest.mark.parametrize("formula", ["{Nope}='x'", "{Name}=", "{Name}='x", "SOMETHING({Name})", "{Name}='x')", "AND()"])
def test_wrong_formula_is_refused_even_on_an_empty_table(server, http, formula):
    answer = http.get(f"/{server.base_id}/Leads", params={"filterByFormula": formula})
    assert error_type(answer) == (422, "INVALID_FILTER_BY_FORMULA")


def test_formula_knows_no_field_ids(server, http):
    formula = f"{{{server.table('Leads').field_id('Name')}}}='x'"
    answer = http.get(f"/{server.base_id}/Leads", params={"filterByFormula": formula})
    assert error_type(answer) == (422, "INVALID_FILTER_BY_FORMULA")


def test_a_list_comes_in_pages(server, http):
    for number in range(5):
        server.table("Leads").add({"Name": f"N{number}", "Quality Score": number})
    path = f"/{server.base_id}/Leads"
    query = {"pageSize": 2, "sort[0][field]": "Quality Score", "sort[0][direction]": "desc", "fields[]": "Name"}
    pages, offset = [], {}
    while True:
        answer = http.get(path, params=query | offset).json()
        pages.append([record["fields"]["Name"] for record in answer["records"]])
        if "offset" not in answer:
            break
        offset = {"offset": answer["offset"]}
    assert pages == [["N4", "N3"], ["N2", "N1"], ["N0"]]
    assert error_type(http.get(path, params=offset)) == (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
    assert error_type(http.get(path, params={"offset": "x"})) == (422, "INVALID_OFFSET_VALUE")
    assert error_type(http.get(path, params={"pageSize": 101}))[0] == 422
    by_post = http.post(f"{path}/listRecords", json={"maxRecords": 1, "fields": ["Name"]}).json()
    assert [record["fields"] for record in by_post["records"]] == [{"Name": "N0"}]


def test_too_many_requests_lock_the_base():
    with AirtableServer(rate=3, lockout=0.3) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        path = f"{server.url}/v0/{server.base_id}/Leads"
        with httpx.Client(headers=headers) as http:
            assert [http.get(path).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
            assert http.get(path).json()["errors"][0]["error"] == "RATE_LIMIT_REACHED"
            assert http.get(f"{server.url}/v0/meta/whoami").status_code == 200
            assert (server.violations, server.max_in_window()) == (3, 6)
            time.sleep(1.05)
            assert http.get(path).status_code == 200


def test_scripted_faults_meet_data_requests_in_order(server, http):
    path = f"/{server.base_id}/Leads"
    server.script(
        Fault(lost_reply=True), HTML_502, BILLING, Fault(status=503, body={"error": "BUSY"}), Fault(delay=0.2)
    )
    with pytest.raises(httpx.RemoteProtocolError):
        http.post(path, json={"fields": {"Name": "kept"}})
    assert http.get("/meta/whoami").status_code == 200
    html = http.post(path, json={"fields": {"Name": "not kept"}})
    assert (html.status_code, html.headers["content-type"]) == (502, "text/html")
    assert error_type(http.get(path)) == (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED")
    assert error_type(http.get(path)) == (503, "BUSY")
    started = time.monotonic()
    assert http.get(path).json()["records"] == server.records
    assert time.monotonic() - started > 0.19
    assert [record["fields"] for record in server.records] == [{"Name": "kept"}]
    assert [request.status for request in server.requests] == [0, 200, 502, 429, 503, 200]


def test_a_token_does_only_what_its_scopes_allow():
    with AirtableServer(rate=None, scopes=("data.records:read",)) as server:
        headers = {"Authorization": f"Bearer {server.token}"}
        path = f"{server.url}/v0/{server.base_id}/Leads"
        assert httpx.get(path, headers=headers).status_code == 200
        written = httpx.post(path, headers=headers, json={"fields": {"Name": "x"}})
        assert error_type(written) == (403, "INVALID_PERMISSIONS")
        tables = httpx.get(f"{server.url}/v0/meta/bases/{server.base_id}/tables", headers=headers)
        assert error_type(tables) == (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


def test_runs_by_hand():
    command = [sys.executable, "-m", "tests.servers.airtable", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        env = dict(process.stdout.readline().strip().split("=", 1) for _ in range(4))
        answer = httpx.get(
            f"{env['AIRTABLE_ENDPOINT_URL']}/v0/{env['AIRTABLE_BASE_ID']}/{env['AIRTABLE_TABLE_NAME']}",
            headers={"Authorization": f"Bearer {env['AIRTABLE_API_KEY']}"},
        )
        assert answer.json() == {"records": []}
    finally:
        process.kill()
        process.wait()
