"""Who and what the tests of the clients speak of: a place, a person, a very small course."""

from __future__ import annotations

import io
import zipfile

from app.clients.scorm_cloud import CloudLearner

LOCATION = "demo-location"
REDIRECT = "http://hub.localhost:8000/oauth/callback"
SCOPES = (
    "contacts.readonly contacts.write locations.readonly locations/tags.readonly "
    "locations/tags.write locations/customFields.readonly locations/customFields.write "
    "objects/schema.readonly objects/schema.write objects/record.readonly objects/record.write "
    "associations.readonly associations.write associations/relation.readonly "
    "associations/relation.write businesses.readonly users.readonly workflows.readonly "
    "conversations/message.write oauth.readonly oauth.write marketplace-installer-details.readonly"
)
ANN = CloudLearner("u1", "ann@example.test", "Ann", "Lee")

MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m1" version="1.0" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
    xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="o1"><organization identifier="o1"><title>Forklift safety</title>
    <item identifier="i1" identifierref="r1"><title>Forklift safety</title></item>
  </organization></organizations>
  <resources><resource identifier="r1" type="webcontent" adlcp:scormtype="sco" href="a.html">
    <file href="a.html"/></resource></resources>
</manifest>
"""


def package(manifest: str = MANIFEST) -> io.BytesIO:
    """The smallest SCORM 1.2 course there is."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("imsmanifest.xml", manifest)
        archive.writestr("a.html", "<!DOCTYPE html><title>Forklift safety</title>")
    file.seek(0)
    return file
