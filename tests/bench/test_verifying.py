"""A generated archive verifies. `verifying.py` measures it at size."""

import pytest

from tests.bench import verifying


@pytest.mark.django_db
def test_a_generated_archive_with_changed_quotes_holds():
    lines = []
    verifying.fill(300, 100)
    verifying.report([1], lines.append)
    assert lines[0].endswith(" revisions\n")
    assert lines[2].split()[0] == "1"
