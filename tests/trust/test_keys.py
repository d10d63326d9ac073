"""Key sets: which keys of them count, and when they are read."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cds_service import keys
from cds_service.keys import KeySetError, KeySource, read_file, read_key_set, strict_object
from cds_service.outbound import OutboundRefused
from tests.trust.tokens import ABSENT, Json, Watch, edwards, elliptic, jwk, key_set, of, rivest

# --- What a set says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("private", "algorithms"),
    [
        (of("ES256"), {"ES256"}),
        (of("ES384"), {"ES384"}),
        (of("ES512"), {"ES512"}),
        (edwards(), {"EdDSA"}),
    ],
    ids=["P-256", "P-384", "P-521", "Ed25519"],
)
def test_a_curve_is_for_one_algorithm(private: object, algorithms: set[str]) -> None:
    assert read_key_set(key_set(jwk(private))).keys["one"].algorithms == algorithms


def test_an_rsa_key_is_for_every_rsa_algorithm_but_where_it_names_one() -> None:
    found = read_key_set(key_set(jwk(rivest()), jwk(rivest(), "two", alg="RS384"))).keys
    assert found["one"].algorithms == {"RS256", "RS384", "RS512", "PS384"}
    assert found["two"].algorithms == {"RS384"}


UNUSED: dict[str, Callable[[], Json]] = {
    "no kid": lambda: jwk(elliptic(), ABSENT),
    "kid empty": lambda: jwk(elliptic(), ""),
    "kid a number": lambda: jwk(elliptic(), 1),
    "for encryption": lambda: jwk(elliptic(), "two", use="enc"),
    "use null": lambda: jwk(elliptic(), "two", use=None),
    "for signing only": lambda: jwk(elliptic(), "two", key_ops=["sign"]),
    "for nothing": lambda: jwk(elliptic(), "two", key_ops=[]),
    "operations as text": lambda: jwk(elliptic(), "two", key_ops="verify"),
    "an algorithm that the key cannot do": lambda: jwk(elliptic(), "two", alg="ES256"),
    "an algorithm for encryption": lambda: jwk(rivest(), "two", alg="RSA-OAEP"),
    "alg none": lambda: jwk(elliptic(), "two", alg="none"),
    "alg HS256": lambda: jwk(rivest(), "two", alg="HS256"),
    "no kty": lambda: jwk(elliptic(), "two", kty=ABSENT),
    "an unknown kty": lambda: jwk(elliptic(), "two", kty="AKP"),
    "kty a list": lambda: jwk(elliptic(), "two", kty=["EC"]),
    "no crv": lambda: jwk(elliptic(), "two", crv=ABSENT),
    "another crv": lambda: jwk(elliptic(), "two", crv="P-256"),
    "a curve of coins": lambda: jwk(elliptic(ec.SECP256K1), "two"),
    "a point off the curve": lambda: jwk(elliptic(), "two", x=jwk(elliptic(number=1))["x"]),
    "no y": lambda: jwk(elliptic(), "two", y=ABSENT),
    "x a number": lambda: jwk(elliptic(), "two", x=7),
    "x no base64": lambda: jwk(elliptic(), "two", x="ä"),
    "RSA of 1024 bits": lambda: jwk(rivest(1024), "two"),
    "RSA of 2040 bits": lambda: jwk(rivest(2040), "two"),
    "RSA with exponent 1": lambda: jwk(rivest(), "two", e="AQ"),
    "RSA without n": lambda: jwk(rivest(), "two", n=ABSENT),
    "RSA of 16384 bits": lambda: jwk(rivest(), "two", n="_" * 2731),
}


@pytest.mark.parametrize("make", UNUSED.values(), ids=UNUSED)
def test_keys_for_something_else_are_left_out(make: Callable[[], Json]) -> None:
    """https://www.rfc-editor.org/rfc/rfc7517#section-5: they do not spoil the set."""
    found = read_key_set(key_set(make(), jwk(elliptic())))
    assert (set(found.keys), found.unused) == ({"one"}, 1)
    with pytest.raises(KeySetError, match="holds no key to check signatures with"):
        read_key_set(key_set(make()))


def private_jwk(private: object) -> Json:
    return {**jwk(private), "d": "AQAB"}


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "a private EC key": (lambda: key_set(private_jwk(elliptic())), "holds a private or"),
    "a private RSA key": (lambda: key_set(private_jwk(rivest())), "holds a private or"),
    "a private key among others": (
        lambda: key_set(jwk(elliptic()), private_jwk(elliptic(number=1))),
        "holds a private or",
    ),
    "a prime of an RSA key": (lambda: key_set(jwk(rivest(), p="AQAB")), "holds a private or"),
    "a private key for something else": (
        lambda: key_set(jwk(elliptic()), {**private_jwk(elliptic(number=1)), "use": "enc"}),
        "holds a private or",
    ),
    "a symmetric key": (
        lambda: key_set(jwk(elliptic()), {"kty": "oct", "k": "AQAB", "kid": "two"}),
        "holds a private or symmetric key",
    ),
    "a symmetric key without its value": (
        lambda: key_set(jwk(elliptic()), {"kty": "oct", "kid": "two"}),
        "holds a private or symmetric key",
    ),
    "one kid twice": (
        lambda: key_set(jwk(elliptic()), jwk(rivest())),
        "holds two keys of one kid",
    ),
    "no keys": (key_set, "holds no key"),
    "one key, no set": (lambda: json.dumps(jwk(elliptic())).encode(), "is no JWK Set"),
    "keys an object": (lambda: json.dumps({"keys": jwk(elliptic())}).encode(), "is no JWK Set"),
    "a key of text": (lambda: key_set("key"), "is no JWK Set"),
    "a list": (lambda: b"[]", "is no JSON object"),
    "a page": (lambda: b"<html>login</html>", "is no JSON object"),
    "nothing": (lambda: b"", "is no JSON object"),
    "nested deeply": (lambda: b'{"keys":' + b"[" * 100_000, "is no JSON object"),
    "keys twice": (
        lambda: b'{"keys":[],' + key_set(jwk(elliptic()))[1:],
        "is no JSON object, or has a name twice",
    ),
    "kid twice": (
        lambda: key_set(jwk(elliptic())).replace(b'"kid"', b'"kid":"x","kid"'),
        "is no JSON object, or has a name twice",
    ),
    "101 keys": (
        lambda: key_set(*(jwk(elliptic(), str(n)) for n in range(101))),
        "holds more than 100 keys",
    ),
    "too large": (lambda: b" " * (256 * 1024 + 1), "is larger than 262144 bytes"),
}


@pytest.mark.parametrize(("make", "reason"), BAD.values(), ids=BAD)
def test_a_set_in_bad_hands_is_refused_as_a_whole(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(KeySetError) as refusal:
        read_key_set(make())
    assert str(refusal.value).startswith(reason)


def test_keys_may_share_a_kid_with_what_is_for_something_else() -> None:
    found = read_key_set(key_set(jwk(elliptic()), jwk(rivest(), use="enc")))
    assert (found.keys["one"].algorithms, found.unused) == ({"ES384"}, 1)


@pytest.mark.parametrize("text", [b"NaN", b'{"x":NaN}', b'{"x":-Infinity}', b'{"x":{"y":1,"y":1}}'])
def test_json_that_two_readers_may_read_apart_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"no JSON number|twice"):
        strict_object(text)


def test_a_key_file_is_read_in_bounded_size(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(b" " * 300_000)
    assert len(read_file(str(file))) == 256 * 1024 + 1
    for path in (tmp_path / "absent.json", tmp_path, "nul\0"):
        with pytest.raises(KeySetError, match="cannot be read"):
            read_file(str(path))


# --- When it is read ------------------------------------------------------------------------------


class Place:
    """A key set that changes, and how often it was read."""

    def __init__(self, *names: str) -> None:
        self.content: bytes | Exception = b""
        self.reads = 0
        self.holds(*names)

    def holds(self, *names: str) -> None:
        self.content = key_set(*(jwk(elliptic(), name) for name in names))

    def __call__(self) -> bytes:
        self.reads += 1
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


@pytest.fixture
def place() -> Place:
    return Place("one")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def source(place: Place, watch: Watch) -> KeySource:
    source = KeySource("general", place, watch)
    assert source.key("one") is not None
    return source


def settled(source: KeySource) -> None:
    """Wait for a reading that goes on beside."""
    with source._reading:
        pass


def test_a_key_that_is_held_is_answered_without_reading(source: KeySource, place: Place) -> None:
    assert all(source.key("one") for _ in range(100))
    assert (place.reads, source.problem, source.has_keys()) == (1, "", True)


def test_an_unknown_kid_has_the_set_read_again(
    source: KeySource, place: Place, watch: Watch
) -> None:
    place.holds("one", "two")
    watch.seconds += keys.ASK_AGAIN_SECONDS
    assert source.key("two") is not None
    assert place.reads == 2


def test_invented_kids_have_it_read_once_in_a_while(
    source: KeySource, place: Place, watch: Watch
) -> None:
    for number in range(290):
        watch.seconds += 1
        assert source.key(f"invented {number}") is None
    assert place.reads == 1 + 290 // keys.ASK_AGAIN_SECONDS


def test_a_set_that_fails_is_not_read_more_often(place: Place, watch: Watch) -> None:
    place.content = OutboundRefused("it did not answer in time")
    source = KeySource("general", place, watch)
    for _ in range(60):
        assert source.key("one") is None
        watch.seconds += 1
    assert place.reads == 2
    assert source.problem == "cannot be fetched: it did not answer in time"
    assert not source.has_keys()


def test_a_withdrawn_key_counts_no_longer(source: KeySource, place: Place, watch: Watch) -> None:
    """The first use after some minutes has the set read beside it, and gets the old answer."""
    place.holds("two")
    watch.seconds += keys.FRESH_SECONDS
    assert source.key("one") is not None
    assert place.reads == 1
    watch.seconds += 1
    assert source.key("one") is not None
    settled(source)
    assert place.reads == 2
    assert source.key("one") is None


def test_a_withdrawn_key_counts_no_longer_after_a_quiet_time(
    source: KeySource, place: Place, watch: Watch
) -> None:
    place.holds("two")
    watch.seconds += keys.UNASKED_SECONDS + 1
    assert source.key("one") is None


FAILURES = {
    "refused": OutboundRefused("its address is private"),
    "no file": KeySetError("cannot be read"),
    "unexpected": RuntimeError("https://ehr.example/keys?secret"),
    "a page": b"<html>",
    "a private key": key_set(private_jwk(elliptic())),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_keys_stay_usable_for_a_day_while_the_set_cannot_be_read(
    source: KeySource,
    place: Place,
    watch: Watch,
    failure: bytes | Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place.content = failure
    watch.seconds += keys.USABLE_SECONDS
    with caplog.at_level(logging.WARNING):
        assert source.key("one") is not None
    assert place.reads == 2
    [said] = map(vars, caplog.records)
    assert (said["msg"], said["client"]) == ("a key set cannot be used", "general")
    assert "http" not in said["reason"]
    watch.seconds += 1
    assert source.key("one") is None
    assert not source.has_keys()
    place.holds("one")
    watch.seconds += keys.ASK_AGAIN_SECONDS
    assert source.key("one") is not None


# --- Several threads ------------------------------------------------------------------------------


class Slow(Place):
    """A key set that is read until it is told to end."""

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.begun, self.end = threading.Event(), threading.Event()

    def __call__(self) -> bytes:
        self.begun.set()
        assert self.end.wait(30)
        return super().__call__()


def run(source: KeySource, kid: str, answers: list[object]) -> threading.Thread:
    thread = threading.Thread(target=lambda: answers.append(source.key(kid)))
    thread.start()
    return thread


def test_one_reading_answers_those_who_wait_and_holds_few() -> None:
    place, answers = Slow("one"), list[object]()
    source = KeySource("general", place, Watch())
    waiting = [run(source, "one", answers)]
    assert place.begun.wait(30)
    waiting += [run(source, "one", answers) for _ in range(20)]
    refused = 21 - keys.MOST_WAITING
    for _ in range(3000):
        if len(answers) == refused:
            break
        time.sleep(0.01)
    assert answers == [None] * refused
    place.end.set()
    for thread in waiting:
        thread.join(30)
    assert sum(answer is not None for answer in answers) == keys.MOST_WAITING
    assert place.reads == 1


def test_known_keys_wait_for_no_reading(watch: Watch) -> None:
    place = Slow("one")
    place.end.set()
    source = KeySource("general", place, watch)
    assert source.key("one") is not None
    place.end.clear()
    place.begun.clear()
    watch.seconds += keys.FRESH_SECONDS + 1
    # This would hang here, were the reading not on another thread, and only one.
    assert all(source.key("one") for _ in range(50))
    assert place.begun.wait(30)
    place.end.set()
    settled(source)
    assert place.reads == 2


def test_without_a_thread_to_be_had_the_next_request_tries_again(
    source: KeySource, place: Place, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    watch.seconds += keys.FRESH_SECONDS + 1
    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", start)
        assert source.key("one") is not None
    assert source.key("one") is not None
    settled(source)
    assert place.reads == 2
