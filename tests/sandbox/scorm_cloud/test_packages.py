"""Reading course packages: the verdict on our own, on hostile zips, and on all editions.

Where the collection of real packages lies beside the project, each has its verdict here as well.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sandbox.courses.build import build
from sandbox.scorm_cloud.manifest import launch_address
from sandbox.scorm_cloud.packages import Archive, Package, PackageError, inspect
from tests import own_packages, samples
from tests.own_packages import TITLE
from tests.samples import Sample

GOOD = {
    # file: standard, launchable items, title
    "adl-starter-2004-4th-3sco": ("SCORM20044THEDITION", 3, "Starter Template"),
    "broken-dangling-resource": ("SCORM12", 1, "Item With Non-Existent Resource ID Test"),
    "captivate-12-german": ("SCORM12", 1, "Captivate E-Learning-Kurs"),
    "golf-12-runtime-basic": ("SCORM12", 1, "Golf Explained - Run-time Basic Calls"),
    "golf-12-runtime-minimum-mini": ("SCORM12", 9, "Golf Explained - Minimum Run-time Calls"),
    "golf-12-single-sco": ("SCORM12", 1, "Golf Explained - CP Single SCO"),
    "golf-2004-2nd-single-sco": ("SCORM20042NDEDITION", 1, "Golf Explained - CP Single SCO"),
    "golf-2004-3rd-one-file-per-sco": (
        "SCORM20043RDEDITION",
        18,
        "Golf Explained - CP One File Per SCO",
    ),
    "golf-2004-3rd-runtime-basic": (
        "SCORM20043RDEDITION",
        1,
        "Golf Explained - Run-time Basic Calls",
    ),
    "golf-2004-3rd-runtime-minimum": (
        "SCORM20043RDEDITION",
        18,
        "Golf Explained - Minimum Run-time Calls",
    ),
    "golf-2004-3rd-seq-forced-sequential": (
        "SCORM20043RDEDITION",
        5,
        "Golf Explained - Sequencing Forced Order",
    ),
    "golf-2004-3rd-seq-random-test": (
        "SCORM20043RDEDITION",
        8,
        "Golf Explained - Sequencing Random Test",
    ),
    "golf-2004-4th-seq-posttest-rollup": (
        "SCORM20044THEDITION",
        5,
        "Golf Explained - 4th Edition Features",
    ),
    "macosx-12-8items": ("SCORM12", 8, "The organization"),
    "own-2004-3rd-frank": ("SCORM20043RDEDITION", 1, "Acme Health, Safety and Environment"),
    "prerequisites-12-4sco": ("SCORM12", 4, "Prerequisites Test Course"),
    "rise-12": ("SCORM12", 1, "bacon II"),
    "snap-12-no-schemaversion": ("SCORM12", 1, "Commodity"),
    "storyline-12-small": ("SCORM12", 1, "test-ucf-js"),
    "suica-12-lms-info": ("SCORM12", 1, "Suica SCORM"),
    "suica-12-template-js-bug": ("SCORM12", 1, "Suica SCORM"),
}
REFUSED = {
    "broken-launch-file-missing": 'launch file "SCORM deneme 3.html" is missing',
    "broken-malformed-xml": "not well-formed XML (line 27, column 7)",
    "broken-manifest-is-not-xml": "not well-formed XML",
    "broken-missing-org": "no organization",
    "broken-nested-folder": 'in the folder "ContentPackagingSingleSCO_SCORM12"',
    "broken-no-manifest": "There is no imsmanifest.xml in the zip",
    "broken-unbound-namespace": "unbound prefix",
    "cts-2004-4th-CM-01-manifest-only": 'launch file "SequencingTest.htm" is missing',
    "not-a-zip": "not a zip file",
    "not-scorm-aicc": "an AICC package",
    "not-scorm-cmi5": "a cmi5 package",
    "not-scorm-common-cartridge": "an IMS Common Cartridge",
    "not-scorm-xapi": "an xAPI (Tin Can) package",
}

NAMESPACES_12 = (
    'xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" '
    'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2"'
)
NAMESPACES_2004 = (
    'xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" '
    'xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3" '
    'xmlns:imsss="http://www.imsglobal.org/xsd/imsss" '
    'xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" '
    'xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3"'
)


def manifest(
    version: str = "1.2",
    namespaces: str = NAMESPACES_12,
    items: str = '<item identifier="i" identifierref="r"><title>Page</title></item>',
    resource: str = '<resource identifier="r" adlcp:scormtype="sco" href="page.html"/>',
    title: str = "Course",
    more: str = "",
) -> str:
    about = f"<metadata><schemaversion>{version}</schemaversion></metadata>" if version else ""
    return (
        f"<manifest {namespaces}>{about}"
        f'<organizations default="o"><organization identifier="o"><title>{title}</title>{items}'
        f"</organization></organizations><resources>{resource}</resources>{more}</manifest>"
    )


def manifest_2004(items: str, more: str = "") -> str:
    return manifest("2004 4th Edition", NAMESPACES_2004, items, more=more)


def package(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    path = folder / "course.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def course(folder: Path, text: str | bytes, *others: str) -> Package:
    names = ("page.html", *others)
    return inspect(package(folder, {"imsmanifest.xml": text, **dict.fromkeys(names, "x")}))


IMPORTED = [
    *((samples.own(name), (*own_packages.GOOD[name][:2], TITLE)) for name in own_packages.GOOD),
    *((sample, GOOD[sample.name]) for sample in samples.real() if sample.name in GOOD),
]
NOT_IMPORTED = [
    *((samples.own(name), own_packages.BROKEN[name][0]) for name in own_packages.BROKEN),
    *((sample, REFUSED[sample.name]) for sample in samples.real() if sample.name in REFUSED),
]


def test_every_real_package_has_an_expected_verdict() -> None:
    assert {sample.name for sample in samples.real()} <= {*GOOD, *REFUSED}


@pytest.mark.parametrize(("sample", "verdict"), IMPORTED, ids=samples.name)
def test_packages_import(sample: Sample, verdict: tuple[str, int, str], tmp_path: Path) -> None:
    found = inspect(sample.saved(tmp_path))
    assert (found.standard, len(found.root.launchable()), found.title) == verdict
    assert (found.sequencing is not None) == found.standard.startswith("SCORM2004")
    assert Package.from_dict(found.as_dict()) == found


@pytest.mark.parametrize(("sample", "said"), NOT_IMPORTED, ids=samples.name)
def test_broken_and_foreign_packages_are_refused_in_plain_words(
    sample: Sample, said: str, tmp_path: Path
) -> None:
    with pytest.raises(PackageError) as refused:
        inspect(sample.saved(tmp_path))
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


def test_our_sample_courses_import_without_a_warning_and_are_always_the_same(
    tmp_path: Path,
) -> None:
    first, second = build(tmp_path / "one"), build(tmp_path / "two")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    fire, welcome = (inspect(path) for path in first)
    assert (fire.standard, fire.title, fire.warnings) == ("SCORM12", "Fire Safety at Work", [])
    assert (welcome.standard, welcome.warnings) == ("SCORM20044THEDITION", [])
    assert fire.root.launchable()[0].mastery_score == 80
    assert [each.identifier for each in welcome.root.launchable()] == [
        "first-day",
        "working-together",
        "looking-after-data",
        "check",
    ]


@pytest.mark.parametrize(
    ("version", "namespaces", "standard"),
    [
        ("1.2", NAMESPACES_12, "SCORM12"),
        ("", NAMESPACES_12, "SCORM12"),
        ("1.3", NAMESPACES_12, "SCORM12"),
        ("CAM 1.3", NAMESPACES_2004, "SCORM20042NDEDITION"),
        ("1.3", NAMESPACES_2004, "SCORM20042NDEDITION"),
        ("2004 2nd Edition", NAMESPACES_2004, "SCORM20042NDEDITION"),
        (" 2004 3RD edition ", NAMESPACES_2004, "SCORM20043RDEDITION"),
        ("2004 4th Edition", NAMESPACES_2004, "SCORM20044THEDITION"),
        ("", NAMESPACES_2004, "SCORM20043RDEDITION"),
        ("1.2", NAMESPACES_2004, "SCORM20043RDEDITION"),
        ("1.2", 'xmlns:adlcp="urn:other"', "SCORM12"),
    ],
)
def test_the_edition_is_told_by_namespaces_and_version(
    tmp_path: Path, version: str, namespaces: str, standard: str
) -> None:
    assert course(tmp_path, manifest(version, namespaces)).standard == standard


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_manifests_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{declared}"?>' + manifest(title="Größe")
    assert course(tmp_path, text.encode(encoding)).title == "Größe"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html/>", "does not begin with a manifest element"),
        ("", "not well-formed"),
        ('<!DOCTYPE m [<!ENTITY a "b">]><manifest/>', "document type"),
        ('<?xml version="1.0" encoding="klingon"?><manifest/>', "unknown encoding"),
        ("<manifest/>", "does not say that this is a SCORM package"),
        (manifest("1.1", "xmlns:adlcp='urn:other'"), "too old"),
        (manifest(items=""), "Nothing in the course can be launched"),
        (manifest(items="<item>" * 60 + "</item>" * 60), "more than 50 levels deep"),
        (manifest(resource='<resource identifier="r"/>'), "it has no href"),
        (manifest(resource='<resource identifier="r" href="../up.html"/>'), "is missing"),
        (manifest(resource='<resource identifier="r" href="http://x.test/"/>'), "is missing"),
        (manifest(resource='<resource identifier="r" href="http://[x/"/>'), "is missing"),
    ],
)
def test_manifests_that_cannot_be_used_say_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PackageError, match=r"\.$") as refused:
        course(tmp_path, text)
    assert said in str(refused.value)


def test_untidy_manifests_are_imported_with_warnings(tmp_path: Path) -> None:
    item = '<item identifier="i" identifierref="r"/>'
    resource = '<resource identifier="r" href="PAGE.html"><file href="gone.gif"/></resource>'
    found = course(tmp_path, manifest(items=item * 2, resource=resource * 2, title=""))
    assert found.title == "i"
    assert [each.identifier for each in found.root.children] == ["i", "i-3"]
    assert found.root.children[0].href == "page.html"
    for words in ("used twice", "defined twice", "has no title", "not in the zip: 1"):
        assert any(words in warning for warning in found.warnings), words


def test_launch_addresses_follow_bases_names_and_parameters(tmp_path: Path) -> None:
    text = manifest(
        items='<item identifier="i" identifierref="r" parameters="?b=2"/>',
        resource='<resource identifier="r" xml:base="in%20here/" href="my%20page.html?a=1#top"/>',
    ).replace("<resources>", '<resources xml:base="deep/">')
    found = course(tmp_path, text, "deep/in here/my page.html")
    assert found.root.launchable()[0].href == "deep/in%20here/my%20page.html?a=1&b=2#top"


@pytest.mark.parametrize(
    ("href", "parameters", "address"),
    [
        ("a.html", "", "a.html"),
        ("a.html", "x=1", "a.html?x=1"),
        ("a.html?y=2", "&x=1", "a.html?y=2&x=1"),
        ("a.html", "#part", "a.html#part"),
        ("a.html#own", "#part", "a.html#own"),
        ("a.html#own", "?x=1", "a.html?x=1#own"),
    ],
)
def test_parameters_are_joined_as_the_standard_says(
    href: str, parameters: str, address: str
) -> None:
    assert launch_address("a.html", href, parameters) == address


def test_what_a_12_item_tells_the_course(tmp_path: Path) -> None:
    items = (
        '<item identifier="i" identifierref="r" isvisible="false"><title>Page</title>'
        "<adlcp:masteryscore>80</adlcp:masteryscore><adlcp:datafromlms> a=b </adlcp:datafromlms>"
        "<adlcp:maxtimeallowed>00:30:00</adlcp:maxtimeallowed>"
        "<adlcp:timelimitaction>exit,message</adlcp:timelimitaction></item>"
    )
    item = course(tmp_path, manifest(items=items)).root.launchable()[0]
    assert (item.type, item.visible, item.mastery_score) == ("SCO", False, 80)
    assert item.data_from_lms == " a=b "
    assert (item.max_time_allowed, item.time_limit_action) == ("00:30:00", "exit,message")


def test_a_2004_item_takes_rules_from_the_collection_and_both_lists_of_objectives(
    tmp_path: Path,
) -> None:
    items = """<item identifier="i" identifierref="r"><title>Page</title>
      <adlcp:completionThreshold completedByMeasure="true" minProgressMeasure="0.6"/>
      <imsss:sequencing IDRef="shared">
        <imsss:controlMode choice="false"/>
        <imsss:objectives>
          <imsss:primaryObjective objectiveID="p" satisfiedByMeasure="true">
            <imsss:minNormalizedMeasure>0.7</imsss:minNormalizedMeasure>
            <imsss:mapInfo targetObjectiveID="g" writeSatisfiedStatus="true"/>
          </imsss:primaryObjective>
        </imsss:objectives>
        <adlseq:objectives><adlseq:objective objectiveID="p">
          <adlseq:mapInfo targetObjectiveID="g" writeCompletionStatus="true"/>
          <adlseq:mapInfo targetObjectiveID="h" readRawScore="false"/>
        </adlseq:objective></adlseq:objectives>
      </imsss:sequencing></item>"""
    shared = """<imsss:sequencingCollection><imsss:sequencing ID="shared">
      <imsss:controlMode choice="true" flow="true"/>
      <imsss:limitConditions attemptLimit="2"/>
      <imsss:rollupRules objectiveMeasureWeight="0.5"><imsss:rollupRule minimumPercent="0.5"
        childActivitySet="atLeastPercent"><imsss:rollupConditions>
        <imsss:rollupCondition condition="activityProgressKnown" operator="not"/>
        </imsss:rollupConditions><imsss:rollupAction action="completed"/></imsss:rollupRule>
      </imsss:rollupRules>
      <imsss:randomizationControls randomizationTiming="once" reorderChildren="true"/>
      </imsss:sequencing></imsss:sequencingCollection>"""
    found = course(tmp_path, manifest_2004(items, shared))
    item = found.root.launchable()[0]
    assert (item.completion_threshold, item.scaled_passing_score) == (0.6, 0.7)
    assert found.sequencing is not None
    (node,) = found.sequencing["children"]
    controls = node["sequencingControls"]
    assert (controls["choice"], controls["flow"]) == (False, False)  # the item's own mode wins
    assert (controls["objectiveMeasureWeight"], node["attemptLimit"]) == (0.5, 2)
    assert (controls["randomizeChildren"], controls["randomizationTiming"]) == (True, "once")
    rule = node["rollupRules"]["rules"][0]
    assert (rule["consideration"], rule["minimumPercent"]) == ("atLeastPercent", 50)
    assert rule["conditions"] == [{"condition": "progressKnown", "operator": "not"}]
    first, second = node["primaryObjective"]["mapInfo"]
    assert first["targetObjectiveID"] == "g"
    assert (first["readSatisfiedStatus"], first["writeSatisfiedStatus"]) == (True, True)
    assert (first["readCompletionStatus"], first["writeCompletionStatus"]) == (True, True)
    assert (second["readSatisfiedStatus"], second["readRawScore"]) == (False, False)


def test_a_third_edition_threshold_is_text(tmp_path: Path) -> None:
    items = (
        '<item identifier="i" identifierref="r"><title>Page</title>'
        "<adlcp:completionThreshold>0.75</adlcp:completionThreshold></item>"
    )
    text = manifest("2004 3rd Edition", NAMESPACES_2004, items)
    assert course(tmp_path, text).root.launchable()[0].completion_threshold == 0.75


@pytest.mark.parametrize(
    "name", ["/etc/page.html", "C:/page.html", "a/../../b.html", "..\\up.html", "a\x07b.html"]
)
def test_names_that_lead_out_of_the_package_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackageError):
        course(tmp_path, manifest(), name)


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path, {"imsmanifest.xml": manifest(), "page.html": "x"})
    entry = zipfile.ZipInfo("secret")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(PackageError, match="link"):
        inspect(path)


def test_a_bomb_is_refused_unread(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"imsmanifest.xml": manifest(), "zeros": bytes(50 * 1024**2)}
    with pytest.raises(PackageError, match="grows more than"):
        inspect(package(tmp_path, files))


def test_too_many_entries_are_refused(tmp_path: Path) -> None:
    files = {"imsmanifest.xml": manifest(), **{f"{number}.txt": "" for number in range(20_000)}}
    with pytest.raises(PackageError, match="more than 20000 entries"):
        inspect(package(tmp_path, files))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path, {"imsmanifest.xml": manifest(), "page.html": "x"})
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        struct.pack_into("<H", content, place + flags, 1)
    path.write_bytes(content)
    with pytest.raises(PackageError, match="encrypted"):
        inspect(path)


def test_an_unusual_compression_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "course.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("imsmanifest.xml", manifest())
    with pytest.raises(PackageError, match="unusual way"):
        inspect(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_manifests_are_refused_and_two_other_files_are_not(tmp_path: Path) -> None:
    path = package(tmp_path, {"imsmanifest.xml": manifest(), "page.html": "x"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("page.html", "the later one")
    assert any("twice" in warning for warning in inspect(path).warnings)
    with Archive(path) as archive:
        assert archive.read("page.html", 100) == b"the later one"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("imsmanifest.xml", manifest())
    with pytest.raises(PackageError, match="two entries named"):
        inspect(path)


@pytest.mark.parametrize("size", [0, 10, 200])
def test_a_damaged_zip_is_refused(tmp_path: Path, size: int) -> None:
    path = package(tmp_path, {"imsmanifest.xml": manifest(), "page.html": "x"})
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(PackageError, match="not a zip file"):
        inspect(path)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = package(tmp_path, {"imsmanifest.xml": manifest(), "page.html": "x"})
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(PackageError, match="damaged"):
        inspect(path)


def test_backslashes_junk_and_names_in_utf_8_without_the_flag(tmp_path: Path) -> None:
    text = manifest(resource='<resource identifier="r" href="Übung/seite.html"/>')
    path = tmp_path / "course.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/._imsmanifest.xml", "junk")
        archive.writestr("imsmanifest.xml", text)
        archive.writestr("XXbung\\seite.html", "x")
        archive.writestr(".DS_Store", "junk")
    path.write_bytes(path.read_bytes().replace(b"XXbung", "Übung".encode()))
    with Archive(path) as archive:
        assert archive.names == ["imsmanifest.xml", "Übung/seite.html"]
    assert inspect(path).root.launchable()[0].href == "%C3%9Cbung/seite.html"


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="empty"):
        inspect(package(tmp_path, {}))
