"""Tiny packages of our own making, and the stand-in with one of them imported."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox.conftest import CloudServer

MANIFEST = """<?xml version="1.0"?>
<manifest identifier="tiny" version="1" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
    xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="org"><organization identifier="org">
    <title>{title}</title>{items}
  </organization></organizations>
  <resources>
    <resource identifier="page" type="webcontent" adlcp:scormtype="sco" href="index.html">
      <file href="index.html"/>
    </resource>
  </resources>
</manifest>
"""
ITEM = (
    '<item identifier="item{n}" identifierref="page"><title>Part {n}</title>'
    "<adlcp:masteryscore>80</adlcp:masteryscore></item>"
)

MakePackage = Callable[..., Path]


@pytest.fixture
def make_package(tmp_path: Path) -> MakePackage:
    """Makes a SCORM 1.2 zip with a title and so many items; the same bytes at any time."""

    def make(title: str = "Tiny course", items: int = 1, name: str = "tiny.zip") -> Path:
        path = tmp_path / name
        parts = "".join(ITEM.format(n=n + 1) for n in range(items))
        with zipfile.ZipFile(path, "w") as archive:
            text = MANIFEST.format(title=title, items=parts)
            archive.writestr(zipfile.ZipInfo("imsmanifest.xml"), text)
            page = "<!doctype html><title>Part</title><p>Hello</p>"
            archive.writestr(zipfile.ZipInfo("index.html"), page)
        return path

    return make


@pytest.fixture
def course(cloud_server: CloudServer, make_package: MakePackage) -> CloudServer:
    """The stand-in with the course ``c1``."""
    job = cloud_server.import_course("c1", make_package())
    assert job["status"] == "COMPLETE", job
    return cloud_server
