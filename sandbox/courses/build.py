"""Zips the sample courses: `python -m sandbox.courses.build TARGET_FOLDER`.

The same sources always give the same bytes, so a zip can be compared and cached by its digest.
"""

import sys
import zipfile
from pathlib import Path

SOURCES = Path(__file__).parent
COURSES = ("fire-safety", "welcome-aboard")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest moment a zip can name
FILE_MODE = 0o100644 << 16


def build(target: Path) -> list[Path]:
    """Write a zip per course into the folder `target` and give their paths."""
    target.mkdir(parents=True, exist_ok=True)
    return [zip_course(SOURCES / name, target / f"{name}.zip") for name in COURSES]


def zip_course(source: Path, path: Path) -> Path:
    """Write all files below `source` into the zip `path`, the manifest first."""
    files = [each for each in source.rglob("*") if each.is_file()]
    files.sort(key=lambda each: (each.name != "imsmanifest.xml", each.as_posix()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(source).as_posix(), LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = FILE_MODE
            entry.create_system = 3  # Unix, on whatever machine this runs
            archive.writestr(entry, file.read_bytes())
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m sandbox.courses.build TARGET_FOLDER")
    for built in build(Path(sys.argv[1])):
        print(built)
