"""PostgreSQL beneath every model: triggers, locks, keyset pages, estimates, prepared statements.

Querysets and SQL come in, SQL and rows go out. Knows no model and imports no other room. Nothing
here may depend on what a table means. Documentation: PostgreSQL 18 and django-pgtrigger.
"""
