"""All settings. The environment is read only here, by the functions of `config.environment`.

`config/guides/operations.md` lists every variable under "Configuration". One is read elsewhere:
`config/database/embedded.py`, which also runs without Django, reads ONRECORD_EMBEDDED_BUFFERS.
"""

import warnings
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config.database import database_settings, replica_settings
from config.environment import (
    address,
    choice,
    env,
    folder,
    log_keys,
    mailers,
    number,
    origins,
    public_url,
    rate,
    sender,
)
from config.monitoring.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# Production
DATABASE_URL = env.str("DATABASE_URL", default="") or None  # none: the embedded server
DATABASE_REPLICA_URLS = env.list("DATABASE_REPLICA_URLS", default=[])  # hot standbys that answer
ONRECORD_REPLICA_LAG = number("ONRECORD_REPLICA_LAG", 10, least=1, most=300)  # seconds
SECRET_KEY = env.str("SECRET_KEY", default="")  # signs sessions and cursors
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])  # https://quotes.example
ONRECORD_PUBLIC_URL = public_url("ONRECORD_PUBLIC_URL")  # https://quotes.example, in our links
HTTPS = env.bool("ONRECORD_HTTPS", default=False)  # a proxy ends TLS: secure cookies, HSTS
PROXIES = number("ONRECORD_PROXIES", 0, least=0, most=10)  # whose X-Forwarded-For is trusted
DEBUG = env.bool("DEBUG", default=False)

# Mail: links to choose a new password. `"default" in django.core.mail.mailers` if it is set up.
MAILERS = mailers("EMAIL_URL", trial=not DATABASE_URL)
SILENCED_SYSTEM_CHECKS = ["mail.W001"]  # a service without mail is complete: its pages say so
DEFAULT_FROM_EMAIL = sender("DEFAULT_FROM_EMAIL", sends="OPTIONS" in MAILERS.get("default", {}))

# Who may do what
ONRECORD_PUBLIC_READ = env.bool("ONRECORD_PUBLIC_READ", default=False)  # without a token
ONRECORD_ROBOTS = env.bool("ONRECORD_ROBOTS", default=False)  # search engines may list the pages
ONRECORD_SELF_APPROVAL = env.bool("ONRECORD_SELF_APPROVAL", default=False)  # of one's own quotes
ONRECORD_ERASURE_KEYS = env.list("ONRECORD_ERASURE_KEYS", default=[])  # else SECRET_KEY
ONRECORD_LOG_KEYS = log_keys("ONRECORD_LOG_KEYS")  # sign checkpoints of the ledger
ONRECORD_PROPOSER = env.str("ONRECORD_PROPOSER", default="")  # instead of our own extraction
ONRECORD_KEEP_DOCUMENTS = env.bool("ONRECORD_KEEP_DOCUMENTS", default=True)  # pages, ninjs, …
ONRECORD_CORS_ORIGINS = origins("ONRECORD_CORS_ORIGINS")  # sites whose scripts may call the API
ONRECORD_WEBHOOK_PRIVATE_HOSTS = [
    host.lower() for host in env.list("ONRECORD_WEBHOOK_PRIVATE_HOSTS", default=[])
]  # that may be sent to whatever their address
ONRECORD_REQUIRE_TOTP = env.bool("ONRECORD_REQUIRE_TOTP", default=False)  # of staff, at logins
ONRECORD_TOKEN_DAYS = number("ONRECORD_TOKEN_DAYS", 90, least=1, most=3650)  # lifetime

# Limits. Rates are per server process, timeouts are PostgreSQL durations.
ONRECORD_THROTTLE_ANONYMOUS = rate("ONRECORD_THROTTLE_ANONYMOUS", "600/min")  # of an address
ONRECORD_THROTTLE_TOKEN = rate("ONRECORD_THROTTLE_TOKEN", "12000/min")  # of a user
STATEMENT_TIMEOUT = env.str("ONRECORD_STATEMENT_TIMEOUT", default="") or None  # wsgi.py: 15s
LOCK_TIMEOUT = env.str("ONRECORD_LOCK_TIMEOUT", default="") or None  # wsgi.py: 2s
IDLE_TIMEOUT = env.str("ONRECORD_IDLE_TIMEOUT", default="") or None  # wsgi.py: 60s
ONRECORD_PREPARED_STATEMENTS = env.bool("ONRECORD_PREPARED_STATEMENTS", default=True)  # not pooled

# Monitoring
ONRECORD_MONITOR = address("ONRECORD_MONITOR")  # 127.0.0.1:8001; none: only on the server's port
METRICS_DIRECTORY = folder("PROMETHEUS_MULTIPROC_DIR")  # of the counters; none: no metrics
ONRECORD_METRICS_TOKEN = env.str("ONRECORD_METRICS_TOKEN", default="")  # who may read /metrics
ONRECORD_LOG_FORMAT = choice("ONRECORD_LOG_FORMAT", "text", "json")
ONRECORD_LOG_REQUESTS = env.bool("ONRECORD_LOG_REQUESTS", default=False)  # a line for each

if not SECRET_KEY:
    if DATABASE_URL:
        raise ImproperlyConfigured(
            "SECRET_KEY must be set when DATABASE_URL is: it signs sessions and page cursors. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = "for-trial-on-one-machine-only-" + "0" * 40

if DATABASE_REPLICA_URLS and not DATABASE_URL:
    raise ImproperlyConfigured(
        "DATABASE_REPLICA_URLS: set DATABASE_URL to their primary. The embedded server has none."
    )

# Django

INSTALLED_APPS = [
    "axes",
    "corsheaders",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_filters",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "pgtrigger",
    "procrastinate.contrib.django",
    "rest_framework",
    "sources",
    "quotes",
]

MIDDLEWARE = [
    "config.monitoring.metrics.count_requests",
    "config.monitoring.logs.log_requests",
    "config.error_pages.when_the_database_fails",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.Compression",
    "config.database.replicas.read_from_replicas",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.quick_lists.answer_lists",
    "config.admin_middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.admin_middleware.Users",
    "config.auth.with_audit_context",
    "config.admin_middleware.Messages",
    "config.error_pages.when_a_method_is_refused",
    "config.api.rate_limit_headers",
    "config.api.entity_tags",
    "config.api.pages.pages_for_browsers",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LOGIN_URL = "pages:login"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False  # an API answers 404 for a path it does not have

TIMEOUTS = {
    "statement_timeout": STATEMENT_TIMEOUT,
    "lock_timeout": LOCK_TIMEOUT,
    "idle_timeout": IDLE_TIMEOUT,
}
DATABASES = {"default": database_settings(DATABASE_URL, BASE_DIR / "var" / "postgres", **TIMEOUTS)}
DATABASES |= {
    f"replica{number}": replica_settings(url, **TIMEOUTS)
    for number, url in enumerate(DATABASE_REPLICA_URLS, start=1)
}

# Counters of the rate limits, in each server process: room for many addresses at once.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in [
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    ]
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True  # so the admin works before collectstatic
warnings.filterwarnings("ignore", "No directory at", UserWarning)  # for the same reason

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

# Safety

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(health|ready)/$", r"^metrics$"]  # load balancers ask without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

# Scripts of other sites (CORS). The API needs no cookies, and none are sent.

CORS_URLS_REGEX = r"^/(api|oembed|feeds)/"
CORS_ALLOW_ALL_ORIGINS = "*" in ONRECORD_CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in ONRECORD_CORS_ORIGINS if origin != "*"]
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"]
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "content-encoding", "idempotency-key"),
    *("if-match", "if-none-match", "x-read-after", "x-request-id"),
]
CORS_EXPOSE_HEADERS = [
    *("Content-Disposition", "ETag", "Idempotency-Replayed", "Link", "Location"),
    *("Memento-Datetime", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate"),
    *("X-Export-Generated", "X-Export-Ledger", "X-Export-Schema", "X-Read-After", "X-Request-ID"),
]
CORS_PREFLIGHT_MAX_AGE = 24 * 3600  # seconds

# Logging in to the admin. Failures are counted in the database, for all server processes.

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
CSRF_FAILURE_VIEW = "config.error_pages.form_refused"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]  # each counts by itself
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # more attempts do not extend it
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "config.auth.client_address"
AXES_CLIENT_STR_CALLABLE = "config.auth.login_attempt"
AXES_LOCKOUT_CALLABLE = "config.auth.login_locked"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
OTP_TOTP_ISSUER = "On Record"  # the name that authenticator apps show

# The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["config.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["config.auth.GroupPermissions"],
    "DEFAULT_RENDERER_CLASSES": ["config.api.Renderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.Parser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.Negotiation",
    "DEFAULT_FILTER_BACKENDS": ["config.api.StrictFilters"],
    "DEFAULT_PAGINATION_CLASS": "config.api.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "config.schema.OperationSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "config.api.AnonymousRate",
        "config.api.TokenRate",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": ONRECORD_THROTTLE_ANONYMOUS,
        "user": ONRECORD_THROTTLE_TOKEN,
    },
    "NUM_PROXIES": PROXIES,
    "VIEW_NAME_FUNCTION": "config.schema.path_name",
    "VIEW_DESCRIPTION_FUNCTION": "config.schema.path_description",
    "EXCEPTION_HANDLER": "config.api.problem",
    "URL_FORMAT_OVERRIDE": None,
    "DATETIME_FORMAT": "iso-8601",
}

REST_KNOX = {"TOKEN_TTL": timedelta(days=ONRECORD_TOKEN_DAYS)}

# Bulk work

PROCRASTINATE_IMPORT_PATHS = [
    *("sources.jobs.tasks", "sources.identity.tasks", "sources.checkpoints.sequencer"),
    "quotes.curation.digest",
    "quotes.curation.empty_articles",
    "quotes.curation.embargoes",
    "quotes.curation.mistakes",
    "quotes.webhooks.notices",
    "quotes.webhooks.tasks",
    "quotes.statistics.use_counts",
    "config.password_reset",
]
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": 4,  # so that others need not wait for a long job or a slow receiver
    "delete_jobs": "successful",  # `sources.jobs` keeps what came of it
    "shutdown_graceful_timeout": 2,  # seconds; then jobs stop after their current part
}

SPECTACULAR_SETTINGS = {
    "TITLE": "On Record",
    "DESCRIPTION": (
        "Every quote with its speaker, role, organisation, outlet and date, and proof of where the "
        "words were printed."
    ),
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/"}],
    "CONTACT": {"name": "On Record"},
    "GET_LIB_DOC_EXCLUDES": "config.schema.classes_without_text",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "SpeakerKind": "sources.models.speakers.Speaker.Kind",
        "QuoteKind": "quotes.models.Quote.Kind",
        "QuoteStatus": "quotes.models.Quote.Status",
        "AnchorState": "quotes.models.Quote.Anchor",
        "QuoteFlag": "quotes.models.Quote.Flag",
        "QuoteOrigin": "quotes.models.Quote.Origin",
        "AnchoredIn": "quotes.models.Quote.AnchoredIn",
        "Seam": "quotes.models.Quote.Seam",
        "RecordType": "quotes.api.changes.VIEWS",
        "WebhookType": "quotes.webhooks.views.TYPES",
        "Verdict": "quotes.api.draft_check.VERDICTS",
        "ProposalBand": "quotes.models.Proposal.Band",
        "DeliveryState": "quotes.models.Delivery.State",
        "FiledQuoteStatus": "quotes.api.filing_serializers.FILED_AS",
        "ViaKind": "quotes.models.Via.Kind",
        "RevisionVerb": "sources.models.Revision.Verb",
        "Dimension": "quotes.statistics.sql.SINGLE",
        "Interval": "quotes.statistics.sql.INTERVALS",
        "ExportFormat": "quotes.exports.formats.FORMATS",
        "FilingOutcome": "quotes.api.filed_serializers.OUTCOMES",
        "FieldOutcome": "quotes.api.filed_serializers.FIELD_OUTCOMES",
        "OrganisationMatch": "quotes.api.filed_serializers.ORGANISATION_MATCHES",
        "SpeakerMatch": "quotes.api.filed_serializers.SPEAKER_MATCHES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.schema.complete",
        "config.schema_types.name_types",
    ],
}

# Logs go to standard error. They must never contain a token, a password or an article's text.

LOGGING = logging_settings(
    as_json=ONRECORD_LOG_FORMAT == "json", requests=ONRECORD_LOG_REQUESTS, whole=DEBUG
)
