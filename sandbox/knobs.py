"""Numbered settings of a stand-in that are no faults: page sizes, polls per import, time scale.

They are changed one by one (a change leaves the others alone), unlike faults, which are always
put as a whole.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.store import Store


class Knobs:
    """Named numbers and switches with defaults; a value keeps the type of its default."""

    def __init__(self, store: Store, defaults: Mapping[str, float | int | bool]) -> None:
        self._store = store
        self._defaults = dict(defaults)

    def __getitem__(self, name: str) -> Any:
        return self.all()[name]

    def all(self) -> dict[str, Any]:
        return {**self._defaults, **self._store.value("knobs", {})}

    def change(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change some of them; ValueError with a sentence for an unknown name or a wrong value."""
        checked = {name: self._checked(name, value) for name, value in changes.items()}
        self._store.set_value("knobs", {**self._store.value("knobs", {}), **checked})
        return self.all()

    def _checked(self, name: str, value: Any) -> float | int | bool:
        if name not in self._defaults:
            raise ValueError(f"Unknown setting {name}; known: {', '.join(sorted(self._defaults))}.")
        wanted = type(self._defaults[name])
        if wanted is bool:
            if not isinstance(value, bool):
                raise ValueError(f"{name} is true or false.")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{name} is a number from 0.")
        return wanted(value)
