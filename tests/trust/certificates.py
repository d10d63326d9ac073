"""A hospital's own certificate authority, and servers with its certificates."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """Signs certificates; its own is in `bundle`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign("Hospital CA", self._key, x509.BasicConstraints(True, None))
        self.bundle = str(folder / "ca.pem")
        Path(self.bundle).write_bytes(_pem(self._certificate))

    def certificate(self, name: str) -> str:
        """A file with the certificate of a host, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternative = x509.SubjectAlternativeName([x509.DNSName(name)])
        file = self._folder / f"{name}.pem"
        file.write_bytes(_pem(self._sign(name, key, alternative)) + _private(key))
        return str(file)

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hospital CA")])
        builder = x509.CertificateBuilder(issuer, subject, key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(_BEGIN).not_valid_after(_END)
        return builder.add_extension(extension, critical=True).sign(self._key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


@dataclass
class TLSServer:
    """What a client said to it."""

    port: int
    names: list[str | None]
    """The server names asked for, one for each connection."""
    hosts: list[str | None]
    """The Host headers of the requests."""


class _Handler(BaseHTTPRequestHandler):
    hosts: list[str | None]

    def do_GET(self) -> None:
        """Answer with an empty object."""
        self.hosts.append(self.headers["Host"])
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that does not like the certificate hangs up: that is the test."""


@contextmanager
def serving(certificate: str) -> Iterator[TLSServer]:
    """A server with this certificate on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen = TLSServer(0, [], [])
    context.sni_callback = lambda _, name, __: seen.names.append(name)
    handler = type("Handler", (_Handler,), {"hosts": seen.hosts})
    with _Quiet(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        seen.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
