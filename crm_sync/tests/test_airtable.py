import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from crm_sync import airtable
from crm_sync.airtable import Connection
from crm_sync.airtable_errors import AirtableError, ErrorKind, error_from
from tests.servers.airtable import BILLING, HTML_502, AirtableServer, Fault
from tests.servers.airtable_table import Field

GONE = "rec" + "0" * 14


@pytest.fixture
def server() -> Iterator[AirtableServer]:
    with AirtableServer(rate=None) as running:
        yield running


@pytest.fixture
def connection(server: AirtableServer) -> Connection:
    return Connection(server.token, server.base_id, "Leads", server.url)


@pytest.fixture
def key(server: AirtableServer) -> str:
    return server.table("Leads").field_id("Lead ID")


def changed(connection: Connection, **changes: str) -> Connection:
    known = {name: getattr(connection, name) for name in ("token", "base_id", "table", "endpoint_url", "wait_turn")}
    return Connection(**(known | changes))


def test_schema_is_found_by_name_and_by_id(server, connection):
    table = airtable.fetch_schema(connection)
    assert (table.id, table.name, len(table.fields)) == (server.tables[0].id, "Leads", 15)
    urgency = table.fields[9]
    assert (urgency.name, urgency.type, urgency.options) == (
        "Urgency",
        "singleSelect",
        ("Low", "Medium", "High", "Urgent"),
    )
    assert urgency.id == server.table("Leads").field_id("Urgency")
    assert airtable.fetch_schema(changed(connection, table=table.id)) == table
    assert airtable.fetch_tables(connection) == (table,)


def test_a_missing_table_is_told_with_the_names_there_are(connection):
    with pytest.raises(AirtableError) as caught:
        airtable.fetch_schema(changed(connection, table="Deals"))
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert caught.value.message == "The Airtable base has no table “Deals”."
    assert caught.value.detail == "Its tables are “Leads”."


def test_scopes_of_the_token(server, connection):
    assert airtable.fetch_scopes(connection) == server.scopes


@pytest.mark.parametrize("by_id", [True, False])
def test_upsert_creates_then_updates_and_keeps_the_order(server, connection, by_id):
    table = server.table("Leads")
    key, name = (table.field_id("Lead ID"), table.field_id("Name")) if by_id else ("Lead ID", "Name")
    first = airtable.upsert(connection, [{key: "b", name: "Bo"}], key_field=key)
    rows = [{key: "c", name: "Cy"}, {key: "b", name: "Bo B."}, {key: "a", name: "Ana"}]
    ids = airtable.upsert(connection, rows, key_field=key)
    assert ids[1:2] == first
    assert {record["id"]: record["fields"] for record in server.records} == dict(
        zip(ids, [{"Lead ID": row[key], "Name": row[name]} for row in rows], strict=True)
    )


def test_record_ids_follow_the_keys_even_when_the_answer_is_shuffled(server, connection):
    shuffled = {
        "records": [
            {"id": f"rec{letter * 14}", "createdTime": "2026-01-01T00:00:00.000Z", "fields": {"Lead ID": letter}}
            for letter in "cab"
        ],
        "createdRecords": [],
        "updatedRecords": [],
    }
    server.script(Fault(status=200, body=shuffled))
    ids = airtable.upsert(connection, [{"Lead ID": letter} for letter in "abc"], key_field="Lead ID")
    assert ids == ["rec" + letter * 14 for letter in "abc"]


def test_a_lost_reply_and_its_repetition_leave_one_record(server, connection, key):
    server.script(Fault(lost_reply=True))
    with pytest.raises(AirtableError) as caught:
        airtable.upsert(connection, [{key: "a"}], key_field=key)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert len(server.requests) == 1, "a request that may have been carried out is not repeated behind our back"
    ids = airtable.upsert(connection, [{key: "a"}], key_field=key)
    assert [record["id"] for record in server.records] == ids


def test_a_late_answer_is_not_asked_for_twice(server, connection, key):
    connection = replace(connection, timeout=(5, 0.1))
    server.script(Fault(delay=1.0))
    with pytest.raises(AirtableError) as caught:
        airtable.upsert(connection, [{key: "a"}], key_field=key)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert (len(server.records), len(server.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"Lead ID": ""}], ValueError),
        ([{"Lead ID": " "}], ValueError),
        ([{"Name": "Ana"}], ValueError),
        ([{"Lead ID": "a"}, {"Lead ID": "a"}], ValueError),
        ([{"Lead ID": str(number)} for number in range(11)], ValueError),
        ([{"Lead ID": "a", "Quality Score": float("nan")}], ValueError),
        ([{"Lead ID": "a", "Name": object()}], TypeError),
    ],
)
def test_our_own_mistakes_are_not_sent(server, connection, rows, error):
    with pytest.raises(error):
        airtable.upsert(connection, rows, key_field="Lead ID")
    assert server.requests == []


def test_nothing_to_do_asks_nothing(server, connection):
    assert airtable.upsert(connection, [], key_field="Lead ID") == []
    airtable.update(connection, [])
    airtable.delete(connection, [])
    assert server.requests == []


def test_a_key_that_two_records_have_is_told(server, connection, key):
    table = server.table("Leads")
    twins = [table.add({"Lead ID": "a"}), table.add({"Lead ID": "a"})]
    with pytest.raises(AirtableError) as caught:
        airtable.upsert(connection, [{key: "a"}], key_field=key)
    assert caught.value.kind is ErrorKind.AMBIGUOUS
    assert caught.value.detail == f"Records: {', '.join(twins)}"
    with pytest.raises(AirtableError) as caught:
        airtable.upsert(connection, [{key: "a"}, {key: "b"}], key_field=key)
    assert caught.value.kind is ErrorKind.INVALID
    assert [record["id"] for record in server.records] == twins


def test_update_changes_only_what_it_names(server, connection):
    first = server.table("Leads").add({"Name": "Ana", "Company": "Acme"})
    second = server.table("Leads").add({"Name": "Bo", "Status": "New"})
    airtable.update(connection, [(second, {"Status": None}), (first, {"Name": "Anna"})])
    assert [record["fields"] for record in server.records] == [{"Name": "Anna", "Company": "Acme"}, {"Name": "Bo"}]


def test_delete_and_rows_that_are_gone(server, connection):
    kept, dropped = server.table("Leads").add({"Name": "Ana"}), server.table("Leads").add({"Name": "Bo"})
    airtable.delete(connection, [dropped])
    for call in (
        lambda: airtable.delete(connection, [kept, dropped]),
        lambda: airtable.update(connection, [(kept, {"Name": "x"}), (dropped, {"Name": "x"})]),
    ):
        with pytest.raises(AirtableError) as caught:
            call()
        assert caught.value.kind is ErrorKind.ROW_GONE
    assert [record["fields"] for record in server.records] == [{"Name": "Ana"}]


def test_find_by_key_escapes_and_returns_the_oldest_first(server, connection, key):
    value = "O'Neil \\ {x}"
    table = server.table("Leads")
    newer, older = table.add({"Lead ID": value}), table.add({"Lead ID": value})
    table.add({"Lead ID": "other"})
    table.rows[older].created_at = "2020-01-01T00:00:00.000Z"
    assert airtable.find_by_key(connection, key_field="Lead ID", value=value) == [older, newer]
    assert airtable.find_by_key(connection, key_field=key, value=value) == [older, newer]
    assert airtable.find_by_key(connection, key_field=key, value="none") == []


def test_find_by_key_reads_all_pages_and_waits_before_each(server, connection):
    for _ in range(101):
        server.table("Leads").add({"Lead ID": "a"})
    turns = []
    paced = Connection(server.token, server.base_id, "Leads", server.url, wait_turn=lambda: turns.append(1))
    assert len(airtable.find_by_key(paced, key_field="Lead ID", value="a")) == 101
    assert len(turns) == len(server.requests) == 2


def test_find_by_key_of_a_field_that_was_dropped(server, connection, key):
    server.table("Leads").drop_field("Lead ID")
    with pytest.raises(AirtableError) as caught:
        airtable.find_by_key(connection, key_field=key, value="a")
    assert (caught.value.kind, caught.value.field) == (ErrorKind.INVALID, key)


def test_what_wait_turn_raises_reaches_the_caller(server):
    def refuse() -> None:
        raise RuntimeError("not now")

    paced = Connection(server.token, server.base_id, "Leads", server.url, wait_turn=refuse)
    with pytest.raises(RuntimeError, match="not now"):
        airtable.fetch_schema(paced)
    assert server.requests == []


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"Quality Score": "high"}, "Quality Score", "Airtable refused the value for “Quality Score”."),
        ({"Nope": 1}, "Nope", "A mapped field is no longer in the Airtable table."),
        ({"Status": "Lost"}, "", "Airtable refused the values that were sent."),
        ({"Total": 1}, "Total", "Airtable refused the value for “Total”."),
    ],
)
def test_a_refused_value_names_its_field(server, connection, fields, field, message):
    server.table("Leads").add_field(Field("Total", "formula"))
    with pytest.raises(AirtableError) as caught:
        airtable.upsert(connection, [{"Lead ID": "a"} | fields], key_field="Lead ID")
    error = caught.value
    assert (error.kind, error.field, error.message) == (ErrorKind.INVALID, field, message)
    assert len(server.requests) == 1, "a refused value is no reason to look for twins"


def test_wrong_token_base_and_table(server, connection):
    for change, kind in (
        ({"token": "patWrong"}, ErrorKind.UNAUTHORIZED),
        ({"token": ""}, ErrorKind.UNAUTHORIZED),
        ({"token": "pat\n1"}, ErrorKind.UNAUTHORIZED),
        ({"base_id": "app" + "0" * 14}, ErrorKind.NOT_FOUND),
        ({"base_id": "https://airtable.com/x"}, ErrorKind.NOT_FOUND),
        ({"table": "Deals"}, ErrorKind.NOT_FOUND),
    ):
        with pytest.raises(AirtableError) as caught:
            airtable.upsert(changed(connection, **change), [{"Lead ID": "a"}], key_field="Lead ID")
        assert caught.value.kind is kind, change
    assert "patWrong" not in repr(changed(connection, token="patWrong"))


def test_a_token_without_the_right_to_write():
    with AirtableServer(rate=None, scopes=("data.records:read",)) as server:
        connection = Connection(server.token, server.base_id, "Leads", server.url)
        with pytest.raises(AirtableError) as caught:
            airtable.upsert(connection, [{"Lead ID": "a"}], key_field="Lead ID")
        assert (caught.value.kind, caught.value.type) == (ErrorKind.NOT_FOUND, "INVALID_PERMISSIONS")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (HTML_502, ErrorKind.UNAVAILABLE),
        (BILLING, ErrorKind.MONTHLY_LIMIT),
        (Fault(status=200, body="<html>log in to the hotel’s network</html>"), ErrorKind.UNAVAILABLE),
        (Fault(status=200, body={"hello": 1}), ErrorKind.UNAVAILABLE),
        (Fault(status=200, body=[]), ErrorKind.UNAVAILABLE),
        (Fault(status=200, body={"records": [{"id": 1}]}), ErrorKind.UNAVAILABLE),
        (Fault(status=422, body={"error": {"type": "FAILED_STATE_CHECK"}}), ErrorKind.INVALID),
        (Fault(status=422, body=7), ErrorKind.UNAVAILABLE),
    ],
)
def test_faults_are_told_apart(server, connection, fault, kind):
    server.script(fault)
    with pytest.raises(AirtableError) as caught:
        airtable.upsert(connection, [{"Lead ID": "a"}, {"Lead ID": "b"}], key_field="Lead ID")
    assert caught.value.kind is kind
    assert len(server.requests) == 1


def test_too_fast_is_told_and_not_repeated():
    with AirtableServer(rate=2, lockout=30) as server:
        connection = Connection(server.token, server.base_id, "Leads", server.url)
        for _ in range(2):
            airtable.fetch_schema(connection)
        with pytest.raises(AirtableError) as caught:
            airtable.fetch_schema(connection)
        assert caught.value.kind is ErrorKind.RATE_LIMITED
        assert (len(server.requests), server.violations) == (3, 1)


def test_nobody_listening(connection):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = changed(connection, endpoint_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(AirtableError) as caught:
            airtable.fetch_schema(nowhere)
    assert (caught.value.kind, caught.value.detail) == (ErrorKind.UNAVAILABLE, "ConnectionError")


@pytest.mark.parametrize(
    ("status", "body", "kind", "type_", "detail"),
    [
        (401, '{"error":{"type":"UNAUTHORIZED","message":"No"}}', "unauthorized", "UNAUTHORIZED", "No"),
        (403, '{"error":{"type":"NOT_AUTHORIZED"}}', "not_found", "NOT_AUTHORIZED", "NOT_AUTHORIZED"),
        (404, '{"error":"NOT_FOUND"}', "not_found", "NOT_FOUND", "NOT_FOUND"),
        (404, '{"error":{"type":"MODEL_ID_NOT_FOUND","message":"x"}}', "row_gone", "MODEL_ID_NOT_FOUND", "x"),
        (422, '{"error":{"type":"ROW_DOES_NOT_EXIST"}}', "row_gone", "ROW_DOES_NOT_EXIST", "ROW_DOES_NOT_EXIST"),
        (429, '{"errors":[{"error":"RATE_LIMIT","message":"slow"}]}', "rate_limited", "RATE_LIMIT", "slow"),
        (429, "", "rate_limited", "", "HTTP status 429"),
        (413, "<html>", "invalid", "", "HTTP status 413"),
        (404, "<html>", "unavailable", "", "HTTP status 404"),
        (400, '{"errors":[]}', "invalid", "", "HTTP status 400"),
        (503, '{"error":"busy"}', "unavailable", "busy", "busy"),
        (422, '{"error":{"type":"X","message":"' + "y" * 900 + '"}}', "invalid", "X", "y" * 500),
    ],
)  # fmt: skip
def test_error_bodies_of_all_shapes(status, body, kind, type_, detail):
    error = error_from(status, body)
    assert (error.kind, error.type, error.detail) == (kind, type_, detail)


def test_a_bare_404_on_a_record_means_that_it_is_gone():
    url = f"https://api.airtable.com/v0/app{'0' * 14}/Leads/{GONE}?x=1"
    assert error_from(404, '{"error":"NOT_FOUND"}', url=url).kind is ErrorKind.ROW_GONE


def test_threads_and_forked_processes_have_their_own_session(connection):
    def session() -> int:
        with airtable._api(connection) as api:
            return id(api.session)

    mine, other = session(), []
    worker = threading.Thread(target=lambda: other.append(session()))
    worker.start()
    worker.join()
    assert session() == mine
    assert other != [mine]
    child = os.fork()
    if not child:
        os._exit(0 if session() != mine else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_record_url():
    assert airtable.record_url("appA", "tblB", "recC") == "https://airtable.com/appA/tblB/recC"
