"""Webhooks: tell other systems of changes (Standard Webhooks).

In: the change feed, as the user of a webhook sees it, and the filters of `quotes/`. Out: signed
POSTs, one for each change, at least once and in order for one record, and a log of them.
`delivery` makes messages and sends them, `sending` makes the connection, `tasks` is what the worker
runs, `views` is the API. Never connects to an address that is not public, unless the operator names
the host, and never keeps or logs a secret or the words of a message.
"""
