from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import pytest

from chassis.config import ConfigError, LogLevel, ServiceConfig, load, read


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    service: ClassVar[str] = "example"

    database_url: str
    color: Color = Color.RED
    units: int = 3
    is_open: bool = True


REQUIRED = {"DATABASE_URL": "postgresql://localhost/example"}


def errors(**environ):
    with pytest.raises(ConfigError) as failure:
        read(Config, environ)
    return str(failure.value).splitlines()


def test_a_variable_that_is_not_set_has_its_default():
    config = read(Config, REQUIRED)
    assert (config.host, config.port, config.admin_port) == ("127.0.0.1", 8000, 9000)
    assert (config.log_level, config.color, config.is_open) == (LogLevel.INFO, Color.RED, True)


def test_variables_are_converted_to_the_types_of_the_fields():
    config = read(
        Config, {**REQUIRED, "PORT": "8010", "STOP_SECONDS": "2.5", "COLOR": "blue", "IS_OPEN": "no"}
    )
    assert (config.port, config.stop_seconds, config.color, config.is_open) == (
        8010,
        2.5,
        Color.BLUE,
        False,
    )


def test_a_missing_variable_is_named():
    assert errors() == ["example: DATABASE_URL is missing"]


def test_an_empty_variable_is_missing():
    assert errors(DATABASE_URL="") == ["example: DATABASE_URL is missing"]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("UNITS", "few", "'few' is not a whole number"),
        ("UNITS", "2.5", "'2.5' is not a whole number"),
        ("UNITS", "-1", "'-1' is not a number from 0 up"),
        ("STOP_SECONDS", "soon", "'soon' is not a number"),
        ("STOP_SECONDS", "inf", "'inf' is not a number from 0 up"),
        ("DRAIN_SECONDS", "nan", "'nan' is not a number from 0 up"),
        ("PORT", "65536", "'65536' is not a port, 0 to 65535"),
        ("IS_OPEN", "perhaps", "'perhaps' is neither true nor false"),
        ("COLOR", "green", "'green' is none of red, blue"),
        ("LOG_LEVEL", "LOUD", "'LOUD' is none of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_an_invalid_value_is_reported_with_its_variable(name, text, error):
    assert errors(**REQUIRED, **{name: text}) == [f"example: {name}: {error}"]


def test_all_errors_are_reported_together():
    assert len(errors(PORT="x", UNITS="y")) == 3


def test_a_value_can_be_read_from_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("postgresql://localhost/from-a-file\n")
    config = read(Config, {"DATABASE_URL_FILE": str(secret), "DATABASE_URL": "postgresql://localhost/other"})
    assert config.database_url == "postgresql://localhost/from-a-file"


def test_an_empty_file_is_missing(tmp_path):
    (tmp_path / "secret").write_text("\n")
    assert errors(DATABASE_URL_FILE=str(tmp_path / "secret")) == ["example: DATABASE_URL is missing"]


def test_a_file_that_does_not_exist_is_named(tmp_path):
    [error] = errors(DATABASE_URL_FILE=str(tmp_path / "gone"))
    assert error.startswith("example: DATABASE_URL: ")
    assert str(tmp_path / "gone") in error


def test_a_process_with_an_invalid_configuration_exits_with_2(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SystemExit) as exit:
        load(Config)
    assert exit.value.code == 2
    assert capsys.readouterr().err == "example: DATABASE_URL is missing\n"
