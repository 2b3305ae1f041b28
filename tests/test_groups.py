"""Tests of a group run in one worker, which makes their servers and browsers once."""

import pytest


@pytest.mark.xdist_group("groups")
def test_the_id_of_a_test_in_a_worker_names_its_group(request):
    if not hasattr(request.config, "workerinput"):
        pytest.skip("there is only one worker")
    assert request.node.nodeid.endswith("@groups")
