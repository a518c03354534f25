# make demo    build, then index the standard library in four ways (ARGS=... is passed on)
# make test    the tests, compiled in .venv and uncompiled in .venv-pure (ARGS=... is passed to pytest)
# make check   ruff, mypy --strict, pyright
# make mutants break the code on purpose, one way at a time, and see the tests notice (ARGS="list set": only these rooms)
# make torture the same tests at greater length: more copies, examples, schedules (for a night; not part of CI)
# make tsan    the containers under ThreadSanitizer, on a CPython that TSAN_PYTHON names (free-threaded, built with it)
# make bench   ROOM=dict|list|set|deque|counter|sorted|rwlock|queue|cache: ours beside the builtin, hand-written locks and other packages
# make docs    run every example, build the site into site/
# make wheel   a wheel and an sdist in dist/
# make clean   remove all of the above

PYTHON ?= python3
EXPECT ?= compiled
ROOM ?= dict
ARGS ?=

SOURCES := setup.py pyproject.toml $(shell find src -name '*.py' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h')

.PHONY: demo test test-compiled test-pure mutants torture tsan check bench docs wheel clean

demo: .venv/installed
	.venv/bin/python -m lockedcontainers index $(ARGS)

test: test-compiled test-pure

# LOCKEDCONTAINERS_EXPECT makes tests/conftest.py fail a run on the wrong build.
test-compiled: export LOCKEDCONTAINERS_REQUIRE_COMPILED = 1
test-compiled: .venv/installed .venv/group-test
	LOCKEDCONTAINERS_EXPECT=$(EXPECT) .venv/bin/python -m pytest $(ARGS)

test-pure: export LOCKEDCONTAINERS_PURE = 1
test-pure: .venv-pure/installed .venv-pure/group-test
	LOCKEDCONTAINERS_EXPECT=pure .venv-pure/bin/python -m pytest $(ARGS)

mutants: .venv-pure/installed .venv-pure/group-test .venv-pure/group-build
	.venv-pure/bin/python tests/mutants/run.py $(ARGS)

torture: export LOCKEDCONTAINERS_COPIES = 1000000
torture: export LOCKEDCONTAINERS_CYCLES = 100000
torture: export LOCKEDCONTAINERS_EXAMPLES = 3000
torture: export LOCKEDCONTAINERS_COUNTS = 100000
torture: export LOCKEDCONTAINERS_SCHEDULES = 100000
torture: export LOCKEDCONTAINERS_STEP = 1
torture: export LOCKEDCONTAINERS_FEW_PREEMPTIONS = 5
torture: test

tsan: .venv/installed .venv/group-build
	.venv/bin/python tests/tsan.py $(TSAN_PYTHON)

check: .venv/installed .venv/group-dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy src tests benchmarks
	.venv/bin/mypy typing_tests
	.venv/bin/pyright

bench: .venv/installed .venv/group-bench
	.venv/bin/python benchmarks/$(ROOM:queue=bounded_queue).py $(ARGS)

.venv/group-bench: .venv/bin/python pyproject.toml benchmarks/_peers.py
	.venv/bin/python benchmarks/_peers.py
	touch $@

docs: .venv/installed .venv/group-docs
	.venv/bin/python -m pytest tests/test_docs.py
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict

wheel: .venv/bin/python
	.venv/bin/python -m pip install --quiet build
	.venv/bin/python -m build

clean:
	rm -rf .venv .venv-pure build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis src/*.egg-info

define environment
$(1)/bin/python:
	$$(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --upgrade pip

$(1)/installed: $(1)/bin/python $$(SOURCES)
	$(1)/bin/python -m pip install --quiet ".[demo]"
	touch $$@

$(1)/group-%: $(1)/bin/python pyproject.toml
	$(1)/bin/python -m pip install --quiet --prefer-binary --group $$*
	touch $$@
endef
$(foreach venv,.venv .venv-pure,$(eval $(call environment,$(venv))))
