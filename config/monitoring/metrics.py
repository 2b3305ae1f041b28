"""Metrics for Prometheus: requests counted by each server process, and what the database tells.

The processes keep their counters in files of one folder (`PROMETHEUS_MULTIPROC_DIR`), so that any
of them can answer with the sum. Labels have few values: a route is the pattern of the URLconf,
never the path that a client typed.
"""

from collections.abc import Iterator
from time import perf_counter

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from config.monitoring.readiness import FAIL, PASS, WARN, readiness

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"}

counted = CollectorRegistry()

REQUESTS = Counter(
    "onrecord_requests",
    "Requests that were answered.",
    ["method", "route", "status"],
    registry=counted,
)
SECONDS = Histogram(
    "onrecord_request_seconds",
    "Time until the answer, or the first bytes of a streamed one.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
    registry=counted,
)


def count_requests(get_response):
    """Count each request by method, route and status; costs some 20 microseconds."""
    if not settings.METRICS_DIRECTORY:
        raise MiddlewareNotUsed

    def middleware(request):
        began = perf_counter()
        response = get_response(request)
        method = request.method if request.method in METHODS else "other"
        route = request.resolver_match.route if request.resolver_match else "none"
        REQUESTS.labels(method, route, response.status_code).inc()
        SECONDS.labels(method, route).observe(perf_counter() - began)
        return response

    return middleware


GAUGES = {
    "worker:heartbeat": ("worker_heartbeat", "Since a background worker gave a sign of life."),
    "jobs:oldest": ("oldest_job", "That the oldest job waits which could begin."),
    "checkpoint:age": ("checkpoint", "Since the last checkpoint, if there are revisions since."),
    "changes:lag": ("changes_lag", "That the first change waits which changes/ does not show yet."),
}
"""By check: the name of its gauge, and what its seconds are."""


class StateCollector:
    """The checks of `/ready/` as gauges."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        checks = readiness.now()["checks"]
        status = GaugeMetricFamily(
            "onrecord_check", "Checks of /ready/: 0 pass, 1 warn, 2 fail.", labels=["check"]
        )
        for name, (check,) in checks.items():
            status.add_metric([name], [PASS, WARN, FAIL].index(check["status"]))
        yield status
        for name, (gauge, help_text) in GAUGES.items():
            for check in checks.get(name, ()):
                if "observedValue" in check:
                    yield GaugeMetricFamily(
                        f"onrecord_{gauge}_seconds", help_text, check["observedValue"]
                    )


def exposition() -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, settings.METRICS_DIRECTORY)
    registry.register(StateCollector())
    return generate_latest(registry)
