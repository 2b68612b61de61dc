"""Reading imsmanifest.xml: the organization, its items, and the files they launch.

The manifest is parsed in whatever encoding it is (byte order marks, UTF-16, Latin-1 and the
encodings of East Asia are all met in the wild) and without document types. What is merely untidy
becomes a warning; a PackageError is raised only when nothing could be launched.
"""

from collections.abc import Iterator
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from confined import encodings
from sandbox.scorm_cloud.activity import Activity
from sandbox.scorm_cloud.archive import Archive, PackageError, quoted
from sandbox.scorm_cloud.elements import attribute, child, children, is_true, number, text_of
from sandbox.scorm_cloud.sequencing import Sequencing, Settings
from sandbox.scorm_cloud.standards import SCORM12

MAX_MANIFEST = 5 * 1024**2  # bytes
MAX_DEPTH = 50  # of items in items
ROOT = "http://package/"  # only to resolve relative addresses against
NOWHERE = "about:invalid"


def parse(content: bytes) -> Element:
    """The root element of a manifest. Raises PackageError with the place of the mistake."""
    try:
        root: Element = fromstring(text_in(content), forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise PackageError(
            f"imsmanifest.xml is not well-formed XML (line {line}, column {column + 1}): "
            f"{str(error).partition(':')[0]}."
        ) from error
    except DefusedXmlException as error:
        raise PackageError("imsmanifest.xml declares a document type, which is unsafe.") from error
    except LookupError as error:
        raise PackageError("imsmanifest.xml is written in an unknown encoding.") from error
    except (ValueError, encodings.Unreadable) as error:
        raise PackageError("imsmanifest.xml is not in the encoding that it names.") from error
    if root.tag.rpartition("}")[2] != "manifest":
        raise PackageError("imsmanifest.xml does not begin with a manifest element.")
    return root


def text_in(content: bytes) -> str:
    """The document's letters. LookupError for an encoding that nobody knows, Unreadable or
    ValueError if it is not in the one that it names."""
    name = encodings.named(content)
    if name is None:
        raise LookupError
    return b"".join(encodings.as_utf8([content], name)).decode()


class Reader:
    """Reads one parsed manifest against the files of its archive."""

    def __init__(self, manifest: Element, archive: Archive, standard: str) -> None:
        self.warnings: list[str] = []
        self._manifest = manifest
        self._archive = archive
        self._is_2004 = standard != SCORM12
        self._sequencing = Sequencing(manifest)
        self._resources = self._read_resources()
        self._identifiers: set[str] = set()

    def read(self) -> tuple[Activity, Settings | None]:
        """The default organization as a tree, and for 2004 its sequencing.

        Raises PackageError when there is no organization or none of its items can be launched.
        """
        root, tree = self._activity(self._organization(), 0)
        if not root.launchable():
            reasons = [each for each in self.warnings if each.startswith("Item ")][:3]
            raise PackageError(". ".join(["Nothing in the course can be launched", *reasons]) + ".")
        return root, tree if self._is_2004 else None

    def _organization(self) -> Element:
        organizations = child(self._manifest, "organizations")
        found = list(children(organizations, "organization"))
        if not found:
            raise PackageError("The manifest has no organization, so there is nothing to launch.")
        default = attribute(organizations, "default")
        for each in found:
            if attribute(each, "identifier") == default:
                return each
        if default or len(found) > 1:
            self.warnings.append(
                "The manifest's default organization is missing; the first is used"
            )
        return found[0]

    def _activity(self, element: Element, depth: int) -> tuple[Activity, Settings]:
        if depth > MAX_DEPTH:
            raise PackageError(f"The manifest nests its items more than {MAX_DEPTH} levels deep.")
        activity = Activity(
            identifier=self._unique(attribute(element, "identifier")),
            title=text_of(element, "title"),
            type="AGGREGATION",
            visible=is_true(element, "isvisible", True),
        )
        below = [self._activity(each, depth + 1) for each in children(element, "item")]
        activity.children = [each for each, _ in below]
        self._launch(activity, element)
        if not activity.title and depth:
            self.warnings.append(f"Item {quoted(activity.identifier)} has no title")
            activity.title = activity.identifier
        settings = self._sequencing.settings(element, activity.identifier)
        self._limits(activity, element, settings)
        tree = {"id": activity.identifier, "title": activity.title, "isVisible": activity.visible}
        return activity, {**tree, **settings, "children": [node for _, node in below]}

    def _unique(self, identifier: str) -> str:
        name = identifier or f"item-{len(self._identifiers) + 1}"
        if name in self._identifiers:
            self.warnings.append(f"The identifier {quoted(name)} is used twice")
            name = f"{name}-{len(self._identifiers) + 1}"
        self._identifiers.add(name)
        return name

    def _launch(self, activity: Activity, element: Element) -> None:
        reference = attribute(element, "identifierref")
        if not reference:
            return
        item = f"Item {quoted(activity.identifier)}"
        resource = self._resources.get(reference)
        if resource is None:
            self.warnings.append(f"{item} refers to {quoted(reference)}, which does not exist")
            return
        if activity.children and self._is_2004:
            self.warnings.append(f"{item} has items below it, so its own page is left out")
            return
        base, source = resource
        href = attribute(source, "href")
        member = self._member(resolve(base, href)) if href else None
        if member is None:
            reason = f"its launch file {quoted(href)} is missing" if href else "it has no href"
            self.warnings.append(f"{item} cannot be launched: {reason}")
            return
        activity.resource = reference
        activity.type = "SCO" if attribute(source, "scormtype").lower() == "sco" else "ASSET"
        activity.href = launch_address(member, href, attribute(element, "parameters"))

    def _member(self, address: str) -> str | None:
        """The file in the package that `address` names; None for one outside the package."""
        if not address.startswith(ROOT):
            return None
        path = urlsplit(address).path.lstrip("/")
        return self._archive.find(unquote(path)) or self._archive.find(path)

    def _limits(self, activity: Activity, element: Element, settings: Settings) -> None:
        """What the course is told about its limits, and launch data, under both standards."""
        launch_data = next(children_any_case(element, "dataFromLMS"), None)
        activity.data_from_lms = launch_data.text if launch_data is not None else None
        activity.time_limit_action = text_of(element, "timeLimitAction") or None
        activity.prerequisites = text_of(element, "prerequisites") or None
        if not self._is_2004:
            activity.mastery_score = number(text_of(element, "masteryscore"))
            activity.max_time_allowed = text_of(element, "maxtimeallowed") or None
            return
        activity.max_time_allowed = settings.get("attemptAbsoluteDurationLimit")
        threshold = settings.get("completionThreshold", {})
        if threshold.get("completedByMeasure"):
            activity.completion_threshold = threshold["minProgressMeasure"]
        primary = settings.get("primaryObjective", {})
        if primary.get("satisfiedByMeasure"):
            activity.scaled_passing_score = primary["minNormalizedMeasure"]

    def _read_resources(self) -> dict[str, tuple[str, Element]]:
        """Resources by identifier, each with the address its relative links start from."""
        base = resolve(ROOT, attribute(self._manifest, "base"))
        resources = child(self._manifest, "resources")
        base = resolve(base, attribute(resources, "base"))
        found: dict[str, tuple[str, Element]] = {}
        missing = 0
        for each in children(resources, "resource"):
            own = resolve(base, attribute(each, "base"))
            name = attribute(each, "identifier")
            if name in found:
                self.warnings.append(f"The resource {quoted(name)} is defined twice")
                continue
            found[name] = own, each
            files = (resolve(own, attribute(file, "href")) for file in children(each, "file"))
            missing += sum(self._member(address) is None for address in files)
        if missing:
            self.warnings.append(f"Files listed in the manifest but not in the zip: {missing}")
        return found


def resolve(base: str, address: str) -> str:
    """`address` as seen from `base`; one that makes no sense names nothing in the package.

    A backslash in it is a slash, as browsers and Windows have it; in its query it is left alone.
    """
    path, mark, rest = address.partition("?")
    try:
        return urljoin(base, path.replace("\\", "/") + mark + rest)
    except ValueError:
        return NOWHERE


def launch_address(member: str, href: str, parameters: str) -> str:
    """Where to open an item: its file, quoted, with query and fragment as SCORM joins them.

    Parameters may begin with "?" or "&", which is stripped, or be a fragment of their own.
    """
    _, _, _, query, fragment = urlsplit(href)
    parameters = parameters.lstrip("?&")
    if parameters.startswith("#"):
        fragment = fragment or parameters[1:]
    elif parameters:
        query = f"{query}&{parameters}" if query else parameters
    address = quote(member)
    address += f"?{query}" if query else ""
    return address + (f"#{fragment}" if fragment else "")


def children_any_case(element: Element, name: str) -> Iterator[Element]:
    folded = name.casefold()
    for each in element:
        if isinstance(each.tag, str) and each.tag.rpartition("}")[2].casefold() == folded:
            yield each
