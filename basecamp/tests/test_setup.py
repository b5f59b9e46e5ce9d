import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from basecamp import setup
from leads.models import PublicForm


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def stranger(db: None) -> Client:
    """A browser at an installation that nobody has set up."""
    return Client()


def answers(**changes: str) -> dict[str, str]:
    password = "plum-tree-in-winter"
    return {
        "code": setup.make_code(),
        "username": "olivia",
        "email": "olivia@example.com",
        "password1": password,
        "password2": password,
    } | changes


@pytest.mark.parametrize("path", ["/", "/login/", "/status/", "/admin/", "/paste/", "/nowhere/"])
def test_every_page_leads_to_setup(stranger, path):
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/setup/")


def test_open_pages_stay_open(stranger):
    form = PublicForm.objects.create(name="Website")
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get(form.get_absolute_url()).status_code == 200
    assert stranger.get("/api/v1/health").status_code == 200
    assert stranger.get("/setup/").status_code == 200


def test_makes_the_owner_logs_in_and_uses_up_the_code(stranger):
    answer = stranger.post("/setup/", answers())
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("inbox"))
    owner = User.objects.get()
    assert (owner.username, owner.email, owner.is_staff, owner.is_superuser) == (
        "olivia",
        "olivia@example.com",
        True,
        True,
    )
    assert stranger.session["_auth_user_id"] == str(owner.pk)
    assert setup.read_code() == ""
    assert stranger.get("/setup/").headers["Location"] == reverse("inbox")


def test_code_may_be_typed_freely(stranger):
    code = setup.make_code()
    assert stranger.post("/setup/", answers(code=f" {code.upper().replace('-', ' ')} ")).status_code == 302
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "error"),
    [
        ({"code": "aaaa-bbbb-cccc"}, "code", "That is not the code in the terminal."),
        ({"code": ""}, "code", "This field is required."),
        ({"code": "-"}, "code", "That is not the code in the terminal."),
        ({"username": ""}, "username", "This field is required."),
        ({"email": "olivia"}, "email", "Enter a valid email address."),
        ({"password2": "another"}, "password2", "The two password fields didn’t match."),
        ({"password1": "12345678", "password2": "12345678"}, "password2", "This password is too common."),
        (
            {"password1": "olivia99", "password2": "olivia99"},
            "password2",
            "The password is too similar to the username.",
        ),
    ],
)
def test_wrong_answers(stranger, changes, field, error):
    answer = stranger.post("/setup/", answers(**changes))
    assert answer.status_code == 200
    assert answer.context["form"].errors == {field: [error]}
    assert error in answer.content.decode()
    assert not User.objects.exists()
    assert setup.read_code()


@pytest.mark.parametrize("code", ["", "x", "-"])
def test_without_a_code_nobody_gets_in(stranger, code):
    form = answers(code=code)
    setup.code_file().unlink()
    answer = stranger.post("/setup/", form)
    assert answer.context["has_code"] is False
    assert "python manage.py prepare" in answer.content.decode()
    assert not User.objects.exists()


def test_guessing_is_slowed_down(stranger):
    for _ in range(10):
        assert stranger.post("/setup/", answers(code="guess")).status_code == 200
    answer = stranger.post("/setup/", answers())
    assert answer.status_code == 429
    assert "Too many tries. Please wait a minute." in answer.content.decode()
    assert not User.objects.exists()


def test_of_two_at_the_same_time_one_wins(stranger):
    setup.make_code()
    setup.create_owner(User(username="first"))
    with pytest.raises(setup.AlreadySetUp):
        setup.create_owner(User(username="second"))
    assert list(User.objects.values_list("username", flat=True)) == ["first"]


def test_setup_needs_its_csrf_token(db):
    assert Client(enforce_csrf_checks=True).post("/setup/", answers()).status_code == 403


def test_asks_the_database_only_until_a_user_exists(client, django_assert_num_queries):
    client.get("/favicon.ico")
    middleware = setup.SetupMiddleware(lambda request: "page")
    request = client.get("/status/").wsgi_request
    with django_assert_num_queries(1):
        assert middleware(request) == "page"
    with django_assert_num_queries(0):
        assert middleware(request) == "page"


def test_prepare(transactional_db, settings, tmp_path, monkeypatch):
    settings.STATIC_ROOT = tmp_path / "static"
    code = setup.prepare()
    assert code == setup.read_code() != ""
    assert setup.code_file().stat().st_mode & 0o777 == 0o600
    form = PublicForm.objects.get()
    assert setup.prepare() == code
    assert PublicForm.objects.get() == form

    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "olivia")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "plum-tree-in-winter")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "olivia@example.com")
    assert setup.prepare() == ""
    assert User.objects.get().check_password("plum-tree-in-winter")
    assert not setup.code_file().exists()
    assert setup.prepare() == ""


def test_static_files_are_collected_once(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.css").write_text("a {}")
    settings.STATICFILES_DIRS = [source]
    assert setup.collect_static() is True
    assert setup.collect_static() is False
    (source / "one.css").write_text("a { color: red }")
    assert setup.collect_static() is True
    assert (settings.STATIC_ROOT / "one.css").read_text() == "a { color: red }"
