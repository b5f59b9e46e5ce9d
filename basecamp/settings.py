"""All settings, one file. The environment is read here and nowhere else; `.env.example` explains each variable."""

import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import phonenumbers
from csp.constants import NONE, SELF
from django.contrib.messages import constants as messages

from basecamp import env
from leads.stage import Chore, Stage

BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(BASE_DIR / ".env")

# ---- where things live -------------------------------------------------------------------------------------------
DATA_DIR = env.writable_folder("DATA_DIR", BASE_DIR / "data")
SECRET_KEY = env.kept_secret("SECRET_KEY", DATA_DIR)
DEBUG = env.flag("DEBUG", False)
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, low=1, high=65535)
SITE_URL = env.url("SITE_URL", f"http://{'localhost' if HOST in ('0.0.0.0', '127.0.0.1') else HOST}:{PORT}")
ALLOWED_HOSTS = [*env.words("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]", urlsplit(SITE_URL).hostname or ""]
# How many proxies stand before us; only then is X-Forwarded-For believed, and only its last entries.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, low=0, high=5)

# How many submissions a minute the public form takes from one address, and in all.
FORM_LIMIT_PER_IP = env.integer("FORM_LIMIT_PER_IP", 20, low=1, high=1_000_000)
FORM_LIMIT_PER_FORM = env.integer("FORM_LIMIT_PER_FORM", 300, low=1, high=1_000_000)

# What files a message may bring: bytes of one, bytes of all, how many.
FILE_LARGEST = env.integer("FILE_LARGEST_MB", 10, low=1, high=100) * 1_000_000
FILES_LARGEST = env.integer("FILES_LARGEST_MB", 25, low=1, high=200) * 1_000_000
FILES_MOST = env.integer("FILES_MOST", 5, low=1, high=20)

# ---- services ----------------------------------------------------------------------------------------------------
OLLAMA_BASE_URL = env.url("OLLAMA_BASE_URL", "http://localhost:11434")
OLLAMA_MODEL = env.text("OLLAMA_MODEL", "mistral:latest")
OLLAMA_TIMEOUT = env.integer("OLLAMA_TIMEOUT", 120, low=1, high=1800)
# How many answers Ollama writes at once; its own variable of the same name, so that one .env serves both.
OLLAMA_NUM_PARALLEL = max(1, env.integer("OLLAMA_NUM_PARALLEL", 1, low=0, high=32))  # 0: Ollama's own default
OLLAMA_LOAD = 300  # seconds that loading a model may take besides, as enrichment.ollama waits for it
EMBEDDING_MODEL = env.text("EMBEDDING_MODEL", "all-MiniLM-L6-v2")
CHROMA_OWN_PORT = env.integer("CHROMA_PORT", PORT + 1, low=1, high=65535)
CHROMA_URL = env.url("CHROMA_URL")  # empty: our own server on loopback, started by `manage.py up`
AIRTABLE_API_KEY = env.text("AIRTABLE_API_KEY")
AIRTABLE_BASE_ID = env.text("AIRTABLE_BASE_ID")
AIRTABLE_TABLE_NAME = env.text("AIRTABLE_TABLE_NAME", "Leads")
AIRTABLE_ENDPOINT_URL = env.url("AIRTABLE_ENDPOINT_URL", "https://api.airtable.com")
# Where the answers of Facebook's lead ads are asked for.
FACEBOOK_GRAPH_URL = env.url("FACEBOOK_GRAPH_URL", "https://graph.facebook.com/v23.0")
AIRTABLE_MERGED_RECORDS = env.choice("AIRTABLE_MERGED_RECORDS", "mark", ("mark", "delete"))
# Seconds that a change waits for the next, so that half-typed values aren't sent.
AIRTABLE_WAIT = env.integer("AIRTABLE_WAIT", 10, low=0, high=600)
BUSINESS_TYPE = env.choice("BUSINESS_TYPE", "general", ("general", "automotive", "medspa", "consulting"))
DEFAULT_REGION = env.choice("DEFAULT_REGION", "US", tuple(sorted(phonenumbers.SUPPORTED_REGIONS)))

# ---- the application ---------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "leads",
    "enrichment",
    "crm_sync",
    "basecamp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_q",
    "ninja",
    "template_partials",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "basecamp.setup.SetupMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "basecamp.busy.BusyMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "basecamp.urls"
WSGI_APPLICATION = "basecamp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "basecamp.context.site",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
USE_TZ = True
TIME_ZONE = env.choice("TIME_ZONE", "UTC", tuple(sorted(zoneinfo.available_timezones())))
MESSAGE_TAGS = {messages.ERROR: "danger"}

# ---- database ----------------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'basecamp.sqlite3'}"),
        "CONN_MAX_AGE": 60,
    }
}
IS_SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if IS_SQLITE:
    # IMMEDIATE: without it readers that turn writers fail with "database is locked" and lose task results.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000;",
    }
    # A file, not memory: the tests start real workers, which are other processes.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 5  # seconds; else an unreachable host hangs us

# ---- background work ---------------------------------------------------------------------------------------------
# The stages of a lead, in order. `quick` never waits for torch or the model; torch lives in `ml` alone; `llm` is slow.
LEAD_PIPELINE = (
    Stage("extract", "Rules", "enrichment.stages.extract", "basecamp", 32, 180, then=("embed", "enrich", "score")),
    Stage("embed", "Embedding", "enrichment.stages.embed", "ml", 64, 120, then=("duplicates",)),
    Stage("duplicates", "Duplicates", "enrichment.stages.find_duplicates", "ml", 64, 60),
    Stage(
        "enrich",
        "Model",
        "enrichment.stages.enrich",
        "llm",
        1,
        2 * OLLAMA_TIMEOUT + OLLAMA_LOAD + 60,
        then=("score",),
        gate="enrichment.stages.model_gate",
    ),
    Stage("score", "Score", "enrichment.stages.score", "basecamp", 64, 60, then=("push",)),
    Stage(
        "push",
        "Airtable",
        "crm_sync.stages.push",
        "basecamp",
        10,
        200,
        gate="crm_sync.stages.airtable_gate",
        delay=AIRTABLE_WAIT,
        is_exclusive=True,
        takes_merged=True,  # the CRM learns into which lead it went
    ),
)
# Rows that go along when a lead is merged into another: the model, and its field that names the lead. Only models of
# which a lead may have any number of rows; `leads.merges` sees to the others.
LEAD_FOLLOWERS = (
    ("leads.Submission", "lead"),
    ("leads.Event", "lead"),
    ("leads.Feedback", "lead"),
    ("leads.Reply", "lead"),
    ("enrichment.Enrichment", "lead"),
    ("enrichment.ReplyDraft", "lead"),
)
# What tells the form builder by which profiles a form's inquiries may be read.
FORM_PROFILES = "enrichment.profile_list.offered"
LEAD_PANELS = ("enrichment:panel", "enrichment:reply", "enrichment:similar", "crm_sync:panel")
# What a merge will change elsewhere: shown where leads are compared.
MERGE_PANELS = ("crm_sync:merge_preview",)
# What can be done with leads that are selected in the inbox: the button's words, and the page that does it.
LEAD_ACTIONS = (("Read again with the model", "enrichment:rerun_selected"),)
# What leads are searched by, with the page of each: the inbox, and where else its form leads.
LEAD_SEARCHES = {"words": ("Words", "inbox"), "meaning": ("Meaning", "enrichment:search")}

# django-q2 is a doorbell: our StageRun rows are the queue, with their own retries and leases. So a task runs once
# (max_attempts, ack_failures), the broker leases no more than it runs (queue_limit, bulk), and retry is far above
# timeout because the broker's lease starts when a task is pulled, not when it starts.
Q_CLUSTER = {
    "name": "basecamp",  # signs the payloads and names the default queue: never change it
    "label": "Tasks",
    "orm": "default",
    "workers": 2,
    "timeout": 240,
    "retry": 800,
    "queue_limit": 1,
    "bulk": 1,
    "poll": 0.2,
    "max_attempts": 1,
    "ack_failures": True,
    "recycle": 500,
    "save_limit": 100,
    "catch_up": False,
    "guard_cycle": 1,
    "ALT_CLUSTERS": {
        "ml": {"workers": 1, "timeout": 300, "retry": 1000, "recycle": 100_000},
        # Each worker asks the model one thing at a time, so there are as many as it has slots.
        "llm": {
            "workers": OLLAMA_NUM_PARALLEL,
            "timeout": 3 * OLLAMA_TIMEOUT + OLLAMA_LOAD + 120,
            "retry": 9 * OLLAMA_TIMEOUT + 1500,
        },
    },
}
for alternative in Q_CLUSTER["ALT_CLUSTERS"].values():  # type: ignore[attr-defined]
    for key, value in Q_CLUSTER.items():
        if key not in ("name", "label", "ALT_CLUSTERS"):
            alternative.setdefault(key, value)
CLUSTERS = ("basecamp", "ml", "llm")
# What a cluster loads before it forks, so that its workers share the memory; and what a worker does before each shift.
CLUSTER_LOADS = {"basecamp": "enrichment.stages.load_rules"}
CLUSTER_CHORES = {
    "basecamp": (
        Chore("leads.outbox.send_due", "leads.outbox.is_due"),
        Chore("leads.notices.send_due", "leads.notices.is_due"),
        Chore("leads.webhooks.take_due", "leads.webhooks.is_due"),
        Chore("leads.mails.take_due", "leads.mails.is_due"),
        Chore("leads.imports.do_some", "leads.imports.is_due"),
        Chore("leads.files.clean_some", "leads.files.is_due"),
        Chore("leads.files.forget_lost", "leads.files.is_time_to_look"),
        Chore("crm_sync.chores.do_some", "crm_sync.chores.is_due"),
    ),
    "ml": (Chore("enrichment.stages.chores"),),
    "llm": (Chore("enrichment.running.chores"), Chore("leads.mailboxes.look_due", "leads.mailboxes.is_due")),
}
MAIL_CLUSTER = "llm"  # looks into mailboxes, whose servers may be slow: nothing there is in a hurry
# What a worker does in small pieces while no lead waits; returns whether there is more.
CLUSTER_SPARE_TIME = {
    "basecamp": "enrichment.restating.go_on",
    "ml": "enrichment.stages.spare_time",
    "llm": "enrichment.running.spare_time",
}

# ---- accounts ----------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "inbox"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "locked_out.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # it would grow for ever
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES
AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if TRUSTED_PROXIES else ["REMOTE_ADDR"]

# ---- security ----------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# Plain http on this machine alone is how the product starts; secure cookies would lock the owner out there.
IS_HTTPS = SITE_URL.startswith("https://")
if IS_HTTPS and not DEBUG:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400  # a form of 40 fields sends six values each when it is edited
FILE_UPLOAD_HANDLERS = [
    "leads.upload_limits.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# ---- files, mail, logs -------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Compressing is most of the first start: not the source maps, and not every file twice.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "png", "jpg", "jpeg", "gif", "webp", "ico", "woff", "woff2", "gz", "br")
MEDIA_ROOT = DATA_DIR / "media"
for key, value in env.email("EMAIL_URL", "consolemail://").items():
    globals()[key] = value
# Whom replies are from; the account's name, where it is an address.
DEFAULT_FROM_EMAIL = env.sender("EMAIL_FROM", str(globals().get("EMAIL_HOST_USER") or ""))
EMAIL_TIMEOUT = 20  # seconds

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "text", ("text", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "basecamp.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        "django-q": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "chromadb": {"level": "WARNING"},
        "sentence_transformers": {"level": "WARNING"},
    },
}
