"""Everything that can be wrong with a request or with the content.

    CDSError
    ├── InvalidRequest   the request is not a CDS Hooks request this service can read
    ├── UnknownService   no service has this id
    ├── MissingData      data that the service cannot do without was not supplied and not fetched
    ├── NotTrusted       who calls is not known; why is for the log alone
    ├── StoreDown        the store does not answer, or has no room; no fault of the request
    └── ContentError     content or configuration is inconsistent; found at start, not at a request

`app.py` maps each to its HTTP status, in one table. A message says what happened, with which
input and what to do next; it never holds patient data, because messages are logged.
"""


class CDSError(Exception):
    """Root of all errors raised on purpose. `problems` has one sentence per thing found wrong."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class InvalidRequest(CDSError):
    """The request cannot be read as a CDS Hooks request for this service."""


class UnknownService(CDSError):
    """There is no service under the id that was called."""


class MissingData(CDSError):
    """Required data is neither in prefetch nor could be read from the FHIR server."""


class NotTrusted(CDSError):
    """The caller has not shown who it is. The message is for the log; the answer says nothing."""


class StoreDown(CDSError):
    """What the store has to say cannot be had now: so the request is refused, never let pass."""


class ContentError(CDSError):
    """Content or configuration contradicts itself; the service does not start."""
