"""The files of deploy/ say what the service is, and give away nothing.

No container engine is needed: `make deploy-check` judges their form, these tests what they mean.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service.app import create_app
from cds_service.production import lacking
from cds_service.settings import FROM_FILE, PREFIX, Settings, read_settings
from hooks import SERVICES
from tests.patients import NOW

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMAGE = f"als-leukemia-cds:{PROJECT['version']}"
SECRETS = ("store", "hash_key", "operator_token")
"""Settings that may hold a secret."""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: name and the rest, continued lines joined."""
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(line.split(" ")[0], line.partition(" ")[2]) for line in joined if line]


def said(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


def resource(kind: str) -> dict[str, Any]:
    documents = [yaml.safe_load(path.read_text()) for path in KUBERNETES.glob("*.yaml")]
    [found] = [document for document in documents if document["kind"] == kind]
    return dict(found)


def pod() -> dict[str, Any]:
    return dict(resource("Deployment")["spec"]["template"]["spec"])


def container() -> dict[str, Any]:
    [found] = pod()["containers"]
    return dict(found)


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def production_settings() -> dict[str, str]:
    lines = (KUBERNETES / "settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def paths_answered() -> set[str]:
    return {str(rule) for rule in create_app(Settings()).url_map.iter_rules()}


# -- the image -------------------------------------------------------------------------------------


def test_every_command_of_the_image_runs_without_a_shell() -> None:
    health = [check.partition("CMD ")[2] for check in said("HEALTHCHECK")]
    commands = [*said("RUN"), *said("CMD"), *said("ENTRYPOINT"), *health]
    assert len(commands) == len(said("RUN")) + 3
    assert all(isinstance(json.loads(command), list) for command in commands)


def test_the_image_starts_the_service_itself_so_that_signals_reach_it() -> None:
    assert json.loads(said("ENTRYPOINT")[-1]) + json.loads(said("CMD")[-1]) == [
        "als-leukemia-cds",
        "serve",
    ]
    assert said("STOPSIGNAL") == ["SIGTERM"]


def test_all_that_the_image_installs_is_locked_by_hash() -> None:
    installs = [json.loads(command) for command in said("RUN") if '"pip"' in command]
    installs = [each for each in installs if "install" in each]
    assert len(installs) == 2
    assert [each for each in installs if not {"--require-hashes", "--no-deps"} & {*each}] == []
    assert [base for base in said("ARG") if not re.search(r"=\d+\.\d+-slim-\w+$", base)] == []


def test_the_image_holds_the_versions_that_the_tests_ran_with() -> None:
    def pins(path: str) -> set[str]:
        return {*re.findall(r"^\S+==\S+", (ROOT / path).read_text(), flags=re.MULTILINE)}

    of_image = pins("deploy/requirements.lock")
    assert pins("requirements.lock") <= of_image
    more = {pin.split("==")[0] for pin in of_image - pins("requirements.lock")}
    assert more == {"psycopg", "psycopg-binary", "tzdata"}
    assert of_image <= pins("requirements-dev.lock")


def test_what_the_image_copies_is_sent_to_the_engine_and_nothing_else_is() -> None:
    copied = {name for line in said("COPY") if "--from" not in line for name in line.split()[:-1]}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert copied == allowed
    assert "*" in ignored
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_health_check_asks_a_path_that_is_answered() -> None:
    [path] = re.findall(r"'(/\w+)'", said("HEALTHCHECK")[0])
    assert path in paths_answered()


def test_what_a_platform_sets_is_not_overruled_by_the_image() -> None:
    """CDS_HOST and CDS_PORT count before HOST and PORT."""
    assert [line for line in said("ENV") if "CDS_" in line] == []


# -- who runs it -----------------------------------------------------------------------------------


def test_every_file_names_the_same_user_who_is_not_root() -> None:
    context = pod()["securityContext"]
    numbers = {int(number) for number in said("USER")[-1].split(":")}
    numbers |= {context[name] for name in ("runAsUser", "runAsGroup", "fsGroup")}
    for name in ("cds", "stories"):
        numbers |= {int(number) for number in compose()["services"][name]["user"].split(":")}
    assert len(numbers) == 1
    assert min(numbers) > 9_999
    assert context["runAsNonRoot"] is True


def test_a_pod_fits_the_restricted_profile() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["automountServiceAccountToken"] is False
    assert {name for volume in pod()["volumes"] for name in volume} <= {
        "name",
        "emptyDir",
        "configMap",
        "secret",
    }


@pytest.mark.parametrize("name", compose()["services"])
def test_no_service_of_compose_has_capabilities_or_an_open_port(name: str) -> None:
    service = compose()["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", name == "fhir")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_an_image_is_named_by_its_version() -> None:
    named = {each["image"] for each in compose()["services"].values()} | {container()["image"]}
    assert IMAGE in named
    assert [name for name in named if name.startswith("als") and name != IMAGE] == []
    assert [name for name in named if ":" not in name or name.endswith(":latest")] == []
    assert f'image.version="{IMAGE.partition(":")[2]}"' in " ".join(said("LABEL"))


# -- what it is told -------------------------------------------------------------------------------


def environments() -> dict[str, dict[str, str]]:
    services = compose()["services"]
    return {
        "kubernetes": production_settings(),
        "compose": services["cds"]["environment"],
        "image": {"HOST": "0.0.0.0"},
    }


@pytest.mark.parametrize("where", environments())
def test_every_setting_that_is_given_exists(where: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 40)
    given = {
        name: str(secret) if name.endswith(FROM_FILE) else value
        for name, value in environments()[where].items()
    }
    read_settings(given)


@pytest.mark.parametrize("where", environments())
def test_a_secret_is_given_by_a_file_only(where: str) -> None:
    given = environments()[where]
    assert [name for name in SECRETS if PREFIX + name.upper() in given] == []
    text = "\n".join(path.read_text() for path in DEPLOY.rglob("*") if path.is_file())
    assert re.findall(r"://[^\s/@]+:[^\s/@]+@", text) == []
    assert "kind: Secret" not in text


def test_several_replicas_share_their_store_and_the_key_of_their_hashes() -> None:
    given = production_settings()
    assert resource("Deployment")["spec"]["replicas"] > 1
    assert {"CDS_STORE_FILE", "CDS_HASH_KEY_FILE"} <= given.keys()
    mounts = {each["mountPath"] for each in container()["volumeMounts"]}
    files = [value for value in given.values() if value.startswith(("/etc", "/run"))]
    assert [file for file in files if str(Path(file).parent) not in mounts] == []
    # A file mounted by subPath is not replaced when what it comes from changes.
    assert [each for each in container()["volumeMounts"] if "subPath" in each] == []


def test_production_lacks_nothing_but_what_a_site_gives(tmp_path: Path) -> None:
    settings = read_settings(
        {name: value for name, value in production_settings().items() if FROM_FILE not in name}
        | {"CDS_STORE": "postgresql+psycopg://cds@db.example/cds?sslmode=verify-full"}
    )
    found = lacking(settings, SERVICES, NOW.date())
    assert found
    assert [each for each in found if "/etc/cds/" not in each] == []


def test_other_services_of_the_cluster_set_no_settings() -> None:
    """Kubernetes tells of a Service `cds` by CDS_PORT, which would be taken for the setting."""
    assert pod()["enableServiceLinks"] is False


# -- who watches and reaches it --------------------------------------------------------------------


def test_probes_ask_paths_that_are_answered_without_a_proxy() -> None:
    asked = {
        name: container()[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }
    # A database that is away must not restart the process, which would not help.
    assert asked == {"startup": "/health", "liveness": "/health", "readiness": "/ready"}
    assert set(asked.values()) <= paths_answered()


def test_ports_agree() -> None:
    [port] = container()["ports"]
    assert str(port["containerPort"]) == production_settings()["CDS_PORT"] == said("EXPOSE")[0]
    assert resource("Service")["spec"]["ports"][0]["targetPort"] == port["name"]
    let_in = resource("NetworkPolicy")["spec"]["ingress"][0]["ports"]
    assert [each["port"] for each in let_in] == [port["containerPort"]]


def test_nothing_reaches_out_but_to_names_the_database_and_https() -> None:
    policy = resource("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["to"] for rule in policy["egress"])
    assert {each["port"] for rule in policy["egress"] for each in rule["ports"]} == {53, 5432, 443}


def test_every_selector_finds_the_pods() -> None:
    labels = resource("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert resource("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert resource("Service")["spec"]["selector"] == labels
    assert resource("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert resource("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    spread = [each["labelSelector"]["matchLabels"] for each in pod()["topologySpreadConstraints"]]
    assert spread == [labels, labels]


def test_kustomize_finds_every_manifest() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    there = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert {*listed["resources"]} == there
