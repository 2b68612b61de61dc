"""SCORM packages with one page, which does exactly what a test says and keeps what it was answered.

In the page's script stand `initialize()`, `get(name)`, `set(name, value)`, `commit()` and
`finish()` of either edition; `answers` lists each call with its answer and its error code.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

SCORM_12 = """<manifest identifier="M" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
 <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>"""
SCORM_2004 = """<manifest identifier="M" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" xmlns:imsss="http://www.imsglobal.org/xsd/imsss">
 <metadata><schema>ADL SCORM</schema><schemaversion>2004 4th Edition</schemaversion></metadata>"""
ITEM = '<item identifier="I{number}" identifierref="R" parameters="?p={number}">'
RESOURCE = '<resource identifier="R" type="webcontent" adlcp:{kind}="sco" href="{href}"/>'
PAGE = """<!doctype html><meta charset="utf-8"><title>A page</title><h1>A page</h1><script>
const old = EDITION === "1.2";
const lms = old ? parent.API : parent.API_1484_11;
const answers = [];
const call = (name, ...values) => {
  const answer = lms[(old ? "LMS" : "") + name](...values);
  answers.push([name, ...values, answer, lms[(old ? "LMS" : "") + "GetLastError"]()]);
  return answer;
};
const initialize = () => call("Initialize", "");
const get = (name) => call("GetValue", name);
const set = (name, value) => call("SetValue", name, value);
const commit = () => call("Commit", "");
const finish = () => call(old ? "Finish" : "Terminate", "");
const part = new URLSearchParams(location.search).get("p");
SCRIPT
</script>"""


def package(
    file: Path,
    script: str,
    *,
    edition: str = "1.2",
    title: str = "A page",
    items: Sequence[str] = ("A page",),
    mastery: int | None = None,
    href: str = "index.html",
    more: dict[str, str] | None = None,
) -> Path:
    """Write a package whose items all open the same page; `more` are further files by name."""
    old = edition == "1.2"
    rule = "" if mastery is None else f"<adlcp:masteryscore>{mastery}</adlcp:masteryscore>"
    lines = [
        f"{ITEM.format(number=number)}<title>{item}</title>{rule}</item>"
        for number, item in enumerate(items, 1)
    ]
    kind = "scormtype" if old else "scormType"
    manifest = (
        f'{SCORM_12 if old else SCORM_2004}<organizations default="O"><organization identifier="O">'
        f"<title>{title}</title>{''.join(lines)}</organization></organizations>"
        f"<resources>{RESOURCE.format(kind=kind, href=href)}</resources></manifest>"
    )
    page = PAGE.replace("EDITION", repr(edition)).replace("SCRIPT", script)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("imsmanifest.xml", manifest)
        archive.writestr(href.replace("\\", "/"), page)
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return file
