"""Logs: lines of JSON or text on standard error, each with the id of its request.

They never hold words of a record, a token or a password. So an exception is logged by its type and
the places it went through, without its message: that may quote a row. A request is logged by the
route that it matched, without its path and query: these are what a client typed. A background job
is logged by its name and number, without its arguments.
"""

import logging
import traceback
from time import perf_counter

import structlog
from django.core.exceptions import MiddlewareNotUsed

from sources.ledger.actor import current_context

log = logging.getLogger("onrecord.requests")


def logging_settings(*, as_json: bool, requests: bool, whole: bool) -> dict:
    """Return Django's `LOGGING`.

    With `requests` there is a line for each of them. With `whole` exceptions keep their messages:
    for one's own machine only.
    """
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(["action", "milliseconds", "request_id", "status"]),
            add_request,
            without_arguments,
            *([] if whole else [without_message]),
        ],
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {log.name: {"level": "INFO" if requests else "WARNING"}},
    }


# Processors of structlog: each takes what will be a line, as a dict, and returns it changed.


def add_request(logger, method: str, line: dict) -> dict:
    """Add the request's id, and say the route of Django's own messages for their path."""
    request = getattr(line["_record"], "request", None)
    if hasattr(request, "META"):
        match = request.resolver_match
        line |= {"method": request.method, "route": match.route if match else None}
        line["event"] = line["event"].partition(":")[0].partition(" (")[0]
    request_id = getattr(request, "request_id", "") or current_context().request
    return ({"request_id": request_id} if request_id else {}) | line


def without_arguments(logger, method: str, line: dict) -> dict:
    """Leave the arguments of a background job out of procrastinate's messages."""
    job = getattr(line["_record"], "job", None)
    if isinstance(job, dict) and (call := job.get("call_string")):
        line["event"] = line["event"].replace(call, f"{job['task_name']}[{job['id']}]")
    return line


def without_message(logger, method: str, line: dict) -> dict:
    """Tell an exception and its causes by type and places, with PostgreSQL's names for it."""
    if not (caught := line.pop("exc_info", None)):
        return line
    line.pop("stack_info", None)
    line["exceptions"] = [told(each) for each in causes(caught[1])]
    return line


def causes(error: BaseException | None):
    """Yield the exception, then what it came from."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


MAX_PLACES = 30  # of one exception: the innermost, which say most


def told(error: BaseException) -> dict:
    kind = type(error)
    places = traceback.extract_tb(error.__traceback__)[-MAX_PLACES:]
    found = {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        "places": [f"{place.filename}:{place.lineno} {place.name}" for place in places],
    }
    if sqlstate := getattr(error, "sqlstate", None):
        found |= {"sqlstate": sqlstate, "constraint": error.diag.constraint_name}
    return found


# Middleware


def log_requests(get_response):
    """Log each request with its route, status and time; costs some 100 microseconds."""
    if not log.isEnabledFor(logging.INFO):
        raise MiddlewareNotUsed

    def middleware(request):
        began = perf_counter()
        response = get_response(request)
        log.info(
            "request",
            extra={
                "request": request,
                "status": response.status_code,
                "milliseconds": round((perf_counter() - began) * 1_000, 1),
            },
        )
        return response

    return middleware
