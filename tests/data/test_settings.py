import datetime as dt
import json

import pytest
from pydantic import ValidationError

from fireassay.data.rules import Auto, TimeBars
from fireassay.data.settings import DataSettings, Stale, Stamp
from fireassay.errors import SettingError


def test_defaults_are_those_that_the_descriptions_state() -> None:
    settings = DataSettings()
    assert settings.stamp is Stamp.END
    assert settings.stale is Stale.KEEP
    assert settings.session_rule == Auto()
    assert settings.bar_rule == TimeBars(dt.timedelta(minutes=1))


def test_settings_survive_json() -> None:
    settings = DataSettings(
        location="x.csv", columns={"time": "when"}, start=dt.date(2020, 1, 2), symbols=("A",)
    )
    assert DataSettings.model_validate_json(settings.model_dump_json()) == settings


def test_every_field_tells_what_it_is() -> None:
    schema = DataSettings.model_json_schema()["properties"]
    assert all(len(field["description"]) > 10 for field in schema.values())
    assert json.dumps(schema)


def test_unknown_keys_and_changes_are_refused() -> None:
    with pytest.raises(ValidationError):
        DataSettings(zone="UTC")  # type: ignore[call-arg]
    with pytest.raises(ValidationError):
        DataSettings().location = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"sessions": "weekly"}, "calendar:XNYS"),
        ({"bars": "minute"}, "time:1m"),
        ({"timezone": "Europe/Moskow"}, "Europe/Moscow"),
        ({"start": "2020-02-01", "end": "2020-01-01"}, "Swap"),
    ],
)
def test_impossible_values_are_told_with_what_to_write(options: dict[str, str], told: str) -> None:
    with pytest.raises(SettingError, match=told):
        DataSettings(**options)  # type: ignore[arg-type]
