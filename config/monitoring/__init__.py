"""What operators see of the service: health, readiness, metrics and logs.

In: requests of load balancers and Prometheus, and log records. Out: `/health/`, `/ready/` (health
check response format for HTTP APIs), `/metrics` (Prometheus) and lines of JSON or text.
It must answer while every thread of the server is busy, and never tell words of a record, a token
or a password.
"""
