# `make run` and `make test` are all it takes on a fresh machine: scripts/setup.sh looks for what
# the build needs, asks before it installs anything, and then runs cargo.

SETUP := sh scripts/setup.sh

.PHONY: help run test mutations tour lint install

help:
	@echo 'make run      build the program and open the workstation (ARGS="--ascii" passes options)'
	@echo 'make test     every test'
	@echo 'make mutations  100,000 inputs of each kind that break a rule (docs/robustness.md; ten minutes)'
	@echo 'make tour     draw the pictures of docs/tour anew'
	@echo 'make lint     formatting and clippy, nothing changed'
	@echo 'make install  put musicvae-tui into your cargo bin folder'
	@echo
	@echo 'Each first makes sure that a C compiler, the ALSA development files (Linux) and Rust are'
	@echo 'there, and asks before it installs any of them. YES=1 answers yes.'

run:
	@$(SETUP) cargo run --release --locked -- $(ARGS)

test:
	@$(SETUP) cargo test --locked --workspace
	@# In a short form, which shows that everything can be measured.
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

install:
	@$(SETUP) cargo install --path . --locked
