# SPDX-License-Identifier: Apache-2.0
import pytest

from support.weather import Weather


@pytest.fixture
def weather(new_broker, new_worker, seed, time_given):
    return Weather(new_broker, new_worker, seed, time_given.is_long)
