# What people type. `make run` needs nothing but Python 3.11 or newer; `make PYTHON=/path/to/python run` chooses one.

PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3; do \
	"$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$each" && break; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check


.DEFAULT_GOAL := help
.PHONY: help run test bench bench-duplicates bench-enrichment bench-sync bench-api bench-intake lint fmt doctor

help:
	@echo "make run     start baseCamp: web, workers, clock and Chroma (Ctrl-C stops it)"
	@echo "make doctor  say what is wrong with this installation, if anything"
	@echo "make test    run every test"
	@echo "make lint    check style, types, imports and migrations"
	@echo "make fmt     put code and templates into shape"
	@echo "make bench   measure"
	@echo "make bench-duplicates  measure how duplicates are found, beside Splink (docs/duplicates.md)"
	@echo "make bench-sync        measure how leads go to Airtable and back (docs/airtable.md)"
	@echo "make bench-api         try the API with what schemathesis makes up (docs/api.md)"
	@echo "make bench-intake      measure what comes in: imports, the embedded form, spam (docs/import-export.md, embedding.md, spam.md)"
	@echo "make bench-enrichment  measure how inquiries are read (docs/enrichment.md)"

run: .venv/installed
	@exec $(BIN)/python manage.py up

doctor: .venv/installed
	@$(BIN)/python manage.py doctor

# In one row what needs no browser on SQLite, then the tests of running programs that mostly wait; in a row beside it the
# browser tests, then what touches the database on PostgreSQL as well. What runs beside is printed last.
WAITING := tests/test_cluster.py tests/test_kill.py tests/test_mail_in.py tests/test_nothing_lost.py
# Slow ones that ask nothing special of a database.
SQLITE_ONLY := enrichment/tests/test_attacks.py enrichment/tests/test_real_model.py leads/tests/test_admin.py \
	leads/tests/test_mailboxes_page.py
PARTS_OF_IT := basecamp crm_sync enrichment leads
PYTEST := $(BIN)/python -m pytest --durations=10
test: .venv/installed-dev
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; mkdir $$folder/browser $$folder/postgres; \
	(DATA_DIR=$$folder/browser $(PYTEST) -q -p no:cacheprovider tests $(addprefix --ignore=,$(WAITING)); browser=$$?; \
	echo "On PostgreSQL:"; \
	DATA_DIR=$$folder/postgres $(BIN)/python -m tests.servers.postgres $(PYTEST) -q -p no:cacheprovider --database-only \
		$(addprefix --ignore=,$(SQLITE_ONLY)) $(PARTS_OF_IT) && exit $$browser) > $$folder/log 2>&1 & beside=$$!; \
	$(PYTEST) $(PARTS_OF_IT) $(WAITING); main=$$?; \
	wait $$beside; beside=$$?; \
	echo "In a browser:"; cat $$folder/log; \
	exit $$((main || beside))

bench: .venv/installed-dev
	@$(BIN)/python -m benchmarks

# PARTS="intake_import" runs some; ROWS=5000 imports fewer rows than 50,000; SPAM_DATA: see docs/spam.md.
bench-intake: .venv/installed-dev
	@$(BIN)/python -m benchmarks $(or $(PARTS),intake_import embed spam.classifier spam.fuzz)

# PARTS="febrl scale" runs some; LEADS=one.parquet:other.parquet measures on these files.
bench-duplicates: .venv/installed-bench
	@$(BIN)/python -m benchmarks $(addprefix duplicates.,$(or $(PARTS),leads learning febrl scale))

# ERRORS=1 lists what the rules read wrongly in the half of the labelled set that they may be improved with.
bench-enrichment: .venv/installed-dev
	@$(BIN)/python -m benchmarks $(addprefix enrichment.,$(or $(PARTS),rules)) $(if $(ERRORS),--errors)

# COUNT=1000 pushes fewer leads than 10,000, which take about ten minutes in all.
bench-sync: .venv/installed-dev
	@$(BIN)/python -m benchmarks sync

# schemathesis against the running API, all checks, three seeds.
bench-api: .venv/installed-dev
	@$(BIN)/python -m benchmarks api

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy basecamp leads enrichment crm_sync manage.py
	$(BIN)/lint-imports --no-logo
	$(BIN)/djhtml --check --tabwidth 2 templates
	$(BIN)/python manage.py makemigrations --check --dry-run

fmt: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djhtml --tabwidth 2 templates

# The stamps hold the hash of the requirements that are installed, so that a second start installs nothing, also after
# a checkout that only changed the file's date.
.venv/installed: requirements.txt
	@$(call install,$@,requirements.txt)

.venv/installed-dev: requirements-dev.txt requirements.txt
	@$(call install,$@,requirements-dev.txt)

.venv/installed-bench: requirements-bench.txt .venv/installed-dev
	@$(call install,$@,requirements-bench.txt)

define install
	set -e; \
	if [ -z "$(PYTHON)" ]; then echo "baseCamp needs Python 3.11 or newer: https://www.python.org/downloads/"; exit 1; fi; \
	[ -x $(BIN)/python ] || { echo "Making .venv with $$($(PYTHON) --version) …"; $(PYTHON) -m venv .venv; }; \
	wanted=$$(cat requirements.txt $(2) | cksum); \
	if [ "$$(cat $(1) 2>/dev/null)" != "$$wanted" ]; then \
		echo "Installing $(2); this takes some minutes the first time …"; \
		$(INSTALL) -r $(2); \
	fi; \
	echo "$$wanted" > $(1)
endef
