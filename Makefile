# `make` lists all targets. Recipes only call scripts. All paths are relative, so the checkout can be in any folder,
# even if its path contains a space.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PORT ?= 8080
PY := .venv/bin/python
export MARKET_DIR PYTHON UPGRADE UV V

# Without an installation, there can be no running stack.
laptop = @if [ -x $(PY) ]; then $(PY) -m laptop $(1); else echo 'The stack is not running. Start it: make up'; fi

##@ Run the stack

.PHONY: up down status logs restart reset
up: ## Start the stack; installs what is missing               PORT=8080 MESH=1
	@ci/install.sh run
	@$(PY) -m laptop up --port '$(PORT)' $(if $(MESH),--mesh)

down: ## Stop the stack and keep its data
	$(call laptop,down)

status: ## Show processes, ports, readiness and memory
	$(call laptop,status || test $$? = 3) # 3: the stack does not run, which is a valid answer

logs: ## Show the logs; F=1 continues with new lines             S=catalog F=1
	$(call laptop,logs $(if $(F),--follow) $(if $(S),'$(S)'))

restart: ## Restart one process without downtime                    S=catalog
	$(call laptop,restart $(if $(S),'$(S)',$(error name a process: make restart S=catalog)))

reset: ## Stop the stack and delete all of its data               YES=1
	$(call laptop,reset $(if $(YES),--yes))

##@ Run the stack in containers

.PHONY: compose-up compose-down compose-audit compose-apply compose-remove secrets
compose-up: ## Build the images and start the containers               PORT=8080 PROFILES=mail,mesh
	@PORT='$(PORT)' PROFILES='$(PROFILES)' compose/run.sh up

compose-down: ## Stop the containers; their volumes keep the data
	@compose/run.sh down

compose-audit: ## Run the audit on the containers                         V=1
	@compose/run.sh audit

compose-apply: ## Apply a policy file to their mesh                       FILE=mesh/labs/bank-answers-2-seconds-late.yaml
	@compose/run.sh apply '$(or $(FILE),$(error name a file: make compose-apply FILE=mesh/labs/...yaml))'

compose-remove: ## Remove applied policy files, or one of them             FILE=bank-answers-2-seconds-late.yaml
	@compose/run.sh remove '$(FILE)'

secrets: ## Generate their passwords and keys, once, in .secrets/
	@PYTHONPATH=libs/topology/src $(or $(PYTHON),python3) -m compose.make_secrets

##@ Mesh

.PHONY: mesh-render mesh-diff mesh-matrix mesh-apply mesh-remove
mesh-apply: ## Apply a policy file to the running stack                FILE=mesh/labs/bank-answers-2-seconds-late.yaml
	$(call laptop,mesh-apply '$(or $(FILE),$(error name a file: make mesh-apply FILE=mesh/labs/...yaml))')

mesh-remove: ## Remove applied policy files, or one of them             FILE=bank-answers-2-seconds-late.yaml
	$(call laptop,mesh-remove $(if $(FILE),'$(FILE)'))

mesh-render: ## Show the configuration of each sidecar, or of one       S=orders V=1
	@ci/install.sh run
	@$(PY) -m laptop mesh-render --port '$(PORT)' --sidecar='$(S)' $(if $(V),--verbose)

mesh-diff: ## Show what a policy file would change                    FILE=mesh/labs/shipping-fails-30-percent.yaml
	@ci/install.sh run
	@$(PY) -m laptop mesh-diff --port '$(PORT)' '$(or $(FILE),$(error name a file: make mesh-diff FILE=mesh/labs/...yaml))'

mesh-matrix: ## Show which service may call which methods
	@ci/install.sh run
	@$(PY) -m laptop mesh-matrix

##@ Faults and checks

.PHONY: dead-letters replay bank
dead-letters: ## List events that failed all retries                     S=shipping V=1
	$(call laptop,dead-letters $(if $(S),'$(S)'))

replay: ## Redeliver dead letters                                  S=shipping N=7
	$(call laptop,replay --service='$(S)' --number='$(N)')

bank: ## Inject bank faults; without arguments, clear them       DOWN=1 SLOW=2 FLAKY=0.3
	$(call laptop,bank --down='$(DOWN)' --slow='$(SLOW)' --flaky='$(FLAKY)')

.PHONY: audit
audit: ## Compare the data of all services with the bank               V=1
	@if [ -x $(PY) ]; then $(PY) -m tools.audit; else echo 'The stack is not running. Start it: make up'; exit 3; fi

.PHONY: chaos
chaos: ## Inject faults into a new stack while customers buy      SEED=1 MINUTES=5 KEEP=1 MESH=1
	@ci/install.sh dev
	@$(PY) -m tools.chaos $(if $(SEED),--seed='$(SEED)') $(if $(MINUTES),--minutes='$(MINUTES)') $(if $(KEEP),--keep) \
	  $(if $(MESH),--mesh)

##@ Check the code

.PHONY: test test-unit test-service test-gateway test-system test-crash test-containers lint format bench
ifeq ($(T),)
test: test-unit test-service test-gateway test-system ## Run all tests, or one file, folder or test              T=path
else
test:
	@ci/steps/one.sh '$(T)'
endif

test-unit: ## Run the unit tests and the conventions
	@ci/steps/unit.sh

test-service: ## Run each service against a real database and broker
	@ci/steps/service.sh

test-gateway: ## Run the gateway and sidecars against fake services
	@ci/steps/gateway.sh

test-system: ## Run the whole stack, with a browser                     MESH=1
	@ci/steps/system.sh

test-crash: ## Kill every service at every boundary of an order
	@ci/steps/crash.sh

test-containers: ## Run the stack in containers, if Docker is available
	@ci/steps/containers.sh

lint: ## Check style, types, imports, contracts, spelling, YAML
	@ci/steps/lint.sh

format: ## Format the Python code
	@ci/install.sh dev
	@$(PY) -m ruff check --quiet --fix .
	@$(PY) -m ruff format --quiet .

bench: ## Measure the stack against its performance budgets       MESH=1
	@ci/install.sh dev
	@$(PY) -m tools.bench $(if $(MESH),--mesh)

##@ Generate

.PHONY: install contracts dashboards messages lock
install: ## Install everything into .venv, including the tools
	@ci/install.sh dev

contracts: ## Generate code and openapi.json from protos and limits
	@ci/install.sh dev
	@$(PY) libs/contracts/generate.py

dashboards: ## Generate the JSON of the Grafana dashboards
	@ci/install.sh dev
	@$(PY) -m telemetry.grafana.generate

messages: ## Extract the texts of the web shop for translators
	@ci/install.sh dev
	@$(PY) services/storefront/extract_messages.py

lock: ## Compile the lock files (needs uv)                       UPGRADE=1
	@ci/lock.sh

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## "; print "Night Market. To start, run make up and open the address that it prints." } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@printf '\nV=1 prints more. MARKET_DIR=folder sets the state directory (default: .market).\n'
