# Everything a newcomer needs: `make demo` and `make test`. Nothing else has to be installed than Python 3.11, make and git.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

FHIR_TYPES := Bundle Slot Schedule Practitioner PractitionerRole Location Organization HealthcareService \
  Appointment OperationOutcome CapabilityStatement Patient Element BackboneElement Resource \
  DomainResource Extension Narrative Meta Coding CodeableConcept Identifier Reference Period Quantity \
  Age Range Ratio HumanName Address ContactPoint ContactDetail Attachment Annotation Signature Money \
  SampledData Timing UsageContext RelatedArtifact Duration Count Distance Expression \
  ParameterDefinition DataRequirement TriggerDefinition Contributor Dosage boolean integer string \
  decimal uri url canonical base64Binary instant date dateTime time code oid id markdown unsignedInt \
  positiveInt uuid xhtml
EXTRACT := $(BIN)/python -m recette.profiles.extract

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types architecture tests bench load screenshots contracts museum fhir-facts pins clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/python-ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/ready: $(VENV)/python-ready requirements.txt pyproject.toml
	@echo "Installing recette into $(VENV) ..."
	@$(PIP) install -r requirements.txt && $(PIP) install --no-deps -e .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.txt
	@echo "Installing the tools of the tests into $(VENV) ..."
	@$(PIP) install -r requirements-dev.txt
	@touch $@

demo: $(VENV)/ready ## set up everything and run the main job: services, search, verdict, reports
	@$(BIN)/recette demo

test: $(VENV)/ready-dev ## set up everything and pass the tests
	@$(BIN)/python -m pytest -n auto --dist worksteal -q

check: format lint types architecture test ## format, lint, types, architecture, tests

format: $(VENV)/ready-dev ## is the code formatted?
	@$(BIN)/ruff format --check .

lint: $(VENV)/ready-dev ## ruff
	@$(BIN)/ruff check .

types: $(VENV)/ready-dev ## mypy, strict
	@$(BIN)/mypy

architecture: $(VENV)/ready-dev ## who may import whom
	@$(BIN)/lint-imports

bench: $(VENV)/ready-dev ## the hot paths against their floor, alternating, in one run
	@$(BIN)/python -m benchmarks

WHAT ?= all
load: $(VENV)/ready-dev ## real loads on a country in PostgreSQL, 45 minutes: WHAT=nominal|twenty|soak|distributed LOAD='--minutes 1'
	@$(BIN)/python -m benchmarks.loading $(WHAT) $(LOAD)

contracts: $(VENV)/ready-dev ## export contracts/openapi from the services
	@$(BIN)/python -m agenda_editor openapi > contracts/openapi/agenda_editor.json
	@$(BIN)/python -m sas_platform openapi > contracts/openapi/sas_platform.json

museum: $(VENV)/ready-dev ## export contracts/museum.csv from the faulty partners of the tests
	@$(BIN)/python -m tests.faulty.museum > contracts/museum.csv.new && mv contracts/museum.csv.new contracts/museum.csv

fhir-facts: $(VENV)/ready ## extract contracts/fhir again: R4=FOLDER SAS_1_1_0=TGZ SAS_1_2_0=TGZ (docs/fhir-facts.md)
	@test -d "$(R4)" && test -f "$(SAS_1_1_0)" && test -f "$(SAS_1_2_0)" || { \
	  echo "Name the sources: make fhir-facts R4=FOLDER SAS_1_1_0=TGZ SAS_1_2_0=TGZ (docs/fhir-facts.md)" >&2; exit 1; }
	@$(EXTRACT) --out contracts/fhir/sas-1.1.0.json $(SAS_1_1_0)
	@$(EXTRACT) --out contracts/fhir/sas-1.2.0.json $(SAS_1_2_0)
	@$(EXTRACT) --out contracts/fhir/r4.json --types $(FHIR_TYPES) -- $(R4)/profiles-resources.json $(R4)/profiles-types.json
	@$(EXTRACT) --out contracts/fhir/terminology.json \
	  --value-sets contracts/fhir/r4.json contracts/fhir/sas-1.1.0.json contracts/fhir/sas-1.2.0.json \
	  -- $(R4)/valuesets.json $(R4)/v3-codesystems.json $(R4)/v2-tables.json

screenshots: $(VENV)/ready-dev ## make the pictures of the README again (needs Chromium)
	@$(BIN)/python docs/screenshots.py

pins: ## resolve the newest versions again (PYTHON: the oldest 3.11 at hand) and write the requirement files
	@rm -rf .pins && $(PYTHON) -m venv .pins && .pins/bin/pip install -q -e .
	@{ echo "# Exact versions of what the services and the harness run on. Made by \`make pins\`."; \
	   .pins/bin/pip freeze --exclude-editable | grep -vi '^recette' | sed 's/^uvloop==.*/&; sys_platform != "win32"/'; } > requirements.txt
	@.pins/bin/pip install -q -e '.[dev]'
	@{ echo "-r requirements.txt"; echo "# Exact versions of what the tests and checks add. Made by \`make pins\`."; \
	   .pins/bin/pip freeze --exclude-editable | grep -vi '^recette' | sed 's/^uvloop==.*/&; sys_platform != "win32"/' | grep -vxFf requirements.txt; } > requirements-dev.txt
	@rm -rf .pins

clean: ## remove what the targets made
	@rm -rf $(VENV) recette-out .recette .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
