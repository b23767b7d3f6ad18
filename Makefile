# make demo | test | check | bench   — nothing else to remember.
# Each works on a machine that has only Python 3.11+, git and make: it makes .venv on first use, from hash-pinned locks.

PYTHON    ?= python3
PORT      ?= 8000
RESIDENTS ?= 2000
WORKERS   ?= 2

VENV := .venv
BIN  := $(VENV)/bin
LOCK := uv pip compile --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --quiet

# uv installs in seconds where it is at hand; pip does the same work otherwise. Both refuse an unpinned file.
ifeq ($(shell uv --version >/dev/null 2>&1 && echo yes),yes)
INSTALL = uv pip install --quiet --python $(BIN)/python --require-hashes -r
else
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r
endif

.DEFAULT_GOAL := help
.PHONY: help demo test check bench tools lock clean

help:
	@echo "make demo    a synthetic country on http://localhost:$(PORT)/  (PORT=, RESIDENTS=)"
	@echo "make test    every test, browser and PostgreSQL included      (WORKERS=)"
	@echo "make check   format, lint, types, import contracts, tidiness"
	@echo "make bench   speed beside its floor, into bench/results.json"

demo: $(VENV)/.run
	$(BIN)/renkei demo --port $(PORT) --residents $(RESIDENTS)

test: $(VENV)/.dev tools
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit/test_tidy.py

bench: $(VENV)/.dev
	$(BIN)/python -m bench

# What no Python package brings: a Chromium and Japanese glyphs for the browser tests; the smart-card tools that read our
# card (OpenSC, PC/SC, its virtual reader), a software HSM, and Node.js for a foreign OpenID client.
TOOLS := chromium pkcs15-tool pcscd softhsm2-util node npm
tools:
	@missing=""; for tool in $(TOOLS); do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	fc-list :lang=ja 2>/dev/null | grep -q . || missing="$$missing a-Japanese-font"; \
	test -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so || missing="$$missing vpcd"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing for the tests:$$missing"; \
	  node=""; command -v node >/dev/null && command -v npm >/dev/null || node="nodejs npm"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk opensc pcscd vsmartcard-vpcd \
	    libengine-pkcs11-openssl softhsm2 openssl $$node >/dev/null; \
	else \
	  echo "the tests need$$missing; as root: apt-get install chromium fonts-noto-cjk opensc pcscd vsmartcard-vpcd" \
	    "libengine-pkcs11-openssl softhsm2 nodejs npm" >&2; \
	fi

# The virtual environment. A path file puts src/ on the path and a two-line script stands for the entry point, so
# that nothing has to be built, and nothing is fetched but what the locks pin.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Renkei needs Python 3.11 or later; say which with PYTHON=python3.11" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -c 'import pathlib, sysconfig; \
	  pathlib.Path(sysconfig.get_path("purelib"), "renkei.pth").write_text(str(pathlib.Path("src").resolve()) + "\n")'
	printf '#!%s\nimport sys\nfrom renkei.assembly.cli import main\nsys.exit(main())\n' "$(abspath $(BIN))/python" > $(BIN)/renkei
	chmod +x $(BIN)/renkei
	touch $@

$(VENV)/.run: requirements/run.txt $(VENV)/.made
	$(INSTALL) $<
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.made
	$(INSTALL) $<
	touch $@ $(VENV)/.run

lock:
	$(LOCK) --extra documents pyproject.toml -o requirements/run.txt
	$(LOCK) --constraint requirements/run.txt --extra documents --extra hsm --extra dev pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
