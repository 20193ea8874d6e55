# The few commands that people need. `make` or `make help` lists them.

GO      ?= go
LINT    := $(GO) tool -modfile=.ci/tools/go.mod golangci-lint
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
# Seconds that `make fuzz` gives to each target.
FUZZ    ?= 60
# How long `make chaos` goes on.
CHAOS   ?= 1h
# How long `make soak` goes on.
SOAK    ?= 30m
# The mutants that `make mutants` takes, by their names.
MUTANTS ?= .

.DEFAULT_GOAL := help

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/flowc
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags='-s -w -X main.stamped=$(VERSION)' -o bin/ ./cmd/flowc

.PHONY: test
test: ## Run all tests
	$(GO) test -timeout 30m ./...

.PHONY: race
race: ## Run the tests of what is concurrent under the race detector
	$(GO) test -race ./runtime/...

.PHONY: lint
lint: ## Check form: gofumpt, vet and the linters of .golangci.yml
	bash .ci/run lint

.PHONY: fmt
fmt: ## Format all Go code
	$(LINT) fmt ./...

.PHONY: generate
generate: ## Write again whatever is generated: catalog, docs, goldens, examples
	$(GO) generate ./...
	bash .ci/goldens

.PHONY: check
check: lint test ## Lint and test, then see that what is generated is current
	bash .ci/run generated

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZ seconds
	bash .ci/fuzz $(FUZZ)

.PHONY: deep
deep: ## Run what takes hours: thousands of random pipelines, then the fuzzers
	bash .ci/deep 3000 $(FUZZ)

.PHONY: chaos
chaos: ## Kill, stop, freeze and double built programs for CHAOS (1h), and judge what they wrote
	FLOWC_CHAOS=$(CHAOS) $(GO) test ./cmd/flowc -run '^TestChaos$$' -v -count=1 -timeout 0

.PHONY: soak
soak: ## Run a program under load for SOAK (30m), and see that it does not grow
	FLOWC_SOAK=$(SOAK) $(GO) test ./cmd/flowc -run '^TestSoak$$' -v -count=1 -timeout 0

.PHONY: points
points: ## Harm built programs at each named point and each call that changes a disk
	FLOWC_POINTS=1 $(GO) test ./cmd/flowc -run '^TestPoints$$' -v -count=1 -timeout 0

.PHONY: mutants
mutants: ## Break the runtime in each of the ways that MUTANTS (all) match, and see who finds it
	FLOWC_MUTANTS='$(MUTANTS)' $(GO) test ./cmd/flowc/internal/mutants -run '^TestMutants$$' -v -count=1 -timeout 0

.PHONY: e2e-compose
e2e-compose: ## Deploy with Docker Compose in an engine of its own, kill, change, delete
	bash .ci/e2e-compose

.PHONY: e2e-local
e2e-local: ## Apply units to a machine of its own with a real systemd, kill, change, reboot, delete
	bash .ci/e2e-local

.PHONY: e2e-nomad
e2e-nomad: ## Run jobs in a Nomad of its own, kill, change, revert, stop
	bash .ci/e2e-nomad

.PHONY: e2e-k8s
e2e-k8s: ## Deploy to a Kubernetes of its own with real pods, kill, change, delete
	bash .ci/e2e-k8s

.PHONY: bench
bench: ## Run the benchmarks and write their tables (bench/README.md)
	cd bench && $(GO) run .

.PHONY: costs
costs: ## Measure what parts of programs cost, and write the table that `flowc plan` goes by
	cd bench && $(GO) run . -rounds 5 costs

.PHONY: release
release: ## Build the archives of a release into dist/, without publishing
	goreleaser release --clean --snapshot
