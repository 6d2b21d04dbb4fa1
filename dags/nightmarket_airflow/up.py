"""`make up`: Airflow and MLflow with their UIs, on this machine only, until Ctrl-C.

Airflow's components run side by side as ``airflow standalone`` would start them, but without its
log server (which listens on every interface), with an own secret and password, and with the
writer's pool. Everything listens on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from nightmarket.errors import NightmarketError
from nightmarket.io.tracking import mlflow_uri
from nightmarket.settings import PROJECT_DIR, Settings, load_settings
from nightmarket_airflow.home import WAREHOUSE_POOL, airflow_environment, airflow_home, only_one

HOST = "127.0.0.1"
USER = "admin"
BIN = Path(sys.executable).parent
START_SECONDS = 180
STOP_SECONDS = 20


class PortTaken(NightmarketError, OSError):
    """Another program listens where a UI should."""


class ServiceEnded(NightmarketError, RuntimeError):
    """A component ended, or did not come up."""


@dataclass(frozen=True)
class Service:
    """One long-running component, leader of a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def main() -> int:
    """Start everything, say where it is, wait. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make up", description=__doc__)
    parser.add_argument("--airflow-port", type=int, default=8080, help="Where Airflow's UI listens (8080).")
    parser.add_argument("--mlflow-port", type=int, default=5001, help="Where MLflow's UI listens (5001).")
    ports = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        settings = load_settings()
        home = airflow_home(settings, "up")
        with only_one(home, "`make up`"):
            refuse_taken_port(ports.airflow_port, "AIRFLOW_PORT")
            refuse_taken_port(ports.mlflow_port, "MLFLOW_PORT")
            return _serve(settings, home, airflow_port=ports.airflow_port, mlflow_port=ports.mlflow_port)
    except KeyboardInterrupt:
        print("Stopped.")
        return 0
    except NightmarketError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code


def refuse_taken_port(port: int, variable: str) -> None:
    """Check that ``port`` is free on this machine.

    Raises
    ------
    PortTaken
        Something listens there, or it may not be used.
    """
    with contextlib.closing(socket.socket()) as probe:
        # As the servers will do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise PortTaken(
                f"Got port {port} that cannot be used ({error}) but expected a free one. "
                f"Stop what listens there, or choose another: make up {variable}={port + 10}"
            ) from error


def secret_file(path: Path, *, n_bytes: int) -> str:
    """Return the secret in ``path``, made once and readable by its owner only."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(n_bytes))
    path.chmod(0o600)
    return path.read_text().strip()


def password_file(path: Path) -> str:
    """Return the generated password of ``USER`` in the file that Airflow's simple auth manager reads."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({USER: secrets.token_urlsafe(12)}, file)
    path.chmod(0o600)
    return str(json.loads(path.read_text())[USER])


def up_environment(home: Path, port: int) -> dict[str, str]:
    """Return the environment of Airflow's components."""
    url = f"http://{HOST}:{port}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return (
        inherited
        | airflow_environment(home)
        | {
            "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secret_file(home / "session.secret", n_bytes=64),
            # At least 64 bytes, the same for every component.
            "AIRFLOW__API_AUTH__JWT_SECRET": secret_file(home / "jwt.secret", n_bytes=96),
            # DAG files change when somebody updates the checkout; every 30 s would keep a core warm for nothing.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # its job runner serves features that are not used here
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        }
    )


def _serve(settings: Settings, home: Path, *, airflow_port: int, mlflow_port: int) -> int:
    password = password_file(home / "passwords.json")
    environment = up_environment(home, airflow_port) | {"MLFLOW_BACKEND_STORE_URI": mlflow_uri(settings)}
    logs = settings.var_dir / "logs" / "up"
    logs.mkdir(parents=True, exist_ok=True)
    mlflow = settings.mlflow_dir
    (mlflow / "artifacts").mkdir(parents=True, exist_ok=True)
    airflow = str(BIN / "airflow")
    print("Preparing Airflow's database ...", flush=True)
    for command in (["db", "migrate"], ["pools", "set", WAREHOUSE_POOL, "1", "The one writer of the warehouse."]):
        _once([airflow, *command], environment, logs / "database.log")
    commands = {
        "api-server": [airflow, "api-server"],
        "scheduler": [airflow, "scheduler", "--skip-serve-logs"],
        "dag-processor": [airflow, "dag-processor"],
        "triggerer": [airflow, "triggerer", "--skip-serve-logs"],
        "mlflow": [
            *(str(BIN / "mlflow"), "server", "--host", HOST, "--port", str(mlflow_port), "--workers", "1"),
            *("--artifacts-destination", str(mlflow / "artifacts")),
            *("--allowed-hosts", f"{HOST}:{mlflow_port},localhost:{mlflow_port}"),
        ],
    }
    with _running(commands, environment, logs) as services:
        print("Starting Airflow and MLflow ...", flush=True)
        _await(services, airflow_port=airflow_port, mlflow_port=mlflow_port)
        print(
            f"\nAirflow    http://{HOST}:{airflow_port}   user {USER}, password {password}\n"
            f"MLflow     http://{HOST}:{mlflow_port}   no login; it listens on this machine only\n"
            f"Reports    {settings.reports_dir}\n"
            f"Logs       {logs}\n\n"
            "The DAGs `nightly` and `train` are paused: unpause one to schedule it, or trigger it once.\n"
            "Ctrl-C stops everything.",
            flush=True,
        )
        while True:
            _refuse_ended(services)
            time.sleep(1)


def _once(command: list[str], environment: dict[str, str], log: Path) -> None:
    with log.open("ab") as file:
        ended = subprocess.run(command, env=environment, cwd=PROJECT_DIR, stdout=file, stderr=file, check=False)  # noqa: S603
    if ended.returncode:
        raise ServiceEnded(
            f"Got exit code {ended.returncode} from `{' '.join(command)}`, expected 0. Its log is {log}."
        )


@contextlib.contextmanager
def _running(commands: dict[str, list[str]], environment: dict[str, str], logs: Path) -> Iterator[list[Service]]:
    services: list[Service] = []
    try:
        for name, command in commands.items():
            log = logs / f"{name}.log"
            services.append(Service(name, _start(command, environment, log.open("ab")), log))
        yield services
    finally:
        print("Stopping ...", flush=True)
        _stop(services)


def _start(command: list[str], environment: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    with log:
        return subprocess.Popen(  # noqa: S603 - composed above
            command,
            env=environment,
            cwd=PROJECT_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for this process; it stops the others in order
        )


def _stop(services: list[Service]) -> None:
    """Stop every component and whatever it started (a running step leads a group of its own)."""
    everything: dict[int, psutil.Process] = {}
    for service in services:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader = psutil.Process(service.process.pid)
            everything |= {process.pid: process for process in [leader, *leader.children(recursive=True)]}
    for service in services:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(service.process.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(everything.values(), timeout=STOP_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def _refuse_ended(services: list[Service]) -> None:
    for service in services:
        code = service.process.poll()
        if code is not None:
            tail = "\n".join(service.log.read_text(errors="replace").splitlines()[-8:])
            raise ServiceEnded(
                f"Got {service.name} ended with exit code {code}, expected it to run until Ctrl-C. "
                f"Its log is {service.log} and ends with:\n{tail}"
            )


def _await(services: list[Service], *, airflow_port: int, mlflow_port: int) -> None:
    """Wait until both UIs answer and Airflow's scheduler and DAG processor are alive."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        _refuse_ended(services)
        health = _get(f"http://{HOST}:{airflow_port}/api/v2/monitor/health")
        parts = json.loads(health) if health else {}
        alive = all((parts.get(part) or {}).get("status") == "healthy" for part in ("scheduler", "dag_processor"))
        if alive and _get(f"http://{HOST}:{mlflow_port}/health"):
            return
        time.sleep(1)
    raise ServiceEnded(
        f"Got no healthy Airflow and MLflow after {START_SECONDS} s, expected both. Look into {services[0].log.parent}."
    )


def _get(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - a fixed http URL on this machine
            return str(answer.read().decode())
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
