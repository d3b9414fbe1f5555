"""Settings: what the user chose, from the configuration file and the environment.

``OCTOGRAPH_THREADS=4`` in the environment goes before ``threads = 4`` in the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from octograph.errors import UsageError

__all__ = ["Settings", "config_path", "load"]

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


def config_path() -> Path:
    """Where the configuration file is looked for; ``OCTOGRAPH_CONFIG`` names another."""
    named = os.environ.get("OCTOGRAPH_CONFIG")
    return Path(named) if named else platformdirs.user_config_path("octograph") / "config.toml"


class Settings(BaseSettings):
    """All settings, with their defaults.

    Attributes
    ----------
    graph
        The model graph used when none is named: a bundled one or a path.
    data_dir
        Conversations.
    cache_dir
        What can be made again: requantised weights, records of checked files.
    threads
        CPU threads of a model; None takes all cores.
    learning
        How feedback moves the choice of the worker: ``off``, ``greedy``, ``thompson`` or ``ucb``.
    price
        What a unit of the workers' `cost` is worth in chance of success, where the graph routes by outcomes.
    unsure
        What happens when a worker withheld its answer and nobody else has one: ``abstain``, or ``ask`` the person.
    most_workers, most_tokens, most_seconds
        Bounds of one turn: workers asked about a step, tokens that models write, and seconds; None for no bound.
    requantise
        Whether slow weights are copied once in a type that this machine decodes faster.
    api_keys
        By the address of a server, the name of the environment variable that holds its key.

    """

    model_config = SettingsConfigDict(env_prefix="OCTOGRAPH_", extra="forbid", frozen=True)

    graph: str = "embedded"
    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("octograph"))
    cache_dir: Path = Field(default_factory=lambda: platformdirs.user_cache_path("octograph"))
    threads: int | None = Field(default=None, ge=1, le=256)
    learning: Literal["off", "greedy", "thompson", "ucb"] = "off"
    price: float = Field(default=0.0, ge=0)
    unsure: Literal["abstain", "ask"] = "abstain"
    most_workers: int = Field(default=3, ge=1)
    most_tokens: int | None = Field(default=None, ge=1)
    most_seconds: float | None = Field(default=None, gt=0)
    requantise: bool = True
    api_keys: dict[str, Annotated[str, Field(pattern=_VARIABLE)]] = Field(default_factory=dict)

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
        file = TomlConfigSettingsSource(settings_cls, toml_file=config_path())
        return init_settings, env_settings, file

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


def load() -> Settings:
    """Read the settings.

    Raises
    ------
    UsageError
        The file is not TOML, or a setting is unknown or has a bad value.

    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"the setting {key!r} is wrong: {first['msg']}",
            hint=f"Correct it in {str(config_path())!r} or in the environment (OCTOGRAPH_{key.upper()}).",
        ) from error
    except (ValueError, OSError) as error:
        raise UsageError(
            f"the configuration {str(config_path())!r} cannot be read: {error}",
            hint="It must be TOML, such as `threads = 4`.",
        ) from error
