# make demo   builds, and takes an example fleet to its desired state on the simulator
# make test   lints, builds and runs all tests
# make build  an optimised binary at .build/release/profilectl, its man page and completions in .build/share
# make install  puts them below PREFIX (/usr/local)
# make schema  writes the JSON Schemas in docs/schema anew
# make chaos  kills the program 200 times while it applies 2,000 devices (about 10 minutes)
# make carriers  every carrier that behaves badly, with every kind of run and of store, and 1,000 random mixes of them (about
#             half an hour), and keeps the table in docs/carriers.md; CARRIER_MIXES and CARRIER_SEED choose other mixes
# make attack  strangers do their worst to an optimised build, and what became of the carrier's calls is measured (about 5 minutes)
# make soak    kills, reloads, new certificates and changes at random moments for SOAK_MINUTES (30)
# make api-check  holds the JSON API of the admin endpoint against its description, at length
# make screenshots  pictures of plans and the dashboard for docs/screenshots, from a headless browser
# make bench  measures it beside yardsticks (about 20 minutes), and keeps the tables in docs/benchmarks.md;
#             `make bench CASES="apply state"` only prints the tables of these
.PHONY: demo test chaos carriers attack soak build install schema lint format deps test-tools api-tools api-check screenshots bench clean

STATE := sqlite:.profilectl/demo.db
DEBUG := .build/debug/profilectl
# swift-argument-parser's tool for man pages; small, so that it need not be optimised.
GENERATE_MANUAL := .build/debug/generate-manual
PREFIX ?= /usr/local
# All tests at once would have to share two cores, and time limits would be those of the machine.
TEST := swift test --skip-build --experimental-maximum-parallelization-width 8

demo: deps
	swift build --product profilectl
	@rm -f .profilectl/demo.db .profilectl/demo.db-wal .profilectl/demo.db-shm
	@echo; echo "== 1. The plan and its application: $$ profilectl apply examples --simulate"
	$(DEBUG) apply examples --simulate --state $(STATE) --auto-approve --outside-windows --seed 7 \
	    --warning-rate 0.15 --failure-rate 0.1 --duplicate-rate 0.1 --reorder-rate 0.1 --retry-delay 2s
	@echo; echo "== 2. The same plan again: $$ profilectl plan examples"
	$(DEBUG) plan examples --state $(STATE) --detailed-exitcode
	@echo; echo "== 3. What is known now: $$ profilectl status"
	$(DEBUG) status --state $(STATE)

test: deps test-tools api-tools lint
	swift build --build-tests
	swift build --product generate-manual
	$(TEST) --skip AttackTests
# A flood of which every good callback counts: beside seven other tests it would measure those.
	$(TEST) --filter AttackTests

build: deps
	swift build -c release --product profilectl
	swift build --product generate-manual
	scripts/write-shell-support .build/release/profilectl $(GENERATE_MANUAL) .build/share

# Needs no toolchain after `make build`, so that it can be run by root.
install:
	@test -x .build/release/profilectl -a -d .build/share || { echo "First: make build" >&2; exit 1; }
	install -D -m 755 .build/release/profilectl $(DESTDIR)$(PREFIX)/bin/profilectl
	cd .build/share && find . -type f -exec install -D -m 644 {} $(DESTDIR)$(PREFIX)/share/{} \;

schema: deps
	swift build --product profilectl
	$(DEBUG) schema > docs/schema/profileset.json
	$(DEBUG) schema --settings > docs/schema/settings.json

api-check: deps api-tools
	swift build --build-tests
	API_CHECK_EXAMPLES=200 $(TEST) --filter ReadAPITests

chaos: deps
	swift build --build-tests
	CHAOS_KILLS=200 CHAOS_DEVICES=2000 $(TEST) --filter CrashTests

carriers: deps
	swift build --build-tests
	CARRIERS=all CARRIER_MIXES=$(or $(CARRIER_MIXES),1000) CARRIER_SEED=$(or $(CARRIER_SEED),1) \
	    CARRIERS_TABLE=$(CURDIR)/docs/carriers.md $(TEST) --filter 'CarrierMatrixTests|CarrierMixTests'

attack: deps
	swift build -c release --product profilectl
	swift build --build-tests
	ATTACK_PROGRAM=$(CURDIR)/.build/release/profilectl $(TEST) --filter AttackTests

soak: deps
	swift build --build-tests
	SOAK_MINUTES=$(or $(SOAK_MINUTES),30) $(TEST) --filter SoakTests

screenshots: deps test-tools
	swift build --build-tests
	SCREENSHOTS=$(CURDIR)/docs/screenshots $(TEST) --filter BrowserTests

bench: deps
	@scripts/install-dependencies wrk
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/Benchmarks $(if $(CASES),$(CASES:%=--only %),--out docs/benchmarks.md)

FORMATTED := Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift

lint:
	swift format lint --strict --recursive $(FORMATTED)
	scripts/lint-output
	scripts/lint-reads
	scripts/lint-numbers

format:
	swift format --in-place --recursive $(FORMATTED)

deps:
	@scripts/install-dependencies

test-tools:
	@scripts/install-test-tools

api-tools:
	@scripts/install-api-tools

clean:
	rm -rf .build .profilectl Benchmarks/.build
