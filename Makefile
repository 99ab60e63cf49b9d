# The only door: people and continuous integration type the same words.
#
#   make demo [HEADLESS=1]      two MCP servers and a page that calls them
#   make test                   everything that must hold; installs what is missing
#   make lint                   what needs no running program
#   make fmt                    formats Rust and Python
#   make bench[-core|-python|-node]     one JSON object a line
#   make instructions           what `decide` costs, against limits
#   make oracle [CASES=5000]    real browsers against the model of browsers
#   make packages [SDIST=1]     each package, installed as a user would
#   make soak [SECONDS=60]      each kind of request for as long: memory stays flat
#   make fuzz [SECONDS=60] [TARGET=...] libFuzzer; needs cargo-fuzz and a nightly Rust
#   make mutants [FILE=...]     cargo-mutants on the modules that decide
#
# V=1 shows what steps print. Logs are in target/make/.

PYTHON ?= python3
# The tests use the interpreter of .venv, whatever this one is.
unexport PYTHON
SECONDS ?= 60
CASES ?= 5000

MAKEFLAGS += --no-builtin-rules --no-print-directory
# Two steps at a time: a release build beside a debug one.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j2
endif

VENV := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
MATURIN := VIRTUAL_ENV=$(CURDIR)/.venv $(VENV)/maturin
STEP := scripts/step
DONE := target/make

RUST := $(shell find core cli bindings-*/src tests/oracle -name '*.rs' -o -name Cargo.toml 2>/dev/null) \
	Cargo.toml Cargo.lock

.PHONY: demo test suites lint fmt bench bench-core bench-python bench-node instructions oracle fuzz \
	mutants soak soak-python soak-node tools core no-std docs python node packages browser article cli

demo: $(DONE)/python $(DONE)/addon $(DONE)/npm $(if $(HEADLESS),$(DONE)/browser)
	@npm start --silent -w crossgate-demo

test:
	@mkdir -p $(DONE) && rm -f $(DONE)/*.count
	@$(MAKE) suites; scripts/summary $$?

suites: lint core no-std instructions docs python node packages browser article cli oracle

# What is installed and built. A stamp is older than what it was made from when that has changed.

tools:
	@PYTHON=$(PYTHON) scripts/tools

$(DONE)/venv: tests/requirements.txt | tools
	@$(STEP) python-packages sh -c '$(PYTHON) -m venv .venv && $(VENV)/pip install -q --disable-pip-version-check -r $<'
	@touch $@

$(DONE)/npm: package.json package-lock.json | tools
	@$(STEP) node-packages npm ci --silent
	@touch $@

# The official conformance runner wants a newer Node, which must not become that of the workspace.
$(DONE)/conformance: tests/article/conformance/package-lock.json | tools
	@$(STEP) conformance-runner npm ci --silent --prefix tests/article/conformance
	@touch $@

$(DONE)/python: $(DONE)/venv $(RUST) bindings-python/pyproject.toml
	@$(STEP) python-extension env $(MATURIN) develop --quiet --release -m bindings-python/Cargo.toml
	@touch $@

$(DONE)/addon: $(RUST) bindings-node/scripts/build.mjs | tools
	@$(STEP) node-addon node bindings-node/scripts/build.mjs
	@touch $@

$(DONE)/browser: scripts/install-browser | tools
	@$(STEP) chromium scripts/install-browser
	@touch $@

# The suites of `make test`.

lint: $(DONE)/venv $(DONE)/npm $(DONE)/python
	@$(STEP) lint scripts/lint

core: | tools
	@$(STEP) core cargo test --quiet --package crossgate --all-features
# A linker that merges equal texts must not change what the layer knows by its address.
	@$(STEP) core-optimized cargo test --quiet --release --package crossgate --features tower --test tower

no-std: | tools
	@$(STEP) no-std scripts/no-std

instructions: | tools
	@$(STEP) instructions cargo bench --quiet --package crossgate --bench instructions
	@grep -v '^$$' $(DONE)/instructions.log

docs: | tools
	@$(STEP) docs env RUSTDOCFLAGS='-D warnings' cargo doc --quiet --package crossgate --all-features --no-deps

python: $(DONE)/python
	@$(STEP) python $(VENV)/python -m pytest -q tests bindings-python/tests

node: $(DONE)/addon $(DONE)/npm
	@$(STEP) node node --test tests/*.test.mjs bindings-node/test/*.test.mjs

packages: $(DONE)/python $(DONE)/addon $(DONE)/npm
	@$(STEP) packages scripts/packages
	@grep '^ok' $(DONE)/packages.log

browser: $(DONE)/python $(DONE)/addon $(DONE)/npm
	@scripts/browser-tests

# After the browser tests: two suites with browsers at once would only slow each other down.
article: $(DONE)/python $(DONE)/addon $(DONE)/npm $(DONE)/conformance | browser
	@scripts/article-tests

# After the article's systems, which install nginx.
cli: $(DONE)/venv | tools article
	@$(STEP) cli sh -c 'cargo test --quiet --package crossgate-cli && scripts/cli-packages'

oracle: | tools browser article
	@scripts/oracle $(CASES)

# Not part of `make test`.

fmt: $(DONE)/venv
	cargo fmt --all
	rustfmt --edition 2024 tests/fuzz/targets.rs tests/no_std/src/main.rs
	$(VENV)/ruff format .

bench: bench-core bench-python bench-node

bench-core: | tools
	@cargo bench --quiet --package crossgate --all-features --bench decide

# The bench builds a middleware that decides nothing, beside the package.
bench-python: $(DONE)/python
	@$(VENV)/python benches/bench.py

bench-node: $(DONE)/addon $(DONE)/npm
	@node benches/bench.mjs

soak: soak-python soak-node

soak-python: $(DONE)/python
	@CROSSGATE_SOAK=$(SECONDS) $(VENV)/python -m pytest -q -s bindings-python/tests/test_lifetime.py -k 'memory or policies'

soak-node: $(DONE)/addon $(DONE)/npm
	@CROSSGATE_SOAK=$(SECONDS) node --test bindings-node/test/memory.test.mjs

fuzz: | tools
	@SECONDS=$(SECONDS) scripts/fuzz $(TARGET)

mutants: | tools
	@scripts/mutants $(FILE)
