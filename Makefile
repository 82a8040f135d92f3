# make demo   builds, and takes an example fleet to its desired state on the simulator
# make test   lints, builds and runs all tests
# make build  an optimised binary at .build/release/profilectl
# make api-check  holds the JSON API of the admin endpoint against its description, at length
# make chaos  kills the program 200 times while it applies 2,000 devices (about 10 minutes)
# make bench  measures it beside yardsticks (about 15 minutes), and keeps the tables in docs/benchmarks.md
.PHONY: demo test api-check api-tools chaos build lint format deps bench clean

STATE := sqlite:.profilectl/demo.db
DEBUG := .build/debug/profilectl

demo: deps
	swift build --product profilectl
	@rm -f .profilectl/demo.db .profilectl/demo.db-wal .profilectl/demo.db-shm
	@echo; echo "== 1. The plan and its application: $$ profilectl apply examples --simulate"
	$(DEBUG) apply examples --simulate --state $(STATE) --auto-approve --seed 7 \
	    --warning-rate 0.15 --failure-rate 0.1 --duplicate-rate 0.1 --reorder-rate 0.1 --retry-delay 2s
	@echo; echo "== 2. The same plan again: $$ profilectl plan examples"
	$(DEBUG) plan examples --state $(STATE) --detailed-exitcode
	@echo; echo "== 3. What is known now: $$ profilectl status"
	$(DEBUG) status --state $(STATE)

test: deps api-tools lint
	swift build --build-tests
	swift test --skip-build

build: deps
	swift build -c release --product profilectl

api-check: deps api-tools
	swift build --build-tests
	API_CHECK_EXAMPLES=200 swift test --skip-build --filter ReadAPITests

chaos: deps
	swift build --build-tests
	CHAOS_KILLS=200 CHAOS_DEVICES=2000 swift test --skip-build --filter CrashTests

bench: deps
	@scripts/install-dependencies wrk
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/Benchmarks --out docs/benchmarks.md

FORMATTED := Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift

lint:
	swift format lint --strict --recursive $(FORMATTED)

format:
	swift format --in-place --recursive $(FORMATTED)

deps:
	@scripts/install-dependencies

api-tools:
	@scripts/install-api-tools

clean:
	rm -rf .build .profilectl Benchmarks/.build
