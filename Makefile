# `make demo` shows the platform, `make test` tests it; `make help` lists all targets, which set up what they need.
PYTHON ?= $(shell tools/find-python)
MAVEN ?= $(PYTHON) tools/maven.py
MAVEN_OPTIONS ?=
PY = .venv/bin/python
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check --require-hashes
JAR = engine/target/engine.jar
ENGINE = engine/target/extracted/engine.jar
CLASSES = engine/target/extracted/.archived
JDK = engine/target/jdk
CSS = webapp/static/govuk-frontend.min.css
CSS_RTL = webapp/static/govuk-frontend.rtl.min.css
FONTS = $(foreach font,NotoSans Vazirmatn,$(foreach weight,400Regular 700Bold,papers/fonts/$(font)_$(weight).ttf))
CATALOGUES = $(patsubst %.po,%.mo,$(wildcard webapp/translations/*/LC_MESSAGES/messages.po))
TEMPLATES = .camunda/element-templates/coronacare.json
BABEL = $(PY) -m babel.messages.frontend --quiet
# where prose is linted: all but the texts of pages, which are everyday language
PROSE = *.md docs Makefile access backup bench camunda7 config deployment engine/src forms hosting kpi kubernetes monitoring \
	papers processes records reporting services simulation stack tests tools webapp/*.py webapp/staff workers
# timeouts of the long runs, in seconds: of one test, and of all
LONG = --timeout 7200 --session-timeout 28800

# Programs that goals need, which tools/machine checks: Python for all, a JDK for most, and TOOLS for tests of the whole
# platform.
WITHOUT_JDK = help down deploy watch upgrade migrate rehearse status learn event-log erase erasures backup restore backup-key rebuild check lint unit pathway reference texts docker-test fresh-machines
WITH_TOOLS = bench-versions test verify tools oracle faults load screenshots pages
TOOLS = chromium postgresql haproxy prometheus nftables iproute2 procps
NEEDS = python $(if $(filter-out $(WITHOUT_JDK),$(MAKECMDGOALS)),jdk) $(if $(filter $(WITH_TOOLS),$(MAKECMDGOALS)),$(TOOLS)) \
	$(if $(filter docker-test,$(MAKECMDGOALS)),chromium) $(if $(filter bench,$(MAKECMDGOALS)),wrk) \
	$(if $(filter fresh-machines,$(MAKECMDGOALS)),mmdebstrap)

# the virtual environment has Node.js if the machine has none; JAVA_HOME takes precedence for the JDK
export PATH := $(CURDIR)/.venv/bin:$(if $(JAVA_HOME),$(JAVA_HOME)/bin:)$(PATH)
# UTF-8 independent of the locale; HOME for caches if the user's isn't writable
export PYTHONUTF8 = 1
# container images set it; without .pyc files each process of the tests takes a second longer to start
unexport PYTHONDONTWRITEBYTECODE
# images set this, too: it would hide that a test's own process doesn't flush its output
unexport PYTHONUNBUFFERED
ifneq ($(shell test -w "$$HOME" && echo writable),writable)
export HOME := $(CURDIR)/.cache
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help machine setup engine demo up down deploy watch upgrade migrate rehearse status simulate learn event-log erase erasures backup restore backup-key rebuild check lint unit test verify tools rush oracle fuzz faults load docker-test mutants drafts sbom bench bench-pages bench-versions screenshots pages pathway reference texts lock fresh-machines

help:
	@for group in use change prove; do \
		case $$group in use) echo "Use";; change) echo "Develop";; prove) echo "Test";; esac; \
		awk -F":.*##$$group " 'NF > 1 {printf "  make %-15s %s\n", $$1, $$2}' Makefile; \
	done

setup: .venv/.stamp $(CLASSES) $(CSS) $(CSS_RTL) $(FONTS) $(CATALOGUES) $(TEMPLATES) ##change install Python packages, build the engine, stylesheets and translations

demo: setup ##use start a demo with invented patients; EXIT=1 ends after the KPIs, REPORT=FILE, PILOT=FILE
	@exec $(PY) -m stack demo

up: setup ##use start everything, with its data in .run/data
	@exec $(PY) -m stack up

down: .venv/.stamp ##use stop everything
	@$(PY) -m stack down

deploy: .venv/.stamp ##change deploy diagrams, decisions and forms to the running engine
	@$(PY) -m stack deploy

watch: .venv/.stamp ##change deploy whenever a diagram, decision or form is saved
	@exec $(PY) -m stack watch

upgrade: .venv/.stamp ##change apply pending migrations to the databases; make up does it too
	@umask 077 && $(PY) -m records upgrade && $(PY) -m services upgrade

migrate: .venv/.stamp ##change migrate running cases to the latest process version; DRY=1 rehearses, BACK=1 undoes the last deployment
	@DRY="$(DRY)" BACK="$(BACK)" $(PY) -m stack migrate

rehearse: .venv/.stamp ##change list recent cases for which a changed decision gives another result: DMN=FILE, CASES=1000
	@DMN="$(DMN)" CASES="$(CASES)" $(PY) -m stack rehearse

status: .venv/.stamp ##use show parts, KPIs and incidents; fails when something is wrong
	@$(PY) -m stack status

simulate: setup ##use simulate a scenario, such as a surge, with the diagrams that run: SCENARIO=FILE, FAST=1, OUT=FOLDER
	@$(PY) -m simulation "$(SCENARIO)" $(if $(FAST),--fast) $(if $(OUT),--out "$(OUT)")

learn: .venv/.stamp ##use learn what simulations assume from the running platform's records
	@$(PY) -m simulation.records learn

event-log: .venv/.stamp ##use export the running platform's event log without persons: FORMAT=xes or ocel
	@$(PY) -m simulation.records $(or $(FORMAT),xes)

erase: .venv/.stamp ##use erase a patient's data everywhere: CASE=C-…
	@$(PY) -m records erase "$(CASE)"

erasures: .venv/.stamp ##use list requested and completed erasures
	@$(PY) -m records erasures

backup: .venv/.stamp ##use back up all databases while cases go on, encrypted, to .run/backups
	@$(PY) -m backup create

restore: .venv/.stamp ##use restore a backup to an empty .run/data: FILE=… <KEY, OVERWRITE=1 deletes what is there
	@$(PY) -m backup restore "$(FILE)" $(if $(OVERWRITE),overwrite)

backup-key: .venv/.stamp ##use create the key that decrypts backups: KEY=FILE
	@$(PY) -m backup key "$(KEY)"

rebuild: .venv/.stamp ##use recompute the KPI sums from the recorded cases
	@$(PY) -m kpi rebuild

$(TEMPLATES): .venv/.stamp $(wildcard workers/*.py) deployment/templates.py
	@$(PY) -m deployment templates

engine: $(CLASSES) ##change build the engine's jar

check: lint unit ##prove lint, unit and contract tests: a minute on two cores

lint: .venv/.stamp-lint node_modules/.stamp
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m codespell_lib -D- -D tools/prose/words.txt -L informations,connexion,mot,AfterAll,afterall $(PROSE)
	$(PY) -m deployment check

unit: .venv/.stamp-test node_modules/.stamp $(CSS) $(CSS_RTL) $(FONTS) $(CATALOGUES)
	$(PY) -m pytest -q -n 3 --dist worksteal -p no:schemathesis -m "not slow and not verify" tests/unit tests/contract

test: setup tools node_modules/.stamp .venv-headers/.stamp check ##prove main tests, on the real engine: 15 to 20 minutes on two cores
	$(PY) -m tests.run

verify: setup tools node_modules/.stamp .venv-headers/.stamp .venv-mining/.stamp tests/hapi/target/validator.jar tests/verapdf/target/validator.jar tests/keycloak/target/.stamp check ##prove all tests, with fuzzing, faults and load: before a release
	$(PY) -m tests.run verify

tools: machine .venv/.stamp-test node_modules/.stamp .venv-headers/.stamp

rush: setup .venv/.stamp-test ##prove test 200 concurrent patients for 50 test kits: minutes
	RUSH_KITS=50 $(PY) -m pytest $(LONG) tests/process/test_concurrent_cases.py

oracle: setup tools node_modules/.stamp ##prove compare our forms with form-js, with 2,000 sets of answers each: an hour
	ORACLE_SETS=2000 $(PY) -m pytest $(LONG) tests/oracle

fuzz: setup .venv/.stamp-test ##prove send 1,000 generated requests to each path of the laboratory and the government, and read 10,000 messages: minutes
	FUZZ_EXAMPLES=1000 $(PY) -m pytest $(LONG) tests/fuzz -rP
	MESSAGE_EXAMPLES=10000 $(PY) -m pytest $(LONG) tests/unit/services/lab_messages/test_fuzzing.py -rP

faults: setup tools mutants ##prove kill, stop and disconnect parts under hundreds of cases: an hour and a half
	FAULTS=long $(PY) -m pytest $(LONG) tests/faults -rP
	FAULTS=long $(PY) -m pytest $(LONG) tests/process/test_withdrawal.py tests/process/test_rehearsal.py

load: setup tools ##prove test overload with ten times the capacity, and measure cases per minute: an hour
	LOAD=long $(PY) -m pytest $(LONG) tests/load -rP
	LOAD=long $(PY) -m pytest $(LONG) tests/stack/test_status.py

docker-test: .venv/.stamp-test ##prove build and run docker-compose.yml, restart, kill and scale its containers: needs Docker, half an hour
	$(PY) -m pytest $(LONG) tests/docker -rP --verbose --durations=0 --durations-min=1

mutants: setup .venv/.stamp-test ##prove mutate the code that decides on retries: a minute
	$(PY) tools/mutants.py

drafts: setup .venv/.stamp-test ##prove submit 200 forms while engine and web application are killed: minutes
	SUBMISSIONS=200 $(PY) -m pytest $(LONG) tests/stack/test_form_submissions.py

sbom: .venv-sbom/.stamp | machine ##prove list what each image contains (CycloneDX): .run/sbom
	$(MAVEN) --quiet --batch-mode $(MAVEN_OPTIONS) --file engine/pom.xml cyclonedx:makeBom
	.venv-sbom/bin/python -m tools.sbom engine/target/sbom.json .run/sbom

bench: setup .venv/.stamp-test bench/peers/js/node_modules/.stamp bench/peers/java/target/worker.jar ##prove benchmark our workers against other clients: half an hour
	$(PY) -m bench

bench-pages: setup ##prove benchmark the patients' pages: minutes
	$(PY) -m bench.pages

bench-versions: setup tools ##prove compare what a case costs with another checkout: BEFORE=FOLDER
	$(PY) -m bench.versions "$(BEFORE)"

bench/peers/js/node_modules/.stamp: bench/peers/js/package-lock.json .venv/.stamp-node
	npm ci --prefix bench/peers/js --ignore-scripts --silent
	@touch $@

bench/peers/java/target/worker.jar: bench/peers/java/pom.xml bench/peers/java/src/main/java/BenchWorker.java | machine
	$(MAVEN) --quiet --batch-mode $(MAVEN_OPTIONS) --file bench/peers/java/pom.xml package
	@touch $@

tests/keycloak/target/.stamp: tests/keycloak/pom.xml | machine
	$(MAVEN) --quiet --batch-mode $(MAVEN_OPTIONS) --file $< package
	@touch $@

tests/%/target/validator.jar: tests/%/pom.xml $(wildcard tests/*/src/main/java/*.java) | machine
	$(MAVEN) --quiet --batch-mode $(MAVEN_OPTIONS) --file $< package
	@touch $@

screenshots: setup tools node_modules/.stamp ##change take the pictures of docs/: diagrams, and pages of a demo
	$(PY) -m tools.draw docs/screenshots
	$(PY) -m tools.screenshots docs/screenshots

pages: setup tools node_modules/.stamp ##change take pictures of all patients' pages in three languages: .run/pages
	PAGES=.run/pages $(PY) -m pytest -q tests/journey/test_every_language.py

pathway: .venv/.stamp ##change write docs/pathway.md from the diagrams
	$(PY) -m tools.pathway > docs/pathway.md

reference: .venv/.stamp ##change write docs/reference/ and camunda7/REFERENCE.md from the code
	$(PY) -m tools.reference .

texts: .venv/.stamp ##change update the catalogues of webapp/translations from the pages' texts
	@mkdir -p .run
	$(BABEL) extract --mapping webapp/translations/babel.cfg --keywords lazy_gettext --add-location=file --project CoronaCare --msgid-bugs-address help@coronacare.example --output .run/texts.pot .
	$(BABEL) update --input-file .run/texts.pot --output-dir webapp/translations --ignore-obsolete --no-fuzzy-matching --ignore-pot-creation-date --width 120

fresh-machines: machine ##prove set up and run in minimal roots of Debian, as root: OPTIONS="--suite trixie", or --help
	$(PYTHON) tools/fresh_machines.py $(OPTIONS)

# one lock for Python 3.11 and newer; a package has the same version in all of ours
COMPILE = .venv-uv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-header

lock: .venv/.stamp .venv-uv/.stamp $(JAR) ##change lock the dependencies of setup.cfg and tools/, and list those of the jar
	$(COMPILE) setup.cfg --output-file requirements.txt
	$(COMPILE) setup.cfg --extra lint --constraint requirements.txt --output-file requirements-lint.txt
	$(COMPILE) setup.cfg --extra lint --extra test --constraint requirements-lint.txt --output-file requirements-test.txt
	$(COMPILE) tools/headers/requirements.in --output-file tools/headers/requirements.txt
	$(COMPILE) tools/mining/requirements.in --output-file tools/mining/requirements.txt
	$(COMPILE) tools/sbom/requirements.in --output-file tools/sbom/requirements.txt
	$(COMPILE) tools/node/requirements.in --output-file tools/node/requirements.txt
	$(COMPILE) tools/uv/requirements.in --output-file tools/uv/requirements.txt
	$(PY) tools/jars.py > engine/dependencies.txt

# for root installs missing programs by the package manager, for others prints the command
machine:
	@tools/machine $(NEEDS)

.venv/.stamp: requirements.txt | machine
	$(PYTHON) -m venv .venv
	$(PY) $(PIP_INSTALL) --requirement $<
	@touch $@

# the stamps depend on each other: pip must not install into one environment concurrently
.venv/.stamp-node: tools/node/requirements.txt tools/node/install.py .venv/.stamp
	$(PY) tools/node/install.py
	@touch $@

.venv/.stamp-lint: .venv/.stamp-node
.venv/.stamp-test: .venv/.stamp-lint
.venv/.stamp-%: requirements-%.txt
	$(PY) $(PIP_INSTALL) --requirement $<
	@touch $@

# tools with dependencies that conflict with ours have environments of their own
.venv-%/.stamp: tools/%/requirements.txt | machine
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python $(PIP_INSTALL) --requirement $<
	@touch $@

node_modules/.stamp: package-lock.json .npmrc .venv/.stamp-node
	npm ci --ignore-scripts --silent
	@touch $@

$(JAR): engine/pom.xml $(shell find engine/src -type f) | machine
	$(MAVEN) --quiet --batch-mode $(MAVEN_OPTIONS) --file engine/pom.xml package
	@touch $@

$(ENGINE): $(JAR)
	rm -rf $(@D)
	java -Djarmode=tools -jar $< extract --destination $(@D)
	@touch $@

$(CLASSES): $(ENGINE) $(JDK) engine/archive-classes
	engine/archive-classes $(@D)
	@touch $@

# version of `java`, rewritten only if it has changed
$(JDK): FORCE | machine
	@mkdir -p $(@D)
	@env -u JDK_JAVA_OPTIONS -u JAVA_TOOL_OPTIONS java -version >$@.new 2>&1
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

FORCE:

%.mo: %.po .venv/.stamp
	$(BABEL) compile --input-file $< --output-file $@

# the licence of the font GDS Transport covers only GOV.UK
$(CSS): node_modules/.stamp Makefile
	sed -e 's/@font-face{[^}]*}//g' -e 's/GDS Transport/system-ui/g' node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css > $@

papers/fonts/%.ttf: node_modules/.stamp
	@mkdir -p $(@D)
	cp node_modules/@expo-google-fonts/*/$(lastword $(subst _, ,$*))/$(@F) $@

# stylesheet for right-to-left languages
$(CSS_RTL): $(CSS)
	node_modules/.bin/rtlcss --silent $< $@
