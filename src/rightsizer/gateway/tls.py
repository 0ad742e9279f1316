"""HTTPS on the callers' side, from two PEM files."""

from __future__ import annotations

from typing import Any

from rightsizer.errors import ConfigError
from rightsizer.gateway.settings import GatewaySettings


def tls_files(settings: GatewaySettings) -> dict[str, Any]:
    """uvicorn's options for the certificate of these settings; empty without one.

    Raises `ConfigError` if only one of the two files is named, or they cannot be used together.
    """
    cert, key = settings.tls_cert, settings.tls_key
    if not cert and not key:
        return {}
    if not cert or not key:
        raise ConfigError(
            "TLS needs a certificate and its key", hint="set gateway.tls_cert and gateway.tls_key"
        )
    import ssl  # a gateway without TLS does not load it

    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificate {cert} and the key {key} cannot be used: {error}",
            hint="both are PEM files; the key without a passphrase",
        ) from error
    return {"ssl_certfile": cert, "ssl_keyfile": key}
