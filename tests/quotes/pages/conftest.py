"""Readers of pages: a browser without a login, and one of each group."""

import pytest
from django.test import Client


@pytest.fixture
def visitor(settings, db) -> Client:
    """A browser without a login, where anyone may read."""
    settings.ONRECORD_PUBLIC_READ = True
    return Client()
