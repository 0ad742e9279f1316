"""Settings: the order of the layers, where each value came from, and that no typo passes."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from rightsizer.config import Settings, find_home, load_settings, write_toml
from rightsizer.errors import ConfigError
from rightsizer.types import OutputKind

NO_ENV: dict[str, str] = {}


def load(home: Path, toml: str = "", env: dict[str, str] | None = None, **flags: object) -> Settings:
    home.mkdir(exist_ok=True)
    if toml:
        (home / "rightsizer.toml").write_text(toml, encoding="utf-8")
    return load_settings(home, {k.replace("__", "."): v for k, v in flags.items()}, env=env or NO_ENV)


@pytest.mark.parametrize(
    ("toml", "env", "flags", "value", "origin"),
    [
        ("", {}, {}, 0.1, "default"),
        ("[gate]\ndelta = 0.2", {}, {}, 0.2, "file "),
        ("[gate]\ndelta = 0.2", {"RIGHTSIZER_GATE_DELTA": "0.3"}, {}, 0.3, "env RIGHTSIZER_GATE_DELTA"),
        ("[gate]\ndelta = 0.2", {"RIGHTSIZER_GATE_DELTA": "0.3"}, {"gate__delta": 0.4}, 0.4, "flag"),
        ("[gate]\ndelta = 0.2", {}, {"gate__delta": None}, 0.2, "file "),
    ],
)
def test_later_layers_win_and_say_so(
    tmp_path: Path,
    toml: str,
    env: dict[str, str],
    flags: dict[str, object],
    value: float,
    origin: str,
) -> None:
    settings = load(tmp_path, toml, env, **flags)
    line = next(e for e in settings.explain() if e.name == "gate.delta")
    assert settings.gate.delta == line.value == value
    assert line.origin.startswith(origin)
    if origin == "file ":
        assert line.origin == f"file {tmp_path / 'rightsizer.toml'}"


@pytest.mark.parametrize(
    ("toml", "env", "flags", "said", "hint"),
    [
        ("[gate]\nalpha_lable = 0.1", {}, {}, "gate.alpha_lable", "gate.alpha_label"),
        ("[gates]\ndelta = 0.1", {}, {}, "[gates]", "[gate]"),
        ("delta = 0.1", {}, {}, "'delta'", "gate.delta"),
        ("", {"RIGHTSIZER_GATE_DELTTA": "1"}, {}, "RIGHTSIZER_GATE_DELTTA", "gate.delta"),
        ("", {}, {"train__sed": 1}, "train.sed", "train.seed"),
        ("[store]\nqqqq_zzzz = 1", {}, {}, "store.qqqq_zzzz", "config show"),
    ],
)
def test_an_unknown_setting_is_an_error_with_a_suggestion(
    tmp_path: Path, toml: str, env: dict[str, str], flags: dict[str, object], said: str, hint: str
) -> None:
    with pytest.raises(ConfigError) as e:
        load(tmp_path, toml, env, **flags)
    assert said in e.value.message
    assert hint in e.value.hint


@pytest.mark.parametrize(
    ("toml", "env", "said"),
    [
        ("[gate]\ndelta = 'much'", {}, "gate.delta"),
        ("[gate]\ndelta = 1.5", {}, "gate.delta"),
        ("[gate]\ndelta = nan", {}, "gate.delta"),
        ("[gate]\ndelta = 0.1", {"RIGHTSIZER_GATE_DELTA": ""}, "RIGHTSIZER_GATE_DELTA"),
        ("[train]\nseed = 0.5", {}, "train.seed"),
        ("[encoder]\nenabled = 'perhaps'", {}, "encoder.enabled"),
        ("[split]\ntrain = 0.7", {}, "[split]"),
        ("[gateway]\nport = 70000", {}, "gateway.port"),
    ],
)
def test_a_wrong_value_is_named_with_its_origin(
    tmp_path: Path, toml: str, env: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError) as e:
        load(tmp_path, toml, env)
    assert said in e.value.message
    assert e.value.hint


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rightsizer\.toml"):
        load(tmp_path, "[gate\n")


def test_bytes_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    (tmp_path / "rightsizer.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"rightsizer\.toml"):
        load_settings(tmp_path, env=NO_ENV)


def test_a_named_file_must_exist_and_replaces_the_one_in_the_home(tmp_path: Path) -> None:
    load(tmp_path, "[gate]\ndelta = 0.2")
    other = tmp_path / "other.toml"
    with pytest.raises(ConfigError, match=r"other\.toml"):
        load_settings(tmp_path, file=other, env=NO_ENV)
    other.write_text("[gate]\nmin_calls = 7\n", encoding="utf-8")
    settings = load_settings(tmp_path, file=other, env=NO_ENV)
    assert (settings.gate.min_calls, settings.gate.delta) == (7, 0.1)


def test_names_in_the_environment_that_are_no_settings_are_left_alone(tmp_path: Path) -> None:
    env = {"RIGHTSIZER_HOME": "/elsewhere", "RIGHTSIZER_KEY": "x", "PATH": "/bin"}
    assert load(tmp_path, env=env).origins == {}


def test_the_environment_gives_booleans_and_numbers(tmp_path: Path) -> None:
    settings = load(tmp_path, env={"RIGHTSIZER_CURATE_MASK": "false", "RIGHTSIZER_TRAIN_SEED": "9"})
    assert settings.curate.mask is False
    assert settings.train.seed == 9


def test_home_is_the_flag_then_the_variable_then_the_users_own(tmp_path: Path) -> None:
    env = {"RIGHTSIZER_HOME": str(tmp_path / "env")}
    assert find_home(tmp_path / "flag", env) == tmp_path / "flag"
    assert find_home(None, env) == tmp_path / "env"
    assert find_home(None, {}) == Path.home() / ".rightsizer"
    assert find_home(Path("relative"), {}) == Path.cwd() / "relative"


def test_what_is_written_reads_back_equal(tmp_path: Path) -> None:
    odd = 'a "quoted" \\ 客户 \U0001f600 \x7f key'
    first = load(tmp_path, split__group_key=odd, gate__delta=0.05, curate__mask=False)
    second = load(tmp_path, write_toml(first))
    assert [e.value for e in first.explain()] == [e.value for e in second.explain()]
    assert second.split.group_key == odd


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValidationError):
        settings.gate.delta = 0.5
    with pytest.raises(ValidationError):
        settings.home = tmp_path


def test_every_output_kind_has_its_own_alpha(tmp_path: Path) -> None:
    kinds = get_args(OutputKind)
    for i, kind in enumerate(kinds, 1):
        settings = load(tmp_path, **{f"gate__alpha_{kind}": i / 100})
        assert settings.gate.alpha(kind) == i / 100


def test_every_setting_says_what_it_means_and_there_are_not_too_many(tmp_path: Path) -> None:
    lines = load(tmp_path).explain()
    assert 20 <= len(lines) <= 90
    assert all(line.meaning for line in lines)
    assert len({line.name for line in lines}) == len(lines)


def test_the_filters_are_the_curation_settings_without_the_mask(tmp_path: Path) -> None:
    settings = load(tmp_path, curate__drop_refusals=False)
    filters = settings.curate.filters()
    assert filters["drop_refusals"] is False
    assert "mask" not in filters
