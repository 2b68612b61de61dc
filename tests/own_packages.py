"""Small packages of our own making, one for each kind that comes in from authoring tools.

GOOD ones are imported; of the BROKEN ones those that begin with "not-" follow another standard.
"""

from __future__ import annotations

import io
import re
import zipfile

HEADS = {
    "1.2": 'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" '
    'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"',
    "2004": 'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" '
    'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" '
    'xmlns:imsss="http://www.imsglobal.org/xsd/imsss"',
}
TITLE = "Safe lifting"
PAGE = "<!doctype html><title>A page</title><h1>A page</h1>"
ITEM = '<item identifier="i{n}" identifierref="r{n}"><title>Part {n}</title>{more}</item>'
RESOURCE = '<resource identifier="r{n}" type="webcontent" adlcp:{kind}="{is_a}" href="{href}"/>'
ONE_AFTER_THE_OTHER = (
    "<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions>"
    '<imsss:ruleCondition referencedObjective="before" operator="not" condition="satisfied"/>'
    '</imsss:ruleConditions><imsss:ruleAction action="disabled"/></imsss:preConditionRule>'
    '</imsss:sequencingRules><imsss:objectives><imsss:primaryObjective objectiveID="own">'
    '<imsss:mapInfo targetObjectiveID="done-{n}" writeSatisfiedStatus="true"/>'
    '</imsss:primaryObjective><imsss:objective objectiveID="before">'
    '<imsss:mapInfo targetObjectiveID="done-{before}" readSatisfiedStatus="true"/>'
    "</imsss:objective></imsss:objectives></imsss:sequencing>"
)
DRAWN = (
    '<imsss:sequencing><imsss:randomizationControls randomizationTiming="onEachNewAttempt" '
    'selectCount="1" reorderChildren="true" selectionTiming="onEachNewAttempt"/></imsss:sequencing>'
)
PREREQUISITE = '<adlcp:prerequisites type="aicc_script">i1</adlcp:prerequisites>'


def manifest(
    version: str = "1.2",
    items: int = 1,
    *,
    edition: str = "1.2",
    is_a: str = "sco",
    more: str = "",
    one_page: bool = False,
    sequencing: str = "",
) -> str:
    """A manifest of so many parts; `more` stands in every part, `sequencing` in the whole."""
    about = f"<schema>ADL SCORM</schema><schemaversion>{version}</schemaversion>" if version else ""
    kind = "scormtype" if edition == "1.2" else "scormType"
    parts = "".join(
        ITEM.format(n=n, more=more.format(n=n, before=n - 1)) for n in range(1, items + 1)
    )
    pages = "".join(
        RESOURCE.format(n=n, kind=kind, is_a=is_a, href="1.html" if one_page else f"{n}.html")
        for n in range(1, items + 1)
    )
    return (
        f'<manifest identifier="m" {HEADS[edition]}><metadata>{about}</metadata>'
        f'<organizations default="o"><organization identifier="o"><title>{TITLE}</title>'
        f"{parts}{sequencing}</organization></organizations><resources>{pages}</resources></manifest>"
    )


def zipped(text: str | None, pages: int = 1, **others: str) -> bytes:
    """A zip of a manifest, so many pages, and other files by name."""
    files = {f"{n}.html": PAGE for n in range(1, pages + 1)} | others
    if text is not None:
        files["imsmanifest.xml"] = text
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def parts_2004(version: str, items: int, **options: str) -> bytes:
    return zipped(manifest(version, items, edition="2004", **options), items)  # type: ignore[arg-type]


# Standard, launchable parts and content of each; the title is TITLE.
GOOD = {
    "own-12-one-part": ("SCORM12", 1, zipped(manifest())),
    "own-12-nine-parts": ("SCORM12", 9, zipped(manifest(items=9), 9)),
    "own-12-no-schemaversion": ("SCORM12", 1, zipped(manifest(""))),
    "own-12-prerequisites": ("SCORM12", 4, zipped(manifest(items=4, more=PREREQUISITE), 4)),
    "own-12-parts-share-a-page": ("SCORM12", 8, zipped(manifest(items=8, one_page=True))),
    "own-12-zipped-on-a-mac": (
        "SCORM12",
        1,
        zipped(manifest(), **{"__MACOSX/._imsmanifest.xml": "\0\5", ".DS_Store": "\0\1Bud1"}),
    ),
    "own-2004-2nd": ("SCORM20042NDEDITION", 1, parts_2004("CAM 1.3", 1)),
    "own-2004-3rd-pages-only": (
        "SCORM20043RDEDITION",
        18,
        parts_2004("2004 3rd Edition", 18, is_a="asset"),
    ),
    "own-2004-3rd-forced-order": (
        "SCORM20043RDEDITION",
        5,
        parts_2004("2004 3rd Edition", 5, more=ONE_AFTER_THE_OTHER),
    ),
    "own-2004-3rd-drawn-at-random": (
        "SCORM20043RDEDITION",
        4,
        parts_2004("2004 3rd Edition", 4, sequencing=DRAWN),
    ),
    "own-2004-4th": ("SCORM20044THEDITION", 3, parts_2004("2004 4th Edition", 3)),
    "broken-dangling-resource": (
        "SCORM12",
        1,
        zipped(manifest(items=2).replace('identifierref="r2"', 'identifierref="nothing"')),
    ),
}
# What the import says of each.
BROKEN = {
    "broken-launch-file-missing": ('launch file "1.html" is missing', zipped(manifest(), 0)),
    "broken-manifest-only": (
        'launch file "1.html" is missing',
        zipped(manifest("2004 4th Edition", 3, edition="2004"), 0),
    ),
    "broken-malformed-xml": (
        "not well-formed XML (line 1, column ",
        zipped(manifest().replace("</organization>", "")),
    ),
    "broken-manifest-is-not-xml": ("not well-formed XML", zipped('<?xml version="1.0"?>\n')),
    "broken-missing-org": (
        "no organization",
        zipped(re.sub("<organization .*</organization>", "", manifest())),
    ),
    "broken-nested-folder": (
        'in the folder "Safe lifting"',
        zipped(None, 0, **{"Safe lifting/imsmanifest.xml": manifest(), "Safe lifting/1.html": ""}),
    ),
    "broken-no-manifest": ("There is no imsmanifest.xml in the zip", zipped(None)),
    "broken-unbound-namespace": (
        "unbound prefix",
        zipped(manifest().replace(HEADS["1.2"], "")),
    ),
    "not-a-zip": ("not a zip file", b"this is a letter\n"),
    "not-scorm-aicc": (
        "an AICC package",
        zipped(None, **{"course.au": '"system_id"', "course.crs": "[Course]", "course.des": ""}),
    ),
    "not-scorm-cmi5": (
        "a cmi5 package",
        zipped(
            None,
            **{
                "cmi5.xml": '<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/'
                'CourseStructure.xsd"><course id="urn:c"/></courseStructure>'
            },
        ),
    ),
    "not-scorm-common-cartridge": (
        "an IMS Common Cartridge",
        zipped(
            '<manifest identifier="m" xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1">'
            "<metadata><schema>IMS Common Cartridge</schema><schemaversion>1.3.0</schemaversion>"
            "</metadata><organizations/><resources/></manifest>"
        ),
    ),
    "not-scorm-xapi": (
        "an xAPI (Tin Can) package",
        zipped(None, **{"tincan.xml": '<tincan xmlns="http://projecttincan.com/tincan.xsd"/>'}),
    ),
}
