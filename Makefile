# Everything a developer does here has a name below; `make` alone lists the names.
# The work itself is in scripts/, which run without make as well: scripts/test is `make test`.

.DEFAULT_GOAL := help

VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: build ## Build and run the demo, or another command: make run ARGS="project list"
	./bin/clientele $(or $(ARGS),serve --demo)

.PHONY: build
build: ## Build bin/clientele, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/clientele ./cmd/clientele

.PHONY: test
test: ## Install what the tests need, then lint and every test under the race detector
	scripts/test

.PHONY: lint
lint: ## Check the formatting, go vet, staticcheck
	scripts/lint

.PHONY: lint-more
lint-more: ## golangci-lint with .golangci.yml; not part of make test
	go tool -modfile=tools.mod golangci-lint run ./...

.PHONY: format
format: ## Format the Go files with gofumpt
	scripts/format

.PHONY: generate
generate: ## Make the Go files of the console's templates
	scripts/generate

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (10s)
	FUZZTIME='$(FUZZTIME)' scripts/fuzz

.PHONY: trust
trust: ## Gather the evidence of docs/trust.md: long tests, and a table of tries and violations
	scripts/trust

.PHONY: bench
bench: ## Measure Clientele beside its ceilings; ARGS go to the benchmark
	go run ./bench $(ARGS)

.PHONY: bench-quick
bench-quick: ## A first look at the same in under two minutes, one short round without full books
	go run ./bench --quick $(ARGS)

.PHONY: screenshots
screenshots: ## Take the README's pictures anew, into docs/images
	mkdir -p docs/images
	CLIENTELE_SCREENSHOTS=$(CURDIR)/docs/images go test -count=1 -run TestScreenshots ./internal/browsertest

.PHONY: vuln
vuln: ## Look up known vulnerabilities (asks vuln.go.dev, or GOVULNDB: a URL or a directory)
	GOVULNDB='$(GOVULNDB)' scripts/vuln

.PHONY: licences
licences: ## List the licences of what the program is linked from; refuse unknown ones
	@go run ./scripts/modules licences

.PHONY: sbom
sbom: ## Write bin/clientele.cdx.json, the software bill of materials (CycloneDX)
	mkdir -p bin
	go run ./scripts/modules sbom '$(VERSION)' >bin/clientele.cdx.json

.PHONY: reproducible
reproducible: ## Build the commit twice in two folders: the same bytes, and static
	scripts/reproducible

.PHONY: clean
clean: ## Remove what the targets above make
	rm -rf bin coverage coverage.*
