"""The policy file: readable, checked to the word, and safe where it says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.curation.policy import CLASSES, Policy, load_policy
from rightsizer.curation.sensitive import MASKED_TYPES
from rightsizer.errors import ConfigError


def load(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


def test_no_file_means_the_defaults_and_a_named_one_must_exist(tmp_path: Path) -> None:
    assert load_policy(tmp_path / "none.toml") == Policy()
    with pytest.raises(ConfigError, match="no policy file"):
        load_policy(tmp_path / "none.toml", required=True)


def test_by_default_people_are_replaced_and_secrets_masked() -> None:
    policy = Policy()
    assert {policy.action(kind) for kind in ("PERSON", "EMAIL_ADDRESS", "ADDRESS", "DATE", "NEW_CLASS")} == {
        "pseudonymise"
    }
    assert policy.action("GITHUB_TOKEN") == policy.action("SECRET") == policy.action("CVV") == "mask"
    assert policy.action("AMOUNT") == policy.action("URL") == "keep"


@pytest.mark.parametrize("kind", ["SECRET", "PASSWORD"])
@pytest.mark.parametrize("action", ["keep", "pseudonymise"])
def test_a_secret_can_not_be_let_out(tmp_path: Path, kind: str, action: str) -> None:
    with pytest.raises(ConfigError, match="secret"):
        load(tmp_path, f'[classes]\n{kind} = "{action}"\n')


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[classes]\nPERSONS = "mask"', "PERSON"),
        ('[learn]\nEMAIL = "mask"', ""),
        ('[fields]\nnote = "maks"', "mask"),
        ('[tools.find]\nnote = "IDS"', "ID"),
    ],
)
def test_a_word_without_meaning_is_an_error_that_helps(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert hint in raised.value.hint


def test_other_mistakes_name_their_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"classes\.PERSON"):
        load(tmp_path, '[classes]\nPERSON = "hide"')
    with pytest.raises(ConfigError, match="speling"):
        load(tmp_path, "speling = 1")
    with pytest.raises(ConfigError, match="cannot read"):
        load(tmp_path, "[classes")


def test_tools_win_over_fields_and_paths_over_keys(tmp_path: Path) -> None:
    policy = load(tmp_path, '[fields]\nzip = "ID"\n[tools.find]\n"address.zip" = "keep"\nzip = "mask"\n')
    assert policy.field("find", "zip", "address.zip") == "keep"
    assert policy.field("find", "zip", "zip") == "mask"
    assert policy.field("other", "zip", "address.zip") == "ID"
    assert policy.field("other", "city", "city") is None


def test_students_see_what_learn_says(tmp_path: Path) -> None:
    policy = load(tmp_path, '[learn]\nPERSON = "mask"\nEMAIL_ADDRESS = "keep"\n')
    assert policy.masked_types(MASKED_TYPES) == (MASKED_TYPES | {"PERSON"}) - {"EMAIL_ADDRESS"}


def test_every_class_is_documented() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "policy.md"
    text = page.read_text(encoding="utf-8")
    assert not [kind for kind in CLASSES if f"`{kind}`" not in text]
