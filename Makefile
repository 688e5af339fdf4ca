# `make run` shows it at work, `make test` proves it; both install what is missing by themselves.

BINARY := target/debug/rxintake

.PHONY: run test lint bench doc score phrases notes hostile record soak fuzz deb build packages-run packages-bench packages-test

run: packages-run build ## the daemon on a scratch clinic with the sample papers; ONCE=1 ends when all are read
	scripts/demo.sh $(BINARY) $(if $(ONCE),--once)

test: packages-test ## every test
# the tests inside the modules need no speed, and build in a quarter of the time without
	cargo test --locked --lib --config profile.dev.package.rxintake.opt-level=0
# these wait more than they work: two for each core
	RUST_TEST_THREADS=$$((2 * $$(nproc))) cargo test --locked --test it

soak: packages-test ## a thousand kills at random moments
	KILLS=1000 cargo test --locked --test it durability -- --nocapture

lint: packages-run ## format, lints, licences
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	scripts/deny.sh

bench: packages-bench ## how fast papers are read, against other programs in the same run, and the rule book; writes the table in the README
	cargo bench --locked

doc: packages-run ## the documentation of every room
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

score: packages-run build ## how well made papers are read: make score PAPERS=folder (papers and their truth.jsonl)
	scripts/score.sh $(BINARY) $(PAPERS)

phrases: packages-run build ## frequency phrases and their meaning: make phrases FILE=cases.tsv
	scripts/cases.sh phrases $(BINARY) $(FILE)

notes: packages-run build ## none of these clinical notes may become a prescription: make notes FILE=notes.csv
	scripts/cases.sh notes $(BINARY) $(FILE)

hostile: packages-run build ## damaged and odd papers, and how each ended: make hostile PAPERS=folder
	scripts/hostile.sh $(BINARY) $(PAPERS)

record: packages-run build ## record the readings of the samples anew, after a change of pages or ocr
	cargo run --quiet --locked --example record

fuzz: packages-run ## made-up bytes into the protocol, TIFF, pictures and mail, SECONDS each (60): make fuzz SECONDS=600
	scripts/fuzz.sh $(if $(SECONDS),$(SECONDS),60) $(TARGETS)

deb: packages-run ## the Debian package
	scripts/deb.sh

build:
	cargo build --locked --bins

packages-run:
	@scripts/install-packages.sh build run

packages-bench:
	@scripts/install-packages.sh build run bench

packages-test:
	@scripts/install-packages.sh build run test
