"""The pool of connections to PostgreSQL."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def test_the_connection_that_was_returned_last_is_given_first():
    pool = connection.pool
    first, second = pool.getconn(), pool.getconn()
    pool.putconn(second)
    pool.putconn(first)
    again = pool.getconn()
    pool.putconn(again)
    assert again is first
