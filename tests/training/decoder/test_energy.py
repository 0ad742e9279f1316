"""Energy is read where the machine tells it, and unknown elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from rightsizer.training.decoder import energy
from rightsizer.training.decoder.energy import EnergyMeter


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "_gpu_watts", lambda: None)


def test_the_processors_counters_are_added(tmp_path: Path) -> None:
    for zone, start in (("intel-rapl:0", 1_000_000), ("intel-rapl:1", 5_000_000)):
        (tmp_path / zone).mkdir()
        (tmp_path / zone / "energy_uj").write_text(str(start))
    (tmp_path / "intel-rapl:0:0").mkdir()  # a part of the first: counted already
    (tmp_path / "intel-rapl:0:0" / "energy_uj").write_text("7")
    meter = EnergyMeter(tmp_path)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("3000000")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("5500000")
    assert meter.joules() == pytest.approx(2.5)


def test_nothing_to_read_is_unknown(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path / "absent").joules() is None
