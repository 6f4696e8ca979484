import pytest

from chassis.config import ConfigError, read
from recommendations.config import Config
from recommendations.domain.models import Model

URLS = {"DATABASE_URL": "postgresql://localhost/recommendations", "NATS_URL": "nats://localhost"}


def test_the_first_model_answers_where_none_is_chosen():
    assert read(Config, URLS).model is Model.V1


def test_the_second_model_can_be_chosen():
    assert read(Config, {**URLS, "MODEL": "v2"}).model is Model.V2


def test_an_unknown_model_is_refused_and_the_known_ones_are_named():
    with pytest.raises(ConfigError, match="MODEL: 'v3' is none of v1, v2"):
        read(Config, {**URLS, "MODEL": "v3"})
