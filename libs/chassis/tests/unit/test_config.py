from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import pytest

from chassis.config import ConfigError, LogLevel, ServiceConfig, load, read


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    service: ClassVar[str] = "service"

    database_url: str
    colour: Colour = Colour.RED
    pieces: int = 3
    is_open: bool = True


GIVEN = {"DATABASE_URL": "postgresql://localhost/service"}


def problems(**environ):
    with pytest.raises(ConfigError) as refused:
        read(Config, environ)
    return str(refused.value).splitlines()


def test_what_is_not_given_has_its_default():
    config = read(Config, GIVEN)
    assert (config.host, config.port, config.admin_port) == ("127.0.0.1", 8000, 9000)
    assert (config.log_level, config.colour, config.is_open) == (LogLevel.INFO, Colour.RED, True)


def test_variables_become_values_of_the_field_s_type():
    config = read(Config, {**GIVEN, "PORT": "8010", "STOP_SECONDS": "2.5", "COLOUR": "blue", "IS_OPEN": "no"})
    assert (config.port, config.stop_seconds, config.colour, config.is_open) == (
        8010,
        2.5,
        Colour.BLUE,
        False,
    )


def test_a_variable_that_must_be_given_is_named():
    assert problems() == ["service: DATABASE_URL is missing"]


def test_an_empty_variable_counts_as_not_given():
    assert problems(DATABASE_URL="") == ["service: DATABASE_URL is missing"]


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("PIECES", "few", "'few' is not a whole number"),
        ("PIECES", "2.5", "'2.5' is not a whole number"),
        ("PIECES", "-1", "'-1' is not a number from 0 up"),
        ("STOP_SECONDS", "soon", "'soon' is not a number"),
        ("STOP_SECONDS", "inf", "'inf' is not a number from 0 up"),
        ("DRAIN_SECONDS", "nan", "'nan' is not a number from 0 up"),
        ("PORT", "65536", "'65536' is not a port, 0 to 65535"),
        ("IS_OPEN", "perhaps", "'perhaps' is neither true nor false"),
        ("COLOUR", "green", "'green' is none of red, blue"),
        ("LOG_LEVEL", "LOUD", "'LOUD' is none of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_its_variable(name, text, problem):
    assert problems(**GIVEN, **{name: text}) == [f"service: {name}: {problem}"]


def test_everything_that_is_wrong_is_told_at_once():
    assert len(problems(PORT="x", PIECES="y")) == 3


def test_a_value_can_be_in_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("postgresql://localhost/from-a-file\n")
    config = read(Config, {"DATABASE_URL_FILE": str(secret), "DATABASE_URL": "postgresql://localhost/other"})
    assert config.database_url == "postgresql://localhost/from-a-file"


def test_an_empty_file_counts_as_not_given(tmp_path):
    (tmp_path / "secret").write_text("\n")
    assert problems(DATABASE_URL_FILE=str(tmp_path / "secret")) == ["service: DATABASE_URL is missing"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    [problem] = problems(DATABASE_URL_FILE=str(tmp_path / "gone"))
    assert problem.startswith("service: DATABASE_URL: ")
    assert str(tmp_path / "gone") in problem


def test_a_process_that_is_wrongly_configured_says_so_and_exits_with_2(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SystemExit) as exit:
        load(Config)
    assert exit.value.code == 2
    assert capsys.readouterr().err == "service: DATABASE_URL is missing\n"
