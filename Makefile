# The front door: `make` prints what there is. Recipes only call scripts; all paths are relative, so that
# the folder may be anywhere, also where there is a space in the path.
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PORT ?= 8080
export PORT V MARKET_DIR PYTHON

PY := .venv/bin/python

##@ Run the market
.PHONY: up
up: ## Start the market, install first where needed      [PORT=8080]
	@ci/install.sh run
	@$(PY) -m laptop up --port '$(PORT)'

.PHONY: down
down: ## Stop the market
	@$(PY) -m laptop down

.PHONY: status
status: ## Show what runs, and where
	@$(PY) -m laptop status

.PHONY: help
help: ## Print this help
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
