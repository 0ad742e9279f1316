"""Web sites that reach a keyless gateway through somebody's browser on this machine.

A page of any site may send requests to ``127.0.0.1``, and one whose name is made to resolve to it (DNS
rebinding) may read the answers too. A browser says which site it acts for (``Origin``), and a rebound name
stands in ``Host``. Programs of this machine say neither.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from rightsizer.gateway.headers import Headers, header

_OURS = frozenset(("127.0.0.1", "::1", "localhost", "host.docker.internal"))


def foreign_site(headers: Headers) -> str:
    """The site a request comes from or was meant for, if it is another than this machine; else ``""``."""
    origin = header(headers, b"origin")
    if origin is not None:
        text = origin.decode("latin-1").strip()
        if text == "null" or (text.startswith(("http://", "https://")) and not _is_here(text)):
            return text  # other schemes (app://, vscode-webview://) are programs, not sites
    host = header(headers, b"host")
    if host is None:
        return ""
    text = host.decode("latin-1").strip()
    return "" if _is_here(f"//{text}") or not _is_domain(text) else text


def _is_here(url: str) -> bool:
    try:
        name = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in _OURS or name.endswith(".localhost")


def _is_domain(host: str) -> bool:
    """Whether this is a name that somebody can own: one with a dot, and no number at its end."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    last = name.rstrip(".").rpartition(".")
    return bool(last[0]) and not last[2].isdigit() and not name.startswith("[")
