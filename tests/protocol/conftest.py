"""The application that the protocol tests call."""

from __future__ import annotations

import pytest

from tests.protocol.support import Caller, application


@pytest.fixture(scope="session")
def caller() -> Caller:
    """A client of the application with its default settings."""
    return Caller(application())
