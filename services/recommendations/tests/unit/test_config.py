import pytest

from chassis.config import ConfigError, read
from recommendations.config import Config
from recommendations.domain.recommendations import Model

URLS = {"DATABASE_URL": "postgresql://localhost/recommendations", "NATS_URL": "nats://localhost"}


def test_the_default_model_is_v1():
    assert read(Config, URLS).model is Model.V1


def test_the_model_v2_can_be_configured():
    assert read(Config, {**URLS, "MODEL": "v2"}).model is Model.V2


def test_an_unknown_model_is_rejected_with_the_known_ones():
    with pytest.raises(ConfigError, match="MODEL: 'v3' is none of v1, v2"):
        read(Config, {**URLS, "MODEL": "v3"})
