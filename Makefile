# `make run` and `make test` are all it takes on a fresh machine: scripts/setup.sh checks what the build
# needs, asks before it installs anything, and then runs cargo.

SETUP := sh scripts/setup.sh

.PHONY: help run test mutations tour lint install

help:
	@echo 'make run        build the program and open the workstation (ARGS="--ascii" passes options)'
	@echo 'make test       run every test'
	@echo 'make mutations  try 100,000 broken files of each kind (docs/robustness.md; ten minutes)'
	@echo 'make tour       redraw the pictures of docs/tour'
	@echo 'make lint       check formatting and clippy; changes nothing'
	@echo 'make install    put musicvae-tui into your cargo bin folder, with manual pages and completions'
	@echo
	@echo 'Each first checks for a C compiler, the ALSA development files (Linux) and Rust, and asks before'
	@echo 'it installs any of them. YES=1 answers yes.'

run:
	@$(SETUP) cargo run --release --locked -- $(ARGS)

test:
	@$(SETUP) cargo test --locked --workspace
	@# Examples are for reading, and must be true: each one runs on data of its own.
	@for example in prepare_train_sample morph; do \
		"$${CARGO_TARGET_DIR:-target}/debug/examples/$$example" || exit 1; done
	@# The benchmarks in a short form: this shows that all of them run.
	@$(SETUP) cargo test --locked --bench model --bench engine --bench library

# One kind after the other, so that time and memory are that of one input.
mutations:
	@MUSICVAE_TUI_MUTATIONS=$(or $(COUNT),100000) $(SETUP) \
		cargo test --release --locked --workspace --test suite mutations -- --nocapture --test-threads=1

tour:
	@MUSICVAE_TUI_TOUR=1 $(SETUP) cargo test --locked --workspace --test suite tour::

lint:
	@LINT=1 $(SETUP) cargo fmt --all --check
	@$(SETUP) cargo clippy --locked --workspace --all-targets -- --deny warnings

# Manual pages go where `man` looks beside the folder of the program; the rest to the user's data folder.
BIN := $(or $(CARGO_INSTALL_ROOT),$(CARGO_HOME),$(HOME)/.cargo)
DATA := $(or $(XDG_DATA_HOME),$(HOME)/.local/share)

install:
	@$(SETUP) cargo install --path . --locked
	@folder=$$(mktemp -d) && \
		sh packaging/assets.sh "$(BIN)/bin/musicvae-tui" "$$folder" && \
		mkdir -p "$(BIN)/share" "$(DATA)" && \
		cp -R "$$folder/share/man" "$(BIN)/share/" && \
		rm -R "$$folder/share/man" && cp -R "$$folder/share/." "$(DATA)/" && \
		rm -R "$$folder"
	@echo 'Manual pages are in $(BIN)/share/man, completions and the desktop entry in $(DATA).'
	@echo 'zsh finds its completion when $(DATA)/zsh/site-functions is in its fpath.'
