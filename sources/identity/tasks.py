"""Tasks of the worker: keep the keys by which possible duplicates are found, and count them."""

from procrastinate.contrib.django import app

from sources.identity import duplicates


@app.periodic(cron="* * * * *")
@app.task(name="sources.identity.tasks.renew_keys", queueing_lock="renew_keys")
def renew_keys(timestamp: int) -> None:
    duplicates.renew_keys()


@app.periodic(cron="*/5 * * * *")
@app.task(name="sources.identity.tasks.count_pairs", queueing_lock="count_pairs")
def count_pairs(timestamp: int) -> None:
    duplicates.store_counts()
