"""Handing out the files of a course, straight from its zip.

Course pages run scripts of strangers. They get fixed content types that the browser may not
second-guess, and a policy under which they can load what courses load (their own files, web
fonts, script libraries) but cannot send anything to the sandbox's controls, the hub or the CRM.
"""

from functools import lru_cache
from pathlib import Path, PurePosixPath

from flask import abort, request
from werkzeug.wrappers import Response
from werkzeug.wsgi import FileWrapper

from sandbox.scorm_cloud.archive import Archive

OPEN_ARCHIVES = 16
CHUNK = 64 * 1024  # bytes
TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".xml": "text/xml",
    ".xsd": "text/xml",
    ".dtd": "application/xml-dtd",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".vtt": "text/vtt",
    ".srt": "text/plain",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".ico": "image/x-icon",
    ".cur": "image/x-icon",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".eot": "application/vnd.ms-fontobject",
    ".pdf": "application/pdf",
    ".swf": "application/x-shockwave-flash",
    ".wasm": "application/wasm",
}
# Old courses fetch libraries over plain http from public hosts; a bare "http:" would also name
# the hub and the CRM of a development machine, which end in .localhost.
PUBLIC_HOSTS = "https: http://*.com http://*.net http://*.org"
CONTENT_POLICY = "; ".join(
    [
        f"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: {PUBLIC_HOSTS}",
        "connect-src 'self' data: blob: https:",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)


def serve_member(path: Path, name: str) -> Response:
    """The file `name` of the course zip at `path`, or 404; answers ranges and known ETags."""
    archive = archive_of(path)
    found = archive.find(name)
    if found is None:
        abort(404)
    member = archive.member(found)
    kind = TYPES.get(PurePosixPath(found).suffix.casefold(), "application/octet-stream")
    response = Response(FileWrapper(archive.open(found), CHUNK), direct_passthrough=True)
    response.headers["Content-Type"] = kind  # no charset: the page itself says which
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.set_etag(f"{member.CRC:08x}-{member.file_size}")
    response.content_length = member.file_size
    return response.make_conditional(request, accept_ranges=True, complete_length=member.file_size)


@lru_cache(OPEN_ARCHIVES)
def archive_of(path: Path) -> Archive:
    """The zip at `path`, kept open: its name is never given to another file."""
    return Archive(path)
