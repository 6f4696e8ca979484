# The front door: `make` prints what there is. Recipes only call scripts; all paths are relative, so that
# the folder may be anywhere, also where there is a space in the path.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PORT ?= 8080
PY := .venv/bin/python
export MARKET_DIR PYTHON UPGRADE UV V

# A market that was never started needs no installation to be stopped.
market = @if [ -x $(PY) ]; then $(PY) -m laptop $(1); else echo 'Nothing runs here: make up starts the market.'; fi

##@ Run the market

.PHONY: up down status logs restart reset
up: ## Start the market; install what it needs first        PORT=8080 MESH=1
	@ci/install.sh run
	@$(PY) -m laptop up --port '$(PORT)' $(if $(MESH),--mesh)

down: ## Stop the market; what it has sold stays
	$(call market,down)

status: ## Show what runs, where, and how much memory it takes
	$(call market,status || test $$? = 3) # 3: nothing runs, which is an answer too

logs: ## Show the logs; F=1 goes on with what comes           S=catalog F=1
	$(call market,logs $(if $(F),--follow) $(if $(S),'$(S)'))

restart: ## Restart one service                                  S=catalog
	$(call market,restart $(if $(S),'$(S)',$(error name a service: make restart S=catalog)))

reset: ## Stop the market and forget all that was sold         YES=1
	$(call market,reset $(if $(YES),--yes))

##@ Run it in containers

.PHONY: compose-up compose-down compose-audit compose-apply compose-remove secrets
compose-up: ## Build the images and start them                      PORT=8080 PROFILES=mail,mesh
	@PORT='$(PORT)' PROFILES='$(PROFILES)' compose/run.sh up

compose-down: ## Stop the containers; what was sold stays in volumes
	@compose/run.sh down

compose-audit: ## The same proof, for the containers                   V=1
	@compose/run.sh audit

compose-apply: ## Apply a file to the policies of their mesh           FILE=mesh/labs/bank-answers-2-seconds-late.yaml
	@compose/run.sh apply '$(or $(FILE),$(error name a file: make compose-apply FILE=mesh/labs/...yaml))'

compose-remove: ## Take back what was applied, or one file of it         FILE=bank-answers-2-seconds-late.yaml
	@compose/run.sh remove '$(FILE)'

secrets: ## Make passwords and keys for them, once, into .secrets/
	@PYTHONPATH=libs/topology/src $(or $(PYTHON),python3) -m compose.make_secrets

##@ Mesh

.PHONY: mesh-render mesh-diff mesh-matrix mesh-apply mesh-remove
mesh-apply: ## Apply a file to the policies of a running market     FILE=mesh/labs/bank-answers-2-seconds-late.yaml
	$(call market,mesh-apply '$(or $(FILE),$(error name a file: make mesh-apply FILE=mesh/labs/...yaml))')

mesh-remove: ## Take back what was applied, or one file of it         FILE=bank-answers-2-seconds-late.yaml
	$(call market,mesh-remove $(if $(FILE),'$(FILE)'))

mesh-render: ## Show what each sidecar gets; all that one gets       S=orders V=1
	@ci/install.sh run
	@$(PY) -m mesh --port '$(PORT)' render --sidecar='$(S)' $(if $(V),--verbose)

mesh-diff: ## Show what a file would change                        FILE=mesh/labs/shipping-fails-30-percent.yaml
	@ci/install.sh run
	@$(PY) -m mesh --port '$(PORT)' diff '$(or $(FILE),$(error name a file: make mesh-diff FILE=mesh/labs/...yaml))'

mesh-matrix: ## Show who may call whom, and what
	@ci/install.sh run
	@$(PY) -m mesh matrix

##@ Prove that nothing is lost

.PHONY: dead-letters replay bank
dead-letters: ## Show events that a service could not handle          S=shipping V=1
	$(call market,dead-letters $(if $(S),'$(S)'))

replay: ## Send them back to be handled                         S=shipping N=7
	$(call market,replay --service='$(S)' --number='$(N)')

bank: ## Make the bank ill; with nothing more, well again     DOWN=1 SLOW=2 FLAKY=0.3
	$(call market,bank --down='$(DOWN)' --slow='$(SLOW)' --flaky='$(FLAKY)')

.PHONY: audit
audit: ## Compare every service's store with the bank's ledger V=1
	@if [ -x $(PY) ]; then $(PY) -m tools.audit; else echo 'Nothing runs here: make up starts the market.'; exit 3; fi

.PHONY: chaos
chaos: ## Torment a market of its own while shoppers buy       SEED=1 MINUTES=5 KEEP=1 MESH=1
	@ci/install.sh dev
	@$(PY) -m tools.chaos $(if $(SEED),--seed='$(SEED)') $(if $(MINUTES),--minutes='$(MINUTES)') $(if $(KEEP),--keep) \
	  $(if $(MESH),--mesh)

##@ Check the code

.PHONY: test test-unit test-service test-gateway test-system test-crash test-containers lint format bench
ifeq ($(T),)
test: test-unit test-service test-gateway test-system ## Run all tests, or one file, folder or test           T=path
else
test:
	@ci/steps/one.sh '$(T)'
endif

test-unit: ## Run the rules of every domain and of this repository
	@ci/steps/unit.sh

test-service: ## Run every service against a real database and broker
	@ci/steps/service.sh

test-gateway: ## Run the gateway, and sidecars, around small stand-in services
	@ci/steps/gateway.sh

test-system: ## Run the whole market, browser included              MESH=1
	@ci/steps/system.sh

test-crash: ## Let every service die at every boundary; test: a share
	@ci/steps/crash.sh

test-containers: ## Run the market in containers, where Docker is
	@ci/steps/containers.sh

lint: ## Check style, types, imports, contracts, YAML and shell
	@ci/steps/lint.sh

format: ## Put the Python code into the one form
	@ci/install.sh dev
	@$(PY) -m ruff check --quiet --fix .
	@$(PY) -m ruff format --quiet .

bench: ## Measure the market beside the design's budgets      MESH=1
	@ci/install.sh dev
	@$(PY) -m tools.bench $(if $(MESH),--mesh)

##@ Generate

.PHONY: install contracts dashboards lock
install: ## Make .venv with everything in it, tools included
	@ci/install.sh dev

contracts: ## Generate the code and openapi.json from the .proto files
	@ci/install.sh dev
	@$(PY) libs/contracts/generate.py

dashboards: ## Generate Grafana's JSON from telemetry/grafana
	@ci/install.sh dev
	@$(PY) -m telemetry.grafana.generate

lock: ## Compile the locks (needs uv)                         UPGRADE=1
	@ci/lock.sh

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## "; print "Night Market: make up, then open the address that it prints." } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@printf '\nV=1 says more; MARKET_DIR=folder keeps the market there instead of in .market.\n'
