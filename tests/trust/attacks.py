"""Tokens as attackers make them: how each is made, and the reason for which it is refused.

What goes wrong with tokens: https://www.rfc-editor.org/rfc/rfc8725#section-2. Here: algorithms,
signatures, keys, headers and the form; in `false_claims` what tokens say.
"""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.serialization import Encoding

from tests.trust.attackers import (
    CLINIC,
    EXTENSION,
    FLIPPED,
    FOREIGN,
    FOREIGN_SET,
    FORGED,
    NO_ALGORITHM,
    NO_BEARER,
    NO_JWT,
    NO_KEY,
    NO_SET,
    NO_TYPE,
    OVERSIZED,
    PLAIN,
    SOUND,
    UNKNOWN_KEY,
    WRONG_KEY,
    WRONG_SIGNATURE,
    changed,
    der,
    headed,
    keyed,
    public,
    says,
    signed,
)
from tests.trust.false_claims import AUDIENCE, IDS, ISSUERS, OTHERS, TIMES
from tests.trust.tokens import (
    ABSENT,
    ALGORITHMS,
    JKU,
    bearer,
    claims,
    elliptic,
    encoded,
    header,
    jwk,
    key_set,
    of,
    rivest,
)

ALGORITHM = {
    "none": (lambda: signed(lambda _: b"?", alg="none"), NO_ALGORITHM),
    "None": (lambda: signed(lambda _: b"?", alg="None"), NO_ALGORITHM),
    "NONE": (lambda: signed(lambda _: b"?", alg="NONE"), NO_ALGORITHM),
    "none without a signature": (lambda: signed(lambda _: b"", alg="none"), NO_BEARER),
    "HS256 with the public key as PEM": (
        lambda: keyed("HS256", public(Encoding.PEM)),
        NO_ALGORITHM,
    ),
    "HS256 with the public key as DER": (
        lambda: keyed("HS256", public(Encoding.DER)),
        NO_ALGORITHM,
    ),
    "HS384 with the key set": (lambda: keyed("HS384", key_set(jwk(of("RS384")))), NO_ALGORITHM),
    "HS256 with nothing": (lambda: keyed("HS256", b""), NO_ALGORITHM),
    "no algorithm": (lambda: headed(alg=ABSENT), NO_ALGORITHM),
    "algorithm null": (lambda: headed(alg=None), NO_ALGORITHM),
    "a list of algorithms": (lambda: headed(alg=["ES384"]), NO_ALGORITHM),
    "algorithm in lower case": (lambda: headed(alg="es384"), NO_ALGORITHM),
    "an algorithm that the client does not use": (
        lambda: bearer(header(alg="ES256", kid="short", jku=JKU), claims(tenant="north")),
        NO_ALGORITHM,
    ),
    "RS384 with an EC key": (
        lambda: signed(lambda text: ALGORITHMS["RS384"].sign(text, rivest()), alg="RS384"),
        WRONG_KEY,
    ),
    "ES384 with an RSA key": (lambda: headed(kid="two"), WRONG_KEY),
    "ES384 with a P-256 key": (lambda: headed(kid="short"), WRONG_KEY),
    "RS384 with a key of 1024 bits": (
        lambda: bearer(header(alg="RS384", kid="weak", jku=JKU), claims(), private=rivest(1024)),
        UNKNOWN_KEY,
    ),
}
SIGNATURE = {
    "by another key under the same kid": (lambda: headed(private=FORGED), WRONG_SIGNATURE),
    "by another client's key": (lambda: headed(private=elliptic(number=3)), WRONG_SIGNATURE),
    "one bit changed": (lambda: FLIPPED, WRONG_SIGNATURE),
    "claims changed": (
        lambda: changed(SOUND, 1, encoded(json.dumps(claims(tenant="south")).encode())),
        WRONG_SIGNATURE,
    ),
    "of another token": (
        lambda: changed(SOUND, 2, says(jti="2").split(".")[2]),
        WRONG_SIGNATURE,
    ),
    "r and s zero": (lambda: signed(lambda _: bytes(96)), WRONG_SIGNATURE),
    "r and s one": (lambda: signed(lambda _: (bytes(47) + b"\1") * 2), WRONG_SIGNATURE),
    "r and s all ones": (lambda: signed(lambda _: b"\xff" * 96), WRONG_SIGNATURE),
    "ECDSA as DER": (lambda: signed(der), WRONG_SIGNATURE),
    "cut short": (lambda: changed(SOUND, 2, SOUND.split(".")[2][:64]), WRONG_SIGNATURE),
    "longer": (lambda: SOUND + "AAAA", WRONG_SIGNATURE),
    "RSA, one byte": (lambda: signed(lambda _: b"\1", alg="RS384", kid="two"), WRONG_SIGNATURE),
    "RSA, zeros": (lambda: signed(lambda _: bytes(256), alg="RS384", kid="two"), WRONG_SIGNATURE),
    "RSASSA-PSS for RS384": (
        lambda: signed(
            lambda text: ALGORITHMS["PS384"].sign(text, rivest()), alg="RS384", kid="two"
        ),
        WRONG_SIGNATURE,
    ),
    "SHA-256 for RS384": (
        lambda: signed(
            lambda text: ALGORITHMS["RS256"].sign(text, rivest()), alg="RS384", kid="two"
        ),
        WRONG_SIGNATURE,
    ),
}
KEY = {
    "no kid": (lambda: headed(kid=ABSENT), NO_KEY),
    "kid empty": (lambda: headed(kid=""), NO_KEY),
    "kid null": (lambda: headed(kid=None), NO_KEY),
    "kid a number": (lambda: headed(kid=1), NO_KEY),
    "kid a list": (lambda: headed(kid=["one"]), NO_KEY),
    "kid an object": (lambda: headed(kid={"one": 1}), NO_KEY),
    "kid unknown": (lambda: headed(kid="three"), UNKNOWN_KEY),
    "kid a path": (lambda: headed(kid="../../../../dev/null"), UNKNOWN_KEY),
    "kid a file": (lambda: headed(kid="file:///etc/passwd"), UNKNOWN_KEY),
    "kid SQL": (lambda: headed(kid="x' UNION SELECT 'one' --"), UNKNOWN_KEY),
    "kid with NUL": (lambda: headed(kid="one\0"), UNKNOWN_KEY),
    "kid half a character": (lambda: headed(kid="\ud800"), UNKNOWN_KEY),
    "kid in capitals": (lambda: headed(kid="ONE"), UNKNOWN_KEY),
    "a key for encryption": (
        lambda: headed(kid="encryption", private=elliptic(number=2)),
        UNKNOWN_KEY,
    ),
    "jku foreign": (lambda: headed(jku=FOREIGN, private=FORGED), FOREIGN_SET),
    "jku with the registered one as user": (
        lambda: headed(jku=f"{JKU}@attacker.example/keys", private=FORGED),
        FOREIGN_SET,
    ),
    "jku below the registered one": (lambda: headed(jku=f"{JKU}/../mine"), FOREIGN_SET),
    "jku with a query": (lambda: headed(jku=f"{JKU}?to={FOREIGN}"), FOREIGN_SET),
    "jku with a fragment": (lambda: headed(jku=f"{JKU}#"), FOREIGN_SET),
    "jku in capitals": (lambda: headed(jku=JKU.upper()), FOREIGN_SET),
    "jku without TLS": (lambda: headed(jku=JKU.replace("https", "http")), FOREIGN_SET),
    "jku another client's": (
        lambda: headed(jku=CLINIC.jwks, private=elliptic(number=3)),
        FOREIGN_SET,
    ),
    "jku empty": (lambda: headed(jku=""), FOREIGN_SET),
    "jku null": (lambda: headed(jku=None), FOREIGN_SET),
    "jku a list": (lambda: headed(jku=[JKU]), FOREIGN_SET),
    "jku an object": (lambda: headed(jku={JKU: JKU}), FOREIGN_SET),
    "no jku where there is no other set": (lambda: headed(jku=ABSENT), NO_SET),
    "its own key as jwk": (
        lambda: headed(jwk=jwk(FORGED), private=FORGED),
        WRONG_SIGNATURE,
    ),
    "its own key as jwk under its own kid": (
        lambda: headed(kid="mine", jwk=jwk(FORGED, "mine"), private=FORGED),
        UNKNOWN_KEY,
    ),
    "its own certificate as x5c": (
        lambda: headed(x5c=["MIIB"], private=FORGED),
        WRONG_SIGNATURE,
    ),
    "its own certificate as x5u": (
        lambda: headed(x5u=FOREIGN, private=FORGED),
        WRONG_SIGNATURE,
    ),
}
HEADER = {
    "typ missing": (lambda: headed(typ=ABSENT), NO_TYPE),
    "typ of an access token": (lambda: headed(typ="at+jwt"), NO_TYPE),
    "typ null": (lambda: headed(typ=None), NO_TYPE),
    "typ a list": (lambda: headed(typ=["JWT"]), NO_TYPE),
    "crit": (lambda: headed(crit=["exp"]), EXTENSION),
    "crit empty": (lambda: headed(crit=[]), EXTENSION),
    "crit null": (lambda: headed(crit=None), EXTENSION),
    "unencoded payload": (lambda: headed(b64=False, crit=["b64"]), EXTENSION),
    "unencoded payload, not critical": (lambda: headed(b64=False), EXTENSION),
    "alg twice": (
        lambda: bearer(f'{{"alg":"none","alg":"ES384","typ":"JWT","kid":"one","jku":"{JKU}"}}'),
        NO_JWT,
    ),
    "alg twice, once escaped": (
        lambda: bearer(
            f'{{"\\u0061lg":"none","alg":"ES384","typ":"JWT","kid":"one","jku":"{JKU}"}}'
        ),
        NO_JWT,
    ),
    "a list": (lambda: bearer("[]"), NO_JWT),
    "no JSON": (lambda: bearer("{"), NO_JWT),
    "UTF-16": (lambda: bearer(json.dumps(header(jku=JKU)).encode("utf-16")), NO_JWT),
    "no UTF-8": (lambda: bearer(b'{"alg":"ES384","x":"\xff"}'), NO_JWT),
}
FORM = {
    "nothing": (lambda: None, "there is no Authorization header"),
    "empty": (lambda: "", "there is no Authorization header"),
    "oversized": (lambda: says(more="x" * 8192), OVERSIZED),
    "oversized, no token": (lambda: "Bearer " + "A" * 100_000, OVERSIZED),
    "cut before the signature": (lambda: SOUND.rpartition(".")[0], NO_BEARER),
    "cut after the second dot": (lambda: SOUND.rpartition(".")[0] + ".", NO_BEARER),
    "cut in the claims": (lambda: SOUND[: SOUND.index(".") + 20], NO_BEARER),
    "no header": (lambda: changed(SOUND, 0, "Bearer "), NO_BEARER),
    "header cut": (lambda: changed(SOUND, 0, "Bearer " + PLAIN[:21]), NO_JWT),
    "no claims": (lambda: changed(SOUND, 1, ""), NO_BEARER),
    "claims cut": (lambda: changed(SOUND, 1, SOUND.split(".")[1][:-4]), NO_JWT),
    "a fourth part": (lambda: f"{SOUND}.AAAA", NO_BEARER),
    "five parts, as if encrypted": (lambda: f"{SOUND}.AAAA.AAAA", NO_BEARER),
    "padded": (lambda: f"{SOUND}==", NO_BEARER),
    "plain base64": (lambda: changed(SOUND, 2, "+/+/"), NO_BEARER),
    "bits beside the signature": (lambda: signed(lambda _: b"?")[:-1] + "x", NO_JWT),
    "a length that base64 has not": (lambda: changed(SOUND, 2, "AAAAA"), NO_JWT),
    "Basic": (lambda: "Basic ZWhyOnNlY3JldA==", NO_BEARER),
    "Basic with the token": (lambda: f"Basic {PLAIN}", NO_BEARER),
    "the token alone": (lambda: PLAIN, NO_BEARER),
    "the scheme alone": (lambda: "Bearer", NO_BEARER),
    "the scheme with a blank": (lambda: "Bearer ", NO_BEARER),
    "no blank": (lambda: f"Bearer{PLAIN}", NO_BEARER),
    "a tab": (lambda: f"Bearer\t{PLAIN}", NO_BEARER),
    "a line's end": (lambda: f"{SOUND}\n", NO_BEARER),
    "a line's end inside": (lambda: SOUND.replace(".", ".\n", 1), NO_BEARER),
    "a folded header": (lambda: f"Bearer\r\n {PLAIN}", NO_BEARER),
    "two headers, joined": (lambda: f"{SOUND}, {SOUND}", NO_BEARER),
    "two schemes": (lambda: f"Basic ZWhyOnNlY3JldA==, {SOUND}", NO_BEARER),
    "a parameter": (lambda: f'Bearer token="{PLAIN}"', NO_BEARER),
    "in quotes": (lambda: f'Bearer "{PLAIN}"', NO_BEARER),
    "Latin-1": (lambda: f"{SOUND}\xe9", NO_BEARER),
    "NUL": (lambda: f"{SOUND}\0", NO_BEARER),
}
TABLES = {
    "algorithm": ALGORITHM,
    "signature": SIGNATURE,
    "key": KEY,
    "header": HEADER,
    "audience": AUDIENCE,
    "issuer": ISSUERS,
    "times": TIMES,
    "id": IDS,
    "claims": OTHERS,
    "form": FORM,
}
ROWS = {f"{table}: {name}": row for table, rows in TABLES.items() for name, row in rows.items()}
