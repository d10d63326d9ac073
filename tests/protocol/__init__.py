"""The service as a CDS client meets it: black box, over HTTP, by the clauses of the texts."""

import pytest

# Its assertions are those of every test, so they explain themselves like the tests' own.
pytest.register_assert_rewrite("tests.protocol.support")
