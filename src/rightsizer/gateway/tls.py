"""HTTPS on the callers' side, from two PEM files that may be renewed while it runs."""

from __future__ import annotations

import logging
import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rightsizer.errors import ConfigError
from rightsizer.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("rightsizer.gateway")
_LOOK_EVERY_S = 2.0
_SOON_S = 14 * 86_400.0


@dataclass(frozen=True)
class Certificate:
    """What the supervisor has read, for every worker that it ever starts: a file that is broken just when a
    worker is replaced takes no address down. `versions`: of the files that were read."""

    context: ssl.SSLContext
    versions: list[tuple[int, ...]]


def load_certificate(settings: GatewaySettings) -> Certificate | None:
    """The certificate of these settings; None without one.

    Raises `ConfigError` if only one of the two files is named, or they cannot be used together.
    """
    cert, key = settings.tls_cert, settings.tls_key
    if not cert and not key:
        return None
    if not cert or not key:
        raise ConfigError(
            "TLS needs a certificate and its key", hint="set gateway.tls_cert and gateway.tls_key"
        )
    import ssl  # a gateway without TLS does not load it

    versions = _versions(settings)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, settings)
    return Certificate(context, versions)


def _load(context: ssl.SSLContext, settings: GatewaySettings) -> None:
    cert, key = settings.tls_cert, settings.tls_key
    try:
        # A key under a passphrase is refused: nobody can be asked for it.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the certificate {cert} and the key {key} cannot be used: {error}",
            hint="both are PEM files; the key without a passphrase",
        ) from error


def expires_at_s(settings: GatewaySettings) -> float:
    """When the certificate ends, in seconds since 1970; 0 without one that can be read."""
    return _validity_s(settings)[1]


def complaints(settings: GatewaySettings, now_s: float | None = None) -> list[str]:
    """What is wrong with files that can be used: out of date, or a key that others may read."""
    now = time.time() if now_s is None else now_s
    begins, ends = _validity_s(settings)
    found = []
    if ends and ends <= now:
        found.append(f"the certificate {settings.tls_cert} has expired: no client will trust it")
    elif ends and ends <= now + _SOON_S:
        found.append(f"the certificate {settings.tls_cert} expires in {(ends - now) / 86_400:.1f} days")
    if begins > now:
        found.append(f"the certificate {settings.tls_cert} is not valid yet: no client will trust it")
    if settings.tls_key and stat.S_IMODE(os.stat(settings.tls_key).st_mode) & stat.S_IROTH:
        found.append(f"every user of this machine may read the key {settings.tls_key}: chmod 600")
    return found


async def follow_files(settings: GatewaySettings, certificate: Certificate) -> None:
    """Take renewed files for connections to come. Files that do not fit change nothing, and are told."""
    import asyncio  # not in the supervisor
    import ssl

    seen = certificate.versions
    while True:
        now = _versions(settings)
        if now != seen:
            seen = now
            try:
                _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), settings)  # halves of a pair would stay
                _load(certificate.context, settings)
            except ConfigError as error:
                log.error("the certificate stays as it was: %s", error.message)
            else:
                log.info("the certificate was read again")
                for complaint in complaints(settings):
                    log.warning("%s", complaint)
        await asyncio.sleep(_LOOK_EVERY_S)


def _versions(settings: GatewaySettings) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for path in (settings.tls_cert, settings.tls_key):
        try:
            about = os.stat(path)
        except OSError:
            found.append(())
        else:
            found.append((about.st_mtime_ns, about.st_ino, about.st_size))
    return found


def _validity_s(settings: GatewaySettings) -> tuple[float, float]:
    if not settings.tls_cert:
        return 0.0, 0.0
    from cryptography import x509

    try:
        with open(settings.tls_cert, "rb") as file:
            first = x509.load_pem_x509_certificates(file.read())[0]
    except (OSError, ValueError, IndexError):
        return 0.0, 0.0
    return first.not_valid_before_utc.timestamp(), first.not_valid_after_utc.timestamp()
