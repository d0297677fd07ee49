# The front door. Everything real is in meson.build; this only saves typing.
BUILD   ?= build
OUTPUT  ?= gatehouse-report
PREFIX  ?= /usr/local
DESTDIR ?=

.PHONY: help run test build install bench lint clean bootstrap

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## install what is missing, build, assess the demo site, show the result
	$(BUILD)/gatehouse demo --output $(OUTPUT)
	@echo; echo " Next: $(BUILD)/gatehouse demo --gateway   a log-in, roles and the ledger in front of a played VMS"

test: ## build and run every test that a user should see pass
	@tools/bootstrap.sh build demo test
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@tools/test.sh $(BUILD)

build: ## compile (build/gatehouse)
	@tools/bootstrap.sh build demo
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --prefix $(PREFIX) >/dev/null || { meson setup $(BUILD) --prefix $(PREFIX); exit 1; }

install: build ## install under PREFIX (default /usr/local)
	@meson setup --reconfigure $(BUILD) --prefix $(PREFIX) >/dev/null
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet

bench: build ## measure against nmap and print the figures (see doc/performance.md)
	@tools/bootstrap.sh bench
	@tools/bench.sh $(BUILD)

lint: build ## layers, banned functions, layout, clang-tidy
	@tools/bootstrap.sh ci
	@tools/lint.sh $(BUILD)

clean: ## remove what was built
	rm -rf $(BUILD) build-* $(OUTPUT)
