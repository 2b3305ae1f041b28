"""`/metrics`: what is counted, with which labels, and who may read it."""

import pytest
from django.test import Client

from config.monitoring.metrics import counted
from tests.conftest import API, sql
from tests.records import make_outlet

pytestmark = pytest.mark.django_db


@pytest.fixture
def measuring(settings, tmp_path):
    settings.METRICS_DIRECTORY = str(tmp_path)


def requests(**labels: str) -> float:
    return counted.get_sample_value("onrecord_requests_total", labels) or 0


def test_requests_are_counted_by_the_pattern_of_their_route(measuring, settings):
    settings.ONRECORD_PUBLIC_READ = True
    browser, key = Client(), make_outlet().pk
    read = {"method": "GET", "route": "api/v1/outlets/<uuid:pk>/", "status": "200"}
    unknown = {"method": "GET", "route": "none", "status": "404"}
    invented = {"method": "other", "route": "health/", "status": "405"}
    before = [requests(**labels) for labels in (read, unknown, invented)]
    browser.get(f"{API}outlets/{key}/")
    browser.get("/a-secret-word/")
    browser.generic("BREW", "/health/")
    assert [requests(**labels) for labels in (read, unknown, invented)] == [n + 1 for n in before]
    assert not any(
        "secret" in str(sample.labels) for metric in counted.collect() for sample in metric.samples
    )


def test_the_metrics_are_for_the_token_of_the_settings_alone(measuring, settings):
    sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    settings.ONRECORD_METRICS_TOKEN = "a token of prometheus"
    assert Client().get("/metrics").status_code == 401
    assert Client().get("/metrics", headers={"Authorization": "Bearer ä"}).status_code == 401
    told = Client().get("/metrics", headers={"Authorization": "Bearer a token of prometheus"})
    assert told.status_code == 200
    assert 'onrecord_check{check="database"} 0.0' in told.text
    assert "onrecord_worker_heartbeat_seconds 0.0" in told.text


def test_without_a_token_the_public_port_has_no_metrics(measuring):
    assert Client().get("/metrics").status_code == 404
    forged = Client().get("/metrics", headers={"onrecord.listener": "1", "Onrecord-Listener": "1"})
    assert forged.status_code == 404


def test_without_a_folder_of_counters_there_are_no_metrics(settings):
    settings.ONRECORD_METRICS_TOKEN = "a token of prometheus"
    headers = {"Authorization": "Bearer a token of prometheus"}
    assert Client().get("/metrics", headers=headers).status_code == 404
