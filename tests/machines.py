"""Hypothesis state machines on the database: each run is rolled back."""

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run_rolled_back(machine: type[RuleBasedStateMachine], *, runs: int, steps: int) -> None:
    """Run a machine within the transaction of a test."""

    class RolledBack(machine):
        def __init__(self):
            super().__init__()
            self.savepoint = transaction.savepoint_create()

        def teardown(self):
            transaction.savepoint_rollback(self.savepoint)

    limits = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(RolledBack, settings=limits)
