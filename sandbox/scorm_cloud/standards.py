"""Which learning standard a package follows, by its file names and its manifest.

The namespaces tell SCORM 1.2 from 2004; the editions of 2004 differ only in the text of
`schemaversion`. Where text and namespaces disagree, the namespaces are believed.
"""

from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from sandbox.scorm_cloud.archive import PackageError, quoted
from sandbox.scorm_cloud.elements import child, namespace_of, text_of

SCORM12 = "SCORM12"
SECOND = "SCORM20042NDEDITION"
THIRD = "SCORM20043RDEDITION"
FOURTH = "SCORM20044THEDITION"

NOT_SCORM_SCHEMAS = {
    "ims common cartridge": "an IMS Common Cartridge",
    "ims thin common cartridge": "an IMS Common Cartridge",
    "qti package": "a QTI package",
    "qtiv2.1 package": "a QTI package",
    "ims content": "a plain IMS content package",
}
SCORM12_NAMESPACES = ("adlcp_rootv1p2", "imscp_rootv1p1p2")
SCORM2004_NAMESPACES = ("adlcp_v1p3", "imsss", "adlseq_v1p3", "adlnav_v1p3")


def foreign_standard(names: list[str]) -> str | None:
    """The enum text of another standard this package follows, by its files: XAPI, CMI5 or AICC."""
    top = {name.casefold() for name in names if "/" not in name}
    if "cmi5.xml" in top:
        return "CMI5"
    if "tincan.xml" in top:
        return "XAPI"
    suffixes = {PurePosixPath(name).suffix.casefold() for name in names}
    return "AICC" if {".crs", ".au"} <= suffixes else None


def edition_of(manifest: Element, warnings: list[str]) -> str:
    """The SCORM version of a manifest as SCORM Cloud names it. Raises PackageError if none."""
    metadata = child(manifest, "metadata")
    schema = text_of(metadata, "schema").casefold()
    for other, name in NOT_SCORM_SCHEMAS.items():
        if schema.startswith(other):
            raise PackageError(f"This is {name}, not a SCORM package.")
    declared = declared_edition(text_of(metadata, "schemaversion"))
    family = namespace_family(manifest)
    if family == "1.2":
        if declared not in (None, SCORM12):
            warnings.append("The manifest names SCORM 2004 but is written as SCORM 1.2.")
        return SCORM12
    if family == "2004":
        if declared in (None, SCORM12):
            warnings.append("The manifest does not name its 2004 edition; the 3rd is assumed.")
            return THIRD
        return declared or THIRD
    if declared is None:
        raise PackageError("The manifest does not say that this is a SCORM package.")
    return declared


def declared_edition(schemaversion: str) -> str | None:
    text = schemaversion.strip().casefold()
    for word, edition in (("4th", FOURTH), ("3rd", THIRD), ("2nd", SECOND)):
        if word in text:
            return edition
    if text in ("cam 1.3", "1.3"):
        return SECOND
    if text == "1.2":
        return SCORM12
    if "1st" in text or text in ("1.0", "1.1"):
        raise PackageError(
            f"The manifest says SCORM version {quoted(schemaversion.strip())}, which is too old: "
            "SCORM 1.2 and SCORM 2004 from the 2nd edition on can be played."
        )
    return None


def namespace_family(manifest: Element) -> str | None:
    """Either "1.2" or "2004", by the namespaces in use; None when they do not tell."""
    used = set()
    for element in manifest.iter():
        used.add(namespace_of(element))
        used.update(key[1:].partition("}")[0] for key in element.attrib if key[0] == "{")
    if any(word in name for name in used for word in SCORM12_NAMESPACES):
        return "1.2"
    if any(word in name for name in used for word in SCORM2004_NAMESPACES):
        return "2004"
    return None
