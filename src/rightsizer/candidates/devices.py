"""Device profiles: what a machine can hold and how fast it reads it (arXiv 2506.02153, WD1)."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import Field

from rightsizer.candidates.catalog import CatalogEntry, entries
from rightsizer.errors import ConfigError, NotFound

THIS_MACHINE = "this-machine"
# Of a machine's memory, what a model may take; the rest is the system's and the agent's.
USABLE = 0.75


class Device(CatalogEntry):
    """One machine. Sizes in GB (10^9 bytes), speeds as the maker states them.

    `max_ttft_s` and `max_ms_per_token` are what "practical for one user" means there.
    """

    name: str
    label: str = ""
    kind: Literal["edge", "laptop", "desktop", "server"]
    memory_gb: float = Field(gt=0, description="that a model can use")
    bandwidth_gb_s: float = Field(gt=0)
    tflops: float = Field(gt=0, description="dense, 16 bit")
    max_ttft_s: float = Field(5.0, gt=0, description="longest wait for the first token")
    max_ms_per_token: float = Field(100.0, gt=0)


def load_devices(extra: Path | None = None) -> tuple[Device, ...]:
    """The shipped profiles and those of your own file, which replace shipped ones of the same name.

    Raises:
        ConfigError: the file is unreadable or wrong.
    """
    known = {device.name: device for device in _shipped()}
    if extra is not None:
        try:
            text = extra.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{extra} cannot be read: {error}", hint="name a TOML file in UTF-8") from error
        known |= {device.name: device for device in entries(extra.name, text, "device", Device)}
    return tuple(known.values())


def find_device(devices: tuple[Device, ...], name: str) -> Device:
    """A profile by name; `this-machine` is made up from this machine's memory.

    Raises:
        NotFound: no such profile.
    """
    if name == THIS_MACHINE:
        return this_machine()
    for device in devices:
        if device.name == name:
            return device
    raise NotFound(
        f"no device profile is called {name!r}",
        hint=f"one of {', '.join(d.name for d in devices)}, {THIS_MACHINE}; yours go into candidates.devices",
    )


def this_machine() -> Device:
    """This machine as a laptop-class CPU: its memory is measured, its speed is the laptop profile's."""
    base = next(device for device in _shipped() if device.name == "laptop-16gb")
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return base.model_copy(
        update={
            "name": THIS_MACHINE,
            "label": f"this machine, {memory_gb:.0f} GB, CPU",
            "memory_gb": round(USABLE * memory_gb, 1),
        }
    )


@lru_cache(maxsize=1)
def _shipped() -> tuple[Device, ...]:
    text = files("rightsizer.candidates").joinpath("devices.toml").read_text("utf-8")
    return tuple(entries("devices.toml", text, "device", Device))
