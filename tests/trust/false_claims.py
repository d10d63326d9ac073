"""Tokens with the right key and the wrong words: whom they are for, from, when, and how often."""

from __future__ import annotations

from tests.trust.attackers import (
    CLINIC,
    FOREIGN_SET,
    LOOSE,
    NO_ISSUER,
    NO_JWT,
    NO_TENANT,
    NO_TEXT,
    NOT_ASCII,
    NOT_FOR_US,
    PAYLOAD,
    PLAIN,
    STRANGER,
    TOO_LONG,
    WRONG_SIGNATURE,
    says,
)
from tests.trust.tokens import ABSENT, BASE, ISSUER, JKU, SECONDS, URL, bearer, claims, header

AUDIENCE = {
    f"aud {name}": (lambda audience=audience: says(aud=audience), NOT_FOR_US)
    for name, audience in {
        "of another service": f"{BASE}/cds-services/als-leukemia-order-sign",
        "of its feedback": f"{URL}/feedback",
        "of discovery": f"{BASE}/cds-services",
        "the base": BASE,
        "without the first path": URL.replace("/als/", "/"),
        "with a slash": f"{URL}/",
        "with a doubled slash": URL.replace("/cds-services/", "//cds-services/"),
        "with dots": URL.replace("/cds-services/", "/x/../cds-services/"),
        "with a port": URL.replace(".example/", ".example:443/"),
        "with a query": f"{URL}?",
        "with a fragment": f"{URL}#",
        "with a user": URL.replace("https://", "https://ehr@"),
        "in capitals": URL.upper(),
        "without TLS": URL.replace("https", "http"),
        "of another host": URL.replace("cds.hospital", "cds.clinic"),
        "a longer one": f"{URL}-test",
        "a shorter one": URL[:-1],
        "escaped": URL.replace("-", "%2D"),
        "with a blank": f"{URL} ",
        "any": "*",
        "the issuer": ISSUER,
        "a list of others": [f"{URL}/", BASE],
        "a list in a list": [[URL]],
        "a list with a number": [URL, 1],
        "an object": {"url": URL},
        "an object of that name": {URL: True},
        "a number": 1,
        "true": True,
    }.items()
} | {
    "aud missing": (lambda: says(aud=ABSENT), "its token lacks aud"),
    "aud null": (lambda: says(aud=None), "its token lacks aud"),
    "aud empty": (lambda: says(aud=""), "its token lacks aud"),
    "aud an empty list": (lambda: says(aud=[]), "its token lacks aud"),
}
ISSUERS = {
    "iss unknown": (lambda: says(iss="https://attacker.example"), STRANGER),
    "iss with a slash": (lambda: says(iss=f"{ISSUER}/"), STRANGER),
    "iss in capitals": (lambda: says(iss=ISSUER.upper()), STRANGER),
    "iss empty": (lambda: says(iss=""), STRANGER),
    "iss missing": (lambda: says(iss=ABSENT), NO_ISSUER),
    "iss null": (lambda: says(iss=None), NO_ISSUER),
    "iss a list": (lambda: says(iss=[ISSUER]), NO_ISSUER),
    "iss an object": (lambda: says(iss={ISSUER: 1}), NO_ISSUER),
    "iss another client's": (
        lambda: bearer(header(), claims(iss=CLINIC.issuer)),
        f"{WRONG_SIGNATURE} (clinic)",
    ),
    "iss another client's, with the own key set": (
        lambda: bearer(header(jku=JKU), claims(iss=CLINIC.issuer)),
        f"{FOREIGN_SET} (clinic)",
    ),
    "iss the public sandbox's": (
        lambda: says(iss="https://sandbox.cds-hooks.org"),
        "the public CDS Hooks sandbox: its private key is public",
    ),
}
TIMES = {
    "expired": (
        lambda: says(iat=SECONDS - 330, exp=SECONDS - 30),
        "its token has expired (exp)",
    ),
    "from the future": (
        lambda: says(iat=SECONDS + 31, exp=SECONDS + 300),
        "its token is from the future (iat)",
    ),
    "not valid yet": (lambda: says(nbf=SECONDS + 31), "its token is not valid yet (nbf)"),
    "valid for too long": (lambda: says(exp=SECONDS + 601), TOO_LONG),
    "valid for ever": (lambda: says(exp=99_999_999_999), TOO_LONG),
    "valid for no time": (lambda: says(exp=SECONDS), TOO_LONG),
    "expired before it was made": (lambda: says(iat=SECONDS + 9, exp=SECONDS + 8), TOO_LONG),
    **{
        f"{name} {kind}": (lambda name=name, value=value: says(**{name: value}), reason)
        for name in ("exp", "iat")
        for kind, value, reason in (
            ("missing", ABSENT, f"its token lacks {name}"),
            ("null", None, f"its token lacks {name}"),
            ("text", str(SECONDS + 60), f"its token's {name} is no number"),
            ("a date", "2026-03-02T09:30:00Z", f"its token's {name} is no number"),
            ("true", True, f"its token's {name} is no number"),
            ("a list", [SECONDS], f"its token's {name} is no number"),
            ("an object", {}, f"its token's {name} is no number"),
            ("negative", -1, f"its token's {name} is no time"),
            ("in milliseconds", SECONDS * 1000, f"its token's {name} is no time"),
            ("of 300 digits", 10**300, f"its token's {name} is no time"),
        )
    },
    "exp infinite": (
        lambda: bearer(header(jku=JKU), PAYLOAD.replace(str(SECONDS + 300), "1e999")),
        "its token's exp is no time",
    ),
    "exp NaN": (lambda: says(exp=float("nan")), NO_JWT),
    "exp Infinity": (lambda: says(exp=float("inf")), NO_JWT),
    "exp of 5000 digits": (
        lambda: bearer(header(jku=JKU), PAYLOAD.replace(str(SECONDS + 300), "9" * 5000)),
        NO_JWT,
    ),
    "nbf text": (lambda: says(nbf="0"), "its token's nbf is no number"),
    "nbf null": (lambda: says(nbf=None), "its token's nbf is no number"),
}
IDS = {
    "jti missing": (lambda: says(jti=ABSENT), "its token lacks jti"),
    "jti null": (lambda: says(jti=None), "its token lacks jti"),
    "jti a number": (lambda: says(jti=7), LOOSE),
    "jti a list": (lambda: says(jti=["7"]), LOOSE),
    "jti empty": (lambda: says(jti=""), NO_TEXT),
    "jti too long": (lambda: says(jti="7" * 257), NO_TEXT),
    "jti with NUL": (lambda: says(jti="7\0"), NOT_ASCII),
    "jti with a line's end": (lambda: says(jti="7\nWARNING"), NOT_ASCII),
    "jti half a character": (lambda: says(jti="\ud800"), NOT_ASCII),
    "jti of other digits": (lambda: says(jti="٧"), NOT_ASCII),
}
OTHERS = {
    "tenant unknown": (lambda: bearer(header(jku=JKU), claims(tenant="south")), NO_TENANT),
    "tenant missing": (lambda: bearer(header(jku=JKU), claims()), NO_TENANT),
    "tenant null": (lambda: bearer(header(jku=JKU), claims(tenant=None)), NO_TENANT),
    "tenant a list": (lambda: bearer(header(jku=JKU), claims(tenant=["north"])), NO_TENANT),
    "sub a number": (lambda: says(sub=7), LOOSE),
    "aud twice": (
        lambda: bearer(header(jku=JKU), PAYLOAD[:-1] + f',"aud":"{URL}"}}'),
        NO_JWT,
    ),
    "exp twice": (
        lambda: bearer(header(jku=JKU), f'{{"exp":1,{PAYLOAD[1:]}'),
        NO_JWT,
    ),
    "claims twice inside": (
        lambda: bearer(header(jku=JKU), PAYLOAD[:-1] + ',"x":{"y":1,"y":2}}'),
        NO_JWT,
    ),
    "claims a list": (lambda: bearer(header(jku=JKU), [claims()]), NO_JWT),
    "claims null": (lambda: bearer(header(jku=JKU), "null"), NO_JWT),
    "claims empty": (lambda: bearer(header(jku=JKU), {}), NO_ISSUER),
    "claims nested deeply": (
        lambda: bearer(header(jku=JKU), '{"x":' + "[" * 2500 + "]" * 2500 + "}"),
        NO_JWT,
    ),
    "claims after a byte order mark": (
        lambda: bearer(header(jku=JKU), b"\xef\xbb\xbf" + PAYLOAD.encode()),
        NO_JWT,
    ),
    "claims in UTF-16": (lambda: bearer(header(jku=JKU), PAYLOAD.encode("utf-16-le")), NO_JWT),
    "a token in a token": (lambda: bearer(header(jku=JKU, cty="JWT"), PLAIN), NO_JWT),
}
