"""Tasks of the procrastinate worker: run jobs, retry stalled ones, delete old ones."""

from django.db import InterfaceError, OperationalError
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import JobAborted
from procrastinate.utils import utcnow

from sources.jobs.models import Job, delete_old, fail_abandoned, run_job

# After the database was lost or the worker stopped, another worker resumes the job.
RESUME = RetryStrategy(
    max_attempts=10, wait=1, retry_exceptions=[OperationalError, InterfaceError, JobAborted]
)


@app.task(name="sources.jobs.tasks.run", pass_context=True, retry=RESUME)
def run(context: JobContext, *, job: str) -> None:
    try:
        finished = run_job(job, stopping=context.should_abort)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        for failed in Job.objects.filter(pk=job):
            failed.fail(f"The job stopped with {type(error).__name__}. See the worker's log.")
        raise
    if not finished:
        raise JobAborted


@app.periodic(cron="* * * * *")
@app.task(
    name="sources.jobs.tasks.take_up_stalled", pass_context=True, queueing_lock="take_up_stalled"
)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Requeue the jobs of workers that died."""
    manager = context.app.job_manager
    for stalled in await manager.get_stalled_jobs():
        await manager.retry_job_by_id_async(stalled.id, utcnow())
    await manager.delete_old_jobs(
        nb_hours=72, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="*/10 * * * *")
@app.task(name="sources.jobs.tasks.keep_order", queueing_lock="keep_order")
def keep_order(timestamp: int) -> None:
    fail_abandoned()
    delete_old()
