"""docker-compose.yaml and the Dockerfile keep the promises of docs/compose.md. (What runs them is a Docker engine.)"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from nightmarket.settings import LIBRARIES_OFFLINE, Settings
from nightmarket_airflow.home import WAREHOUSE_POOL, airflow_environment

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "nightmarket"}
AIRFLOW = {name: service for name, service in OURS.items() if name != "mlflow"}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
REFUSES_TO_START = re.compile(r"\$\{([A-Z_]+):\?Put \1 into \.env\}")


def test_postgres_mlflow_and_every_part_of_airflow_are_there():
    assert SERVICES.keys() - OURS.keys() == {"postgres"}
    assert AIRFLOW.keys() == {"airflow-init", "airflow", "scheduler", "dag-processor", "triggerer"}


def test_every_variable_is_documented():
    documented = (ROOT / ".env.example").read_text(encoding="utf-8") + (ROOT / "docs" / "compose.md").read_text("utf-8")
    variables = set(re.findall(r"(?<!\$)\$\{?([A-Z][A-Z_]+)", TEXT))
    assert "POSTGRES_PASSWORD" in variables
    assert {name for name in variables if not re.search(rf"\b{name}\b", documented)} == set()


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_has_a_value_here(name):
    for variable, value in SERVICES[name]["environment"].items():
        if re.search(r"(PASSWORD|SECRET|_KEY)$", variable):
            assert REFUSES_TO_START.fullmatch(value), variable
        for password in re.findall(r"://[^/:@]*:(.*)@", value):
            assert REFUSES_TO_START.fullmatch(password), variable


def test_ports_are_on_this_machine_only():
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports.keys() == {"airflow", "mlflow"}
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


@pytest.mark.parametrize("name", SERVICES.keys() - {"airflow-init"})
def test_what_should_run_is_restarted_and_says_how_it_is(name):
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"]


def test_one_service_builds_the_image_of_all_and_comes_first():
    assert [name for name, service in OURS.items() if "build" in service] == ["mlflow"]
    assert all("mlflow" in service["depends_on"] for service in AIRFLOW.values())


@pytest.mark.parametrize("name", OURS)
def test_every_setting_exists_and_the_libraries_are_offline(name):
    environment = OURS[name]["environment"]
    named = {key.removeprefix("NIGHTMARKET_").lower() for key in environment if key.startswith("NIGHTMARKET_")}
    assert "mlflow_database" in named
    assert named <= set(Settings.model_fields)
    assert environment.items() >= LIBRARIES_OFFLINE.items()
    assert any(volume.partition(":")[2] == environment["NIGHTMARKET_VAR_DIR"] for volume in OURS[name]["volumes"])


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_is_set_up_as_by_make_up(name):
    by_make = airflow_environment(Path("/home"))
    elsewhere = {"AIRFLOW_HOME", "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "PYTHONPATH"}
    elsewhere |= {"AIRFLOW__LOGGING__BASE_LOG_FOLDER"}
    environment = AIRFLOW[name]["environment"]
    assert environment.keys() >= by_make.keys()
    assert {key: environment[key] for key in by_make.keys() - elsewhere} == {
        key: by_make[key] for key in by_make.keys() - elsewhere
    }


def test_the_warehouse_has_one_writer():
    assert f"airflow pools set {WAREHOUSE_POOL} 1 " in SERVICES["airflow-init"]["command"]


def test_the_image_is_built_from_the_locks():
    installs = re.findall(r"pip install [^&\n]+", DOCKERFILE)
    assert [
        command for command in installs if "--require-hashes" not in command and "--offline -e ." not in command
    ] == []
    locks = re.findall(r"-r (requirements/\w+\.txt)", " ".join(installs))
    assert locks == ["requirements/uv.txt", "requirements/base.txt", "requirements/compose.txt"]
    assert f"COPY {' '.join(locks)} requirements/" in DOCKERFILE
    for lock in locks:
        text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
        assert [line for line in text.splitlines() if "--hash=sha256:" not in line] == []


def test_the_image_runs_without_root():
    assert re.findall(r"^USER (\w+)", DOCKERFILE, flags=re.MULTILINE) == ["nightmarket"]
    assert all("user" not in service and not service.get("privileged") for service in SERVICES.values())


def test_what_is_copied_is_sent_to_the_engine():
    copied = {word for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, flags=re.MULTILINE) for word in line.split()}
    sent = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {word for word in copied if not any(Path(word).match(pattern) for pattern in sent)} == set()
    assert {word for word in copied if not (ROOT / word).exists()} == set()
