# `make` or `make help` lists the targets. Recipes only do what is not done yet: call them again and again.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

sources := $(shell find src test -name '*.ts')
simulation := .sim simulation/requirements.txt simulation/requirements-alone.txt

.PHONY: help build demo demo-ros test lint format ros peers cuda simulation clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r target what; do printf 'make %-10s %s\n' "$$target" "$$what"; done

build: dist/.built ## compile; then `npx bac-policy` works here

demo: build ## run a small real policy on a real bag, dense and cached, and make a page about it
	@node demo/run_demo.mjs

demo-ros: ros ## the same through the real node, the bag played to it over ROS 2
	@. scripts/ros/env.bash && node demo/run_demo_ros.mjs

test: build ## all tests; makes .venv and .sim (Python packages) and .ros (a local ROS 2) first
	@scripts/setup_python.sh .venv scripts/requirements-test.txt
	@scripts/setup_python.sh $(simulation)
	@scripts/run_tests.sh

lint: node_modules/.installed ## linter, formatting, types
	@npm run --silent lint
	@npm run --silent format:check
	@npm run --silent typecheck

format: node_modules/.installed ## format all files
	@npm run --silent format

ros: build ## what the node needs: a ROS 2 in .ros where none is sourced; our package and rclnodejs, built for it
	@scripts/setup_ros.sh && scripts/build_ros.sh

peers: ## a Python with PyTorch in .peers, for `bac-policy bench --peers`
	@scripts/setup_python.sh .peers src/bench/peers/requirements.txt

cuda: build ## the libraries for an NVIDIA GPU in .cuda, from PyPI, digests pinned
	@scripts/setup_cuda.sh

simulation: build ## the simulated robot: a Python with MuJoCo and robosuite in .sim
	@scripts/setup_python.sh $(simulation)

clean: ## remove all that was made here
	rm -rf node_modules dist .venv .peers .ros .cuda .sim demo/out coverage

node_modules/.installed: package.json package-lock.json .npmrc
	@scripts/check_tools.sh node
	npm ci --no-progress --loglevel=error
	@touch $@

dist/.built: node_modules/.installed tsconfig.json $(sources)
	@rm -rf dist # Tests of deleted sources must not stay.
	npm run --silent build
	@touch $@
