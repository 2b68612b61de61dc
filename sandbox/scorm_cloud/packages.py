"""What a course package is: `inspect` reads a zip and says so, or says why it is none."""

from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element

from sandbox.scorm_cloud.activity import Activity
from sandbox.scorm_cloud.archive import Archive, PackageError, quoted
from sandbox.scorm_cloud.elements import attribute, child, text_of
from sandbox.scorm_cloud.manifest import MAX_MANIFEST, Reader, parse
from sandbox.scorm_cloud.names import forget_wrong_flags
from sandbox.scorm_cloud.sequencing import Settings
from sandbox.scorm_cloud.standards import edition_of, foreign_standard

__all__ = ["Activity", "Archive", "Package", "PackageError", "inspect"]

MANIFEST = "imsmanifest.xml"
FOREIGN = {
    "CMI5": "a cmi5 package (it has a cmi5.xml)",
    "XAPI": "an xAPI (Tin Can) package (it has a tincan.xml)",
    "AICC": "an AICC package (it has .crs and .au files)",
}


@dataclass
class Package:
    """A course as its manifest describes it, ready to be stored and played."""

    standard: str  # as SCORM Cloud names it, such as SCORM12 or SCORM20043RDEDITION
    title: str
    root: Activity
    languages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sequencing: Settings | None = None  # scorm-again's activity tree; SCORM 2004 only

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Package":
        return cls(**{**values, "root": Activity.from_dict(values["root"])})


def inspect(path: Path) -> Package:
    """The course in the zip file at `path`.

    Raises PackageError, whose text is meant for the person who made the zip, when the file is
    no SCORM package or nothing in it can be launched. Lesser trouble is listed in `warnings`.
    """
    forget_wrong_flags(path)
    with Archive(path) as archive:
        name = find_manifest(archive)
        manifest = parse(archive.read(name, MAX_MANIFEST))
        warnings = list(archive.warnings)
        if name != MANIFEST:
            warnings.append(f"The manifest is named {quoted(name)} instead of {MANIFEST}.")
        standard = edition_of(manifest, warnings)
        reader = Reader(manifest, archive, standard)
        root, sequencing = reader.read()
    root.title = root.title or title_of(manifest, root)
    warnings += [f"{warning}." for warning in reader.warnings]
    return Package(standard, root.title, root, languages(manifest), warnings, sequencing)


def find_manifest(archive: Archive) -> str:
    """The manifest's name at the top of the zip. Raises PackageError that says where else it is."""
    name = archive.find(MANIFEST)
    if name is not None:
        return name
    foreign = foreign_standard(archive.names)
    if foreign is not None:
        raise PackageError(f"This is {FOREIGN[foreign]}, not a SCORM package.")
    deeper = [each for each in archive.names if PurePosixPath(each).name.casefold() == MANIFEST]
    if deeper:
        folder = str(PurePosixPath(min(deeper, key=lambda each: each.count("/"))).parent)
        raise PackageError(
            f"{MANIFEST} was found in the folder {quoted(folder)} and must be at the top of the "
            "zip. Zip the content of the folder, not the folder itself."
        )
    raise PackageError(f"There is no {MANIFEST} in the zip, so this is not a SCORM package.")


def title_of(manifest: Element, root: Activity) -> str:
    """A title for a course whose organization has none."""
    general = child(child(child(manifest, "metadata"), "lom"), "general")
    titles = child(general, "title")
    described = text_of(titles, "langstring") or text_of(titles, "string")
    return described or root.launchable()[0].title or "Untitled course"


def languages(manifest: Element) -> list[str]:
    """The languages the manifest names for itself, as language tags."""
    general = child(child(child(manifest, "metadata"), "lom"), "general")
    organizations = child(manifest, "organizations")
    sources = (manifest, organizations, child(organizations, "organization"))
    named = [attribute(each, "lang") for each in sources] + [text_of(general, "language")]
    return sorted({name for name in named if name and name not in ("none", "x-none", "und")})
