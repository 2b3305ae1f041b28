"""Tasks of the worker: keep the keys by which possible duplicates are found, and find them."""

from procrastinate.contrib.django import app

from sources.identity import duplicates


@app.periodic(cron="* * * * *")
@app.task(name="sources.identity.tasks.renew_keys", queueing_lock="renew_keys")
def renew_keys(timestamp: int) -> None:
    duplicates.renew_keys()


@app.periodic(cron="*/5 * * * *")
@app.task(name="sources.identity.tasks.find_pairs", queueing_lock="find_pairs")
def find_pairs(timestamp: int) -> None:
    duplicates.store_pairs()
