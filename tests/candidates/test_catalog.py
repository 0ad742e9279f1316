"""The catalogue: large enough, complete for the founding text, and every figure with its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.candidates.catalog import find_model, load_catalog
from rightsizer.errors import ConfigError, NotFound

FOUNDING = [
    *("phi-2", "Phi-3-small-8k-instruct", "Nemotron-H-8B-Base-8K", "SmolLM2-135M-Instruct"),
    *("SmolLM2-1.7B-Instruct", "Hymba-1.5B-Instruct", "DeepSeek-R1-Distill-Qwen-7B", "RETRO-7.5B"),
    *("Llama-xLAM-2-8b-fc-r", "Toolformer-6.7B"),
]


def test_a_hundred_models_with_unique_ids() -> None:
    ids = [m.id for m in load_catalog()]
    assert len(set(ids)) == len(ids) >= 100


@pytest.mark.parametrize("name", FOUNDING)
def test_the_models_of_the_founding_text_are_present(name: str) -> None:
    assert find_model(load_catalog(), name).founding


def test_every_figure_says_where_it_is_from_and_when() -> None:
    for model in load_catalog():
        assert model.sources, model.id
        for score in model.scores:
            assert score.source, (model.id, score)
            assert score.as_of, (model.id, score)
            assert 0 <= score.value <= 100


def test_what_has_no_weights_is_a_pattern() -> None:
    assert {m.id for m in load_catalog() if m.pattern} == {"RETRO-7.5B", "Toolformer-6.7B"}


def test_your_own_file_replaces_and_adds(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[model]]\nid = "acme/小模型-1B"\nparameters_b = 1.0\nactive_parameters_b = 1.0\n'
        'commercial_use = "yes"\n'
        '[[model]]\nid = "microsoft/phi-2"\nparameters_b = 2.7\nactive_parameters_b = 2.7\n'
        'licence = "read"\n',
        "utf-8",
    )
    models = load_catalog(own)
    assert len(models) == len(load_catalog()) + 1
    assert find_model(models, "phi-2").licence == "read"
    assert find_model(models, "acme/小模型-1b").commercial_use == "yes"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[model]\n", "is not TOML"),
        ('[[model]]\nid = "a"\nactive_parameters_b = 1.0\n', "[[model]] 1 (a): parameters_b"),
        ('[[model]]\nid = "a"\nparameters_b = 1\nactive_parameters_b = 1\nlicense = "mit"\n', "license"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_where(tmp_path: Path, text: str, says: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml") as caught:
        load_catalog(own)
    assert says in str(caught.value)


def test_an_unclear_name_names_the_choices() -> None:
    with pytest.raises(NotFound, match="Qwen/Qwen3-"):
        find_model(load_catalog(), "Qwen3-")
    with pytest.raises(NotFound, match="no model of the catalogue"):
        find_model(load_catalog(), "gpt-9")
