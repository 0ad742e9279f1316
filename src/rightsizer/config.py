"""Settings: one ``rightsizer.toml``, and for every value where it came from.

    default  <  rightsizer.toml  <  RIGHTSIZER_SECTION_KEY  <  flag

A setting is named ``section.key`` everywhere: ``gate.delta`` is ``delta`` under ``[gate]`` in the file,
``RIGHTSIZER_GATE_DELTA`` in the environment and ``{"gate.delta": 0.05}`` among the flags. The file is
``<home>/rightsizer.toml`` unless another is named. Every setting is a documented field below; the
list in ``docs/reference/settings.md`` is checked against it.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rightsizer.errors import ConfigError
from rightsizer.types import OutputKind

FILE_NAME = "rightsizer.toml"
ENV_PREFIX = "RIGHTSIZER_"
DEFAULT = "default"


class Section(BaseModel):
    """A group of settings: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class GateSettings(Section):
    """How much disagreement is tolerated, and how sure we must be that there is no more."""

    alpha_label: float = Field(
        0.02, gt=0, lt=1, description="tolerated mean disagreement, tasks answered by a label"
    )
    alpha_fields: float = Field(
        0.05, gt=0, lt=1, description="tolerated mean disagreement, JSON with several fields"
    )
    alpha_tool_call: float = Field(
        0.05, gt=0, lt=1, description="tolerated mean disagreement, tool calls with arguments"
    )
    alpha_text: float = Field(0.05, gt=0, lt=1, description="tolerated mean disagreement, free text")
    delta: float = Field(
        0.1, gt=0, lt=1, description="chance, over all decisions ever taken, that any certificate is wrong"
    )
    min_coverage: float = Field(
        0.05, ge=0, le=1, description="a student that could serve a smaller share is not worth it"
    )
    min_calls: int = Field(200, ge=1, description="calls a task needs before a student is trained")
    alpha_write: float = Field(
        0.04,
        ge=0,
        lt=1,
        description="tolerated mean disagreement, answers that call a tool that writes: proved apart from "
        "the others, never served where they are not; 0: as other answers",
    )
    slice_floor: float = Field(
        0.0, ge=0, lt=1, description="refuse where a slice certainly agrees less than this; 0: never"
    )

    def alpha(self, output: OutputKind) -> float:
        """The tolerated mean disagreement for a task with this kind of output."""
        by_output = {
            "label": self.alpha_label,
            "fields": self.alpha_fields,
            "tool_call": self.alpha_tool_call,
            "text": self.alpha_text,
        }
        return by_output[output]


class SplitSettings(Section):
    """How a task's calls are divided; whole sessions go to one part."""

    train: float = Field(0.6, gt=0, lt=1, description="share of the sessions to learn from")
    calibration: float = Field(0.25, gt=0, lt=1, description="share that chooses and proves the threshold")
    test: float = Field(0.15, gt=0, lt=1, description="share touched once, after the threshold is chosen")
    most_calibration: int = Field(
        2000,
        ge=0,
        description="sessions of calibration that are enough at 2 % disagreement (more where less is "
        "tolerated): what is over, of test in proportion, is learned from; 0: no such bound",
    )
    adapt: bool = Field(
        True, description="few sessions: calibrate on more of them, up to half, where a proof is within reach"
    )
    seed: int = Field(0, ge=0, description="seed of the split")
    group_key: str = Field(
        "", description="metadata key (customer, account …) that must not straddle parts; empty: session"
    )

    @model_validator(mode="after")
    def _sums_to_one(self) -> SplitSettings:
        total = self.train + self.calibration + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train + calibration + test is {total:g}, not 1")
        return self


class CurateSettings(Section):
    """What is not learned from, beyond what can never be used (errors, broken JSON …)."""

    mask: bool = Field(
        True, description="replace secrets and personal values by placeholders before learning and serving"
    )
    policy: str = Field(
        "", description="policy file, what happens to which class of values; empty: policy.toml in the home"
    )
    drop_refusals: bool = Field(True, description="set refusals of the LLM aside")
    drop_duplicates: bool = Field(True, description="set exact repeats aside; the first is kept")
    drop_truncated: bool = Field(True, description="set answers cut off by a length limit or filter aside")
    drop_loops: bool = Field(True, description="set calls aside whose context repeats one tool call 3 times")
    validate_arguments: bool = Field(
        True, description="set tool calls aside whose arguments violate the tool's own schema"
    )

    drop_lone_surrogates: bool = Field(
        True, description="set calls aside that hold half a character (a text cut inside an emoji)"
    )
    drop_tool_errors: bool = Field(
        False, description="set tool calls aside that failed and whose tool never worked again in the session"
    )
    max_message_chars: int = Field(
        0, ge=0, description="set calls aside with a message longer than this; 0: any length"
    )

    def filters(self) -> dict[str, Any]:
        """The settings that choose curation rules: everything but `mask` and `policy`."""
        return self.model_dump(exclude={"mask", "policy"})


class BalanceSettings(Section):
    """What of the train split a student learns from. Calibration and test stay as the traffic is."""

    outcome_key: str = Field("", description="metric that says how a session went, e.g. reward; empty: none")
    outcome_min: float = Field(0.5, description="a session whose last value of it is lower has failed")
    failed_share: float = Field(
        1.0, ge=0, le=1, description="share of the failed sessions to learn from; 0: none of them"
    )
    max_per_near_duplicate: int = Field(
        0, ge=0, description="most examples with nearly the same input and the same answer; 0: any"
    )
    tenant_key: str = Field("", description="metadata key that names the tenant; empty: none")
    max_per_tenant: int = Field(0, ge=0, description="most examples of one tenant and task; 0: any")
    max_per_class: int = Field(0, ge=0, description="most examples with one answer or tool and task; 0: any")


class TasksSettings(Section):
    """How tasks are found."""

    min_calls: int = Field(3, ge=1, description="fewer calls than this are no task")
    min_sessions: int = Field(2, ge=1, description="a task recurs in at least so many sessions")
    granularity: float | Literal["coarse", "auto", "fine"] = Field(
        "auto", description="how finely calls are divided: coarse, auto, fine, or a number (auto is 1)"
    )

    @field_validator("granularity")
    @classmethod
    def _is_not_negative(cls, value: float | str) -> float | str:
        if isinstance(value, float) and not 0 <= value <= 100:
            raise ValueError("must be coarse, auto, fine, or a number from 0 to 100")
        return value

    @property
    def scale(self) -> float:
        """`granularity` as a number: below 1 gives fewer and larger tasks, above 1 more and smaller ones."""
        named = {"coarse": 0.33, "auto": 1.0, "fine": 3.0}
        return named[self.granularity] if isinstance(self.granularity, str) else self.granularity


class EncoderSettings(Section):
    """The frozen sentence encoder that students may use."""

    enabled: bool = Field(True, description="use the encoder where one is found")
    path: str = Field("", description="folder of a MiniLM-class encoder; empty: look in the usual places")
    runtime: Literal["onnx", "static"] = Field(
        "onnx", description="static: label students serve from token tables, without ONNX Runtime"
    )
    precision: Literal["fp32", "int8", "auto"] = Field(
        "fp32", description="arithmetic of encoders; auto: int8 where the processor has instructions for it"
    )


class CandidatesSettings(Section):
    """Which base models are worth trying, and on what machine they will run."""

    catalog: str = Field("", description="your own catalogue of models (TOML), laid over the shipped one")
    devices: str = Field("", description="your own device profiles (TOML), laid over the shipped ones")
    device: str = Field(
        "laptop-16gb", description="device profile the students must fit; `this-machine` for this one"
    )
    use: Literal["commercial", "research"] = Field(
        "commercial", description="what the students will be used for"
    )
    quantization: str = Field("q4_k_m", description="format in which a decoder's weights would be served")


class TrainSettings(Section):
    """Training of students."""

    seed: int = Field(0, ge=0, description="seed of every training run")
    tune: bool = Field(True, description="fine-tune encoders where the extra 'train' is installed")
    max_examples: int = Field(20_000, ge=100, description="most training examples used for one student")


class StoreSettings(Section):
    """The encrypted store in the home folder."""

    busy_timeout_s: float = Field(30.0, ge=0, description="how long a second writer waits before StoreBusy")
    retention_days: float = Field(
        0.0, ge=0, description="calls older than this are deleted by `retention` and the gateway; 0: kept"
    )
    curated_copies: bool = Field(
        False, description="keep each dataset's masked examples, for the role that may not read raw calls"
    )


class PricesSettings(Section):
    """Money."""

    file: str = Field("", description="your own price table, laid over the shipped one")
    core_hour_usd: float = Field(0.05, ge=0, description="what one CPU core costs for an hour")


class UpstreamTable(Section):
    """One more LLM server of the gateway: ``[gateway.upstreams.NAME]``."""

    url: str = Field(description="base URL of its API, as its own clients take it")
    key_env: str = Field("", description="environment variable with its key; empty: the caller's key goes on")
    auth: str = Field("bearer", description="how its key is sent: bearer, basic, or the name of a header")
    models: tuple[str, ...] = Field((), description="patterns of the models that are its own")
    paths: tuple[str, ...] = Field((), description="patterns of the API paths that are its own")
    headers: dict[str, str] = Field({}, description="headers it is sent besides")


class GatewaySettings(Section):
    """The agents' front door."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8787, ge=0, le=65535, description="port to listen on; 0: any free one")
    upstream: str = Field("https://api.openai.com/v1", description="base URL of the LLM, ending in /v1")
    upstreams: dict[str, UpstreamTable] = Field({}, description="further LLM servers, by name")
    workers: int = Field(1, ge=1, le=64, description="processes that answer")
    sync: bool = Field(False, description="every record is on the disk before its answer ends")
    tls_cert: str = Field("", description="PEM file of the certificate; with tls_key: speak HTTPS")
    tls_key: str = Field("", description="PEM file of the certificate's private key")
    log_format: Literal["text", "json"] = Field("text", description="how the gateway logs: text or json")
    max_request_bytes: int = Field(64 << 20, ge=1, description="larger requests are refused")
    max_header_bytes: int = Field(64 << 10, ge=1024, description="larger request heads are refused")
    max_recorded_bytes: int = Field(
        64 << 20, ge=0, description="of a larger answer only the call is recorded"
    )
    max_connections: int = Field(1024, ge=1, description="connections a worker takes at once")
    max_backlog_bytes: int = Field(
        8 << 30, ge=0, description="above so much unread record calls go unrecorded"
    )
    max_waiting_bytes: int = Field(
        default=32 << 20,
        ge=0,
        description="so much waits in memory while the disk takes no records; more is lost and counted",
    )
    spill: str = Field("", description="a folder on another disk, for records while the first takes none")
    request_timeout_s: float = Field(60.0, gt=0, description="a request must have arrived after so long")
    connect_timeout_s: float = Field(10.0, gt=0, description="to reach the LLM's server")
    first_byte_timeout_s: float = Field(900.0, gt=0, description="until the LLM's answer begins")
    idle_timeout_s: float = Field(300.0, gt=0, description="between two pieces of the LLM's answer")
    student_timeout_s: float = Field(2.0, gt=0, description="a student that takes longer is not waited for")
    drain_timeout_s: float = Field(30.0, gt=0, description="for calls under way when the gateway stops")
    http2: bool = Field(False, description="speak HTTP/2 with an https upstream that offers it")
    stream_usage: bool = Field(
        False, description="ask Chat streams for their token counts; a caller that did not ask sees none"
    )
    otlp_endpoint: str = Field("", description="URL that recorded calls are sent to as OTLP/JSON spans")
    otlp_content: bool = Field(False, description="send prompts and answers in these spans too")

    @field_validator("upstreams", mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        """The environment and --set carry text: a JSON object."""
        return json.loads(value) if isinstance(value, str) else value


class Settings(BaseModel):
    """All settings of one home, and where each came from.

    `origins` maps ``section.key`` to ``default``, ``file <path>``, ``env <NAME>`` or ``flag``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    file: Path
    origins: dict[str, str] = Field(default_factory=dict, repr=False)
    gate: GateSettings = GateSettings()
    split: SplitSettings = SplitSettings()
    curate: CurateSettings = CurateSettings()
    balance: BalanceSettings = BalanceSettings()
    tasks: TasksSettings = TasksSettings()
    encoder: EncoderSettings = EncoderSettings()
    candidates: CandidatesSettings = CandidatesSettings()
    train: TrainSettings = TrainSettings()
    store: StoreSettings = StoreSettings()
    prices: PricesSettings = PricesSettings()
    gateway: GatewaySettings = GatewaySettings()

    def explain(self) -> list[Explained]:
        """Every setting with its value, origin and meaning, in the order of the file."""
        return [
            Explained(name, getattr(getattr(self, section), key), self.origins.get(name, DEFAULT), meaning)
            for name, section, key, meaning in _settings()
        ]


@dataclass(frozen=True)
class Explained:
    """One line of ``config show``."""

    name: str
    value: Any
    origin: str
    meaning: str


SECTIONS: dict[str, type[Section]] = {
    name: info.annotation
    for name, info in Settings.model_fields.items()
    if isinstance(info.annotation, type) and issubclass(info.annotation, Section)
}


def load_settings(
    home: Path | None = None,
    flags: Mapping[str, object] | None = None,
    *,
    file: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force.

    Args:
        home: the home folder; None means ``RIGHTSIZER_HOME``, else ``~/.rightsizer``.
        flags: ``section.key`` → value, from the command line; None values are not set.
        file: another settings file than ``<home>/rightsizer.toml``; then it must exist.
        env: the environment; None means ``os.environ``.

    Raises:
        ConfigError: an unknown setting, a value of the wrong kind, or an unreadable file.
    """
    env = os.environ if env is None else env
    home = find_home(home, env)
    path = file.expanduser() if file is not None else home / FILE_NAME
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    layers = (
        (f"file {path}", _from_file(path, required=file is not None)),
        ("env", _from_env(env)),
        ("flag", {name: value for name, value in (flags or {}).items() if value is not None}),
    )
    for layer, given in layers:
        for name, value in given.items():
            origin = f"env {_env_name(name)}" if layer == "env" else layer
            if name not in _names():
                raise _unknown(name, origin)
            values[name] = value
            origins[name] = origin
    sections = {name: _section(name, cls, values, origins) for name, cls in SECTIONS.items()}
    return Settings.model_validate({"home": home, "file": path, "origins": origins, **sections})


def find_home(home: Path | None = None, env: Mapping[str, str] | None = None) -> Path:
    """The home folder, absolute: the one given, else ``RIGHTSIZER_HOME``, else ``~/.rightsizer``."""
    env = os.environ if env is None else env
    chosen = home or Path(env.get("RIGHTSIZER_HOME") or "~/.rightsizer")
    return Path(os.path.abspath(chosen.expanduser()))


def write_toml(settings: Settings) -> str:
    """The settings as a commented ``rightsizer.toml``; reading it back gives the same values."""
    lines: list[str] = []
    section = ""
    for line in settings.explain():
        head, key = line.name.split(".", 1)
        if head != section:
            section = head
            lines += ["", f"[{section}]"] if lines else [f"[{section}]"]
        lines += [f"# {line.meaning}", f"{key} = {_toml(line.value)}"]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A value in TOML; a table in one line."""
    if isinstance(value, BaseModel):
        value = value.model_dump()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(str(name))} = {_toml(each)}" for name, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON's numbers, booleans and strings are TOML's too, but for DEL
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _settings() -> Iterator[tuple[str, str, str, str]]:
    """(name, section, key, meaning) of every setting."""
    for section, cls in SECTIONS.items():
        for key, info in cls.model_fields.items():
            yield f"{section}.{key}", section, key, info.description or ""


def _names() -> set[str]:
    return {name for name, *_ in _settings()}


def _env_name(name: str) -> str:
    return ENV_PREFIX + name.replace(".", "_").upper()


def _from_file(path: Path, *, required: bool) -> dict[str, object]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise ConfigError(f"no settings file {path}", hint="check the path given with --config") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise ConfigError(
            f"cannot read settings file {path}: {e}", hint="it must be a readable TOML file in UTF-8"
        ) from e
    values: dict[str, object] = {}
    for section, body in document.items():
        if not isinstance(body, dict):
            raise _unknown(section, f"file {path}")
        if section not in SECTIONS:
            raise _unknown_section(section, path)
        values |= {f"{section}.{key}": value for key, value in body.items()}
    return values


def _from_env(env: Mapping[str, str]) -> dict[str, object]:
    """Settings in the environment. Other ``RIGHTSIZER_*`` names (HOME, KEY …) are not settings."""
    by_env_name = {_env_name(name): name for name in _names()}
    values: dict[str, object] = {}
    for variable in sorted(env):
        if variable in by_env_name:
            values[by_env_name[variable]] = env[variable]
            continue
        section, _, key = variable.removeprefix(ENV_PREFIX).lower().partition("_")
        if variable.startswith(ENV_PREFIX) and section in SECTIONS and key:
            raise _unknown(f"{section}.{key}", f"env {variable}")
    return values


def _section(
    name: str, cls: type[Section], values: Mapping[str, object], origins: Mapping[str, str]
) -> Section:
    own = {n.split(".", 1)[1]: v for n, v in values.items() if n.startswith(name + ".")}
    try:
        return cls.model_validate(own)
    except ValidationError as e:
        error = e.errors()[0]
    key = str(error["loc"][0]) if error["loc"] else ""
    setting = f"{name}.{key}" if key else f"[{name}]"
    message = str(error["msg"]).removeprefix("Value error, ")
    got = f" (got {own[key]!r}, from {origins[setting]})" if key in own else ""
    raise ConfigError(f"setting {setting}: {message}{got}", hint="see 'rightsizer config show'")


def _unknown(name: str, origin: str) -> ConfigError:
    keys = {n.split(".", 1)[1]: n for n in sorted(_names(), reverse=True)}
    close = difflib.get_close_matches(name, sorted(_names()), n=1, cutoff=0.6)
    if not close:
        key = name.rsplit(".", maxsplit=1)[-1]
        close = [keys[k] for k in difflib.get_close_matches(key, sorted(keys), n=1)]
    hint = f"did you mean '{close[0]}'?" if close else "'rightsizer config show' lists every setting"
    return ConfigError(f"unknown setting '{name}' ({origin})", hint=hint)


def _unknown_section(section: str, path: Path) -> ConfigError:
    close = difflib.get_close_matches(section, SECTIONS, n=1)
    hint = f"did you mean [{close[0]}]?" if close else f"sections are {', '.join(SECTIONS)}"
    return ConfigError(f"unknown section [{section}] (file {path})", hint=hint)
