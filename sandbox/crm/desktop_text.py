"""How values and texts read on the sandbox's pages: filters of its templates."""

import re

from markupsafe import Markup, escape

from sandbox.crm.documents import Doc

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


def shown(value: object, field: Doc) -> str:
    """A record's value as a person reads it: the labels of options instead of their keys."""
    labels = {option["key"]: option["label"] for option in field.get("options", [])}
    values = value if isinstance(value, list) else [value]
    return ", ".join(
        str(labels.get(one, one)) if isinstance(one, str) else str(one) for one in values
    )


def linked(text: str) -> Markup:
    """Text with its web addresses made into links, line breaks kept."""
    parts, end = [], 0
    for found in _ADDRESS.finditer(text):
        parts += [escape(text[end : found.start()]), _link(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _link(address: str) -> Markup:
    return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(address)
