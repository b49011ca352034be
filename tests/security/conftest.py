# SPDX-License-Identifier: Apache-2.0
"""A broker with keys, and one key for each role."""
import pytest

from support.keys import Keyring

ROLES = ("feeder", "worker", "subscriber", "operator")


@pytest.fixture
def ring(directory):
    ring = Keyring(directory / "keys.d")
    for role in ROLES:
        setattr(ring, role, ring.add(role, role))
    return ring


@pytest.fixture
def guarded(ring, new_broker):
    return new_broker(**ring.settings())
