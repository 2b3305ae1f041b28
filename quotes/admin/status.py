"""The status of a quote as a badge; `quotes/status.css` holds its colours."""

from django.utils.html import format_html

from quotes.models.workflow import Status


def status_class(status: str) -> str:
    """CSS class that colours a badge or a bar of a chart by status."""
    return f"status-{Status(status).value}"


def status_badge(status: str) -> str:
    return format_html(
        '<span class="status {}">{}</span>', status_class(status), Status(status).label
    )
