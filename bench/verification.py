"""What it costs to know who calls: the same request with and without a token, in one run.

python -m bench.verification

Two services beside each other, sandbox and production, asked turn by turn so that noise meets both
alike; then each alone by eight clients at once. Every token is its own, signed beforehand.
"""

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

import fixtures
import hooks
from bench.servers import SERVICE, running

VIEW = "als-aml-emergency.patient-view"
SERVICE_ID = "als-leukemia-patient-view"
BASE, ISSUER = "https://cds.example", "https://ehr.example"
ROUNDS = 400
CLIENTS = 8


def main() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    body = json.dumps(fixtures.request(VIEW, datetime.now(UTC))).encode()
    with tempfile.TemporaryDirectory() as folder:
        settings = _production(Path(folder), key)
        with running(SERVICE) as open_, running(SERVICE, **settings) as guarded:
            _until_ready(guarded.port)
            tokens = _tokens(key)
            ports = {"sandbox, no token": open_.port, "production, ES384": guarded.port}
            print("| calls | p50 ms | p95 ms | calls a second, 8 clients |")
            print("|---|---|---|---|")
            times = _turn_by_turn(ports, body, tokens)
            for name, port in ports.items():
                found = statistics.quantiles(times[name], n=20)
                rate = _rate(port, body, tokens)
                print(f"| {name} | {found[9] * 1000:.2f} | {found[18] * 1000:.2f} | {rate:.0f} |")


def _production(folder: Path, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    own = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    own = {**own, "kid": "one", "use": "sig", "key_ops": ["verify"]}
    (folder / "keys.json").write_text(json.dumps({"keys": [own]}))
    rules = {rule.id: rule.version for service in hooks.SERVICES for rule in service.rules()}
    (folder / "approvals.toml").write_text(
        "".join(
            f'[[approval]]\nrule = "{rule}"\nversion = "{version}"\n'
            'approver = "A bench"\ndate = 2026-01-01\n'
            for rule, version in rules.items()
        )
    )
    (folder / "clients.toml").write_text(
        f'[[client]]\nname = "bench"\nissuer = "{ISSUER}"\njwks = "{folder}/keys.json"\n'
        'fhir_servers = ["https://fhir.example/r4"]\n'
    )
    return {
        "CDS_MODE": "production",
        "CDS_BASE_URL": BASE,
        "CDS_CLIENTS": str(folder / "clients.toml"),
        "CDS_APPROVALS": str(folder / "approvals.toml"),
        "CDS_STORE": f"sqlite:///{folder}/cds.sqlite3",
        "CDS_TRUSTED_PROXIES": "127.0.0.1",
    }


def _tokens(key: ec.EllipticCurvePrivateKey) -> Iterator[str]:
    """Enough for all calls, signed before the first is timed."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": f"{BASE}/cds-services/{SERVICE_ID}",
        "iat": now,
        "exp": now + 500,
    }
    headers = {"kid": "one", "typ": "JWT"}
    return iter(
        [
            jwt.encode({**claims, "jti": str(uuid4())}, key, algorithm="ES384", headers=headers)
            for _ in range(8 * ROUNDS)
        ]
    )


def _turn_by_turn(
    ports: dict[str, int], body: bytes, tokens: Iterator[str]
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ports}
    connections = {
        name: http.client.HTTPConnection("127.0.0.1", port) for name, port in ports.items()
    }
    for _ in range(ROUNDS):
        for name, connection in connections.items():
            times[name].append(_call(connection, body, next(tokens)))
    return times


def _rate(port: int, body: bytes, tokens: Iterator[str]) -> float:
    shares = [[next(tokens) for _ in range(ROUNDS // 4)] for _ in range(CLIENTS)]

    def client(share: list[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for token in share:
            _call(connection, body, token)

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(client, shares))
    return sum(map(len, shares)) / (time.perf_counter() - started)


def _call(connection: http.client.HTTPConnection, body: bytes, token: str) -> float:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    started = time.perf_counter()
    connection.request("POST", f"/cds-services/{SERVICE_ID}", body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"answered {answer.status}")
    return time.perf_counter() - started


def _until_ready(port: int) -> None:
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/ready")
        if connection.getresponse().status == 200:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
