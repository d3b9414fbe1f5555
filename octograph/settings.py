"""Settings: what the user chose, from the configuration file and the environment.

``OCTOGRAPH_THREADS=4`` in the environment goes before ``threads = 4`` in the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from octograph import configuration
from octograph.configuration import config_path
from octograph.errors import UsageError

__all__ = ["Origin", "Setting", "Settings", "check", "config_path", "listed", "load"]

Origin = Literal["default", "file", "environment"]
"""Where a value comes from."""

_PREFIX = "OCTOGRAPH_"
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


class Settings(BaseSettings):
    """All settings, with their defaults; what each does stands in its description."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="forbid", frozen=True)

    graph: str = Field(
        default="embedded", description="The model graph used when none is named: a bundled one or a path."
    )
    theme: str = Field(default="octograph-dark", description="The colours of the chat.")
    keys: dict[str, str] = Field(
        default_factory=dict,
        description='Other keys for actions of the chat: { "chat.stop" = "alt+s" }, several with a comma.',
    )
    unsure: Literal["abstain", "ask"] = Field(
        default="abstain",
        description="What happens when a worker withheld its answer and nobody else has one: abstain, or ask you.",
    )
    most_workers: int = Field(default=3, ge=1, description="How many workers a step may ask.")
    most_tokens: int | None = Field(
        default=None, ge=1, description="How many tokens models may write in a turn; no bound if empty."
    )
    most_seconds: float | None = Field(
        default=None, gt=0, description="How many seconds a turn may take; no bound if empty."
    )
    learning: Literal["off", "greedy", "thompson", "ucb"] = Field(
        default="off", description="How feedback moves the choice of the worker: off, greedy, thompson or ucb."
    )
    price: float = Field(
        default=0.0,
        ge=0,
        description="What a unit of the workers' cost is worth in chance of success, where outcomes route.",
    )
    threads: int | None = Field(default=None, ge=1, le=256, description="CPU threads of a model; all cores if empty.")
    requantise: bool = Field(
        default=True, description="Copy slow weights once in a type that this machine decodes faster: true or false."
    )
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("octograph"), description="Where conversations are kept."
    )
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("octograph"),
        description="Where what can be made again is kept: requantised weights, records of checked files.",
    )
    api_keys: dict[str, Annotated[str, Field(pattern=_VARIABLE)]] = Field(
        default_factory=dict,
        description="By the address of a server, the name of the environment variable that holds its key.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the file; nothing is read from elsewhere."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, configuration.read())

    @property
    def cpu_threads(self) -> int:
        """Threads to decode with."""
        if self.threads is not None:
            return self.threads
        # What this process may use, which a container or taskset can make less than the machine has.
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity is not None else os.cpu_count() or 1

    @property
    def threads_beside(self) -> int:
        """Threads for what works while a model decodes."""
        return max(1, self.cpu_threads - 1)

    def document(self) -> Mapping[str, Any]:
        """The settings as JSON."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting in force.

    Attributes
    ----------
    name
        Its name in the file.
    value
        Its value, as JSON.
    origin
        Where the value comes from.
    about
        What it does.
    choices
        The values that it can have, if they are few.

    """

    name: str
    value: Any
    origin: Origin
    about: str
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that goes before the file."""
        return f"{_PREFIX}{self.name.upper()}"


def load() -> Settings:
    """Read the settings.

    Raises
    ------
    UsageError
        The file is not TOML, or a setting is unknown or has a bad value.

    """
    return _settings({})


def check(name: str, value: object) -> Any:
    """Return a value as a setting would have it, as JSON.

    Parameters
    ----------
    name
        The setting.
    value
        Its value, or the text of one.

    Raises
    ------
    UsageError
        The setting cannot have this value.

    """
    return _settings({name: value}).document()[name]


def listed() -> list[Setting]:
    """Return all settings in force.

    Raises
    ------
    UsageError
        As `load`.

    """
    values, file = load().document(), configuration.read()
    variables = {name.upper() for name in os.environ}
    settings = []
    for name, field in Settings.model_fields.items():
        origin: Origin = "file" if name in file else "default"
        if f"{_PREFIX}{name.upper()}" in variables:
            origin = "environment"
        named = tuple(each for each in get_args(field.annotation) if isinstance(each, str))
        choices = ("true", "false") if field.annotation is bool else named
        about = field.description or ""
        settings.append(Setting(name=name, value=values[name], origin=origin, about=about, choices=choices))
    return settings


def _settings(values: Mapping[str, Any]) -> Settings:
    """Read the settings, some of which are given."""
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"]]
        raise UsageError(
            f"the setting {'.'.join(path)!r} is wrong: {first['msg']}",
            hint=f"Correct it in {str(config_path())!r} or in the environment ({_PREFIX}{path[0].upper()}).",
        ) from error
    except SettingsError as error:
        raise UsageError(
            f"the environment cannot be read: {error}",
            hint='Tables are written as JSON there, such as `OCTOGRAPH_KEYS=\'{"chat.stop": "alt+s"}\'`.',
        ) from error
