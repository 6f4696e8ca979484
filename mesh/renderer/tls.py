"""Mutual TLS between sidecars. `mesh/agent/certificates.py` writes the keys and certificates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mesh.platform import Platform
from mesh.renderer.documents import Document, file_source, resources, typed
from topology import Protocol

_IDENTITY, _AUTHORITIES = "identity", "authorities"
_TLS = "transport_sockets.tls.v3."
_SOCKET = "envoy.transport_sockets.tls"


def secrets(platform: Platform, account: str) -> dict[str, Document]:
    """Return the files that name an account's key and certificates, which Envoy loads again each time they change.

    There are two files, because Envoy takes one secret from each file.
    """
    folder = f"{platform.certificates}/{account}"
    watched = {"watched_directory": {"path": folder}}
    pair = {
        "certificate_chain": {"filename": f"{folder}/current/chain.pem"},
        "private_key": {"filename": f"{folder}/current/key.pem"},
    }
    trusted = {"trusted_ca": {"filename": f"{folder}/current/authorities.pem"}}
    identity = typed(f"{_TLS}Secret", name=_IDENTITY, tls_certificate={**pair, **watched})
    authorities = typed(f"{_TLS}Secret", name=_AUTHORITIES, validation_context={**trusted, **watched})
    return {_file(_IDENTITY): resources(identity), _file(_AUTHORITIES): resources(authorities)}


def _file(secret: str) -> str:
    return f"secret-{secret}.yaml"


def inbound(platform: Platform, workload: str, protocol: Protocol) -> Document:
    """Return a server socket that accepts any identity of the mesh. `rbac.py` then authorizes each request.

    The two steps are separate so that a change of permissions does not close connections.
    """
    any_identity = {"prefix": f"spiffe://{platform.trust_domain}/"}
    context = typed(
        f"{_TLS}DownstreamTlsContext",
        require_client_certificate=True,
        # A resumed session presents no certificate, so an expired one would stay accepted.
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
        common_tls_context=_common(platform, workload, protocol, [any_identity]),
    )
    return {"name": _SOCKET, "typed_config": context}


def outbound(platform: Platform, workload: str, callee: str) -> Document:
    """Return a client socket that accepts only the identities of `callee`. Raises KeyError for an unknown host.

    `workload` is the folder of the caller's secrets: a workload's name, or `gateway`.
    """
    instances = platform.instances(callee)
    if not instances:
        raise KeyError(callee)
    identities = dict.fromkeys(platform.identity(instance.account) for instance in instances)
    matchers = [{"exact": identity} for identity in identities]
    context = typed(
        f"{_TLS}UpstreamTlsContext",
        sni=callee,
        max_session_keys=0,  # no resumption, as in `inbound`
        common_tls_context=_common(platform, workload, instances[0].protocol, matchers),
    )
    return {"name": _SOCKET, "typed_config": context}


def _common(
    platform: Platform, workload: str, protocol: Protocol, identities: Iterable[dict[str, Any]]
) -> Document:
    folder = f"{platform.folder}/{workload}"
    identity, authorities = (
        {"name": name, "sds_config": file_source(f"{folder}/{_file(name)}", folder)}
        for name in (_IDENTITY, _AUTHORITIES)
    )
    return {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
        "alpn_protocols": ["h2" if protocol is Protocol.GRPC else "http/1.1"],
        "tls_certificate_sds_secret_configs": [identity],
        "combined_validation_context": {
            "default_validation_context": {
                "match_typed_subject_alt_names": [{"san_type": "URI", "matcher": m} for m in identities]
            },
            "validation_context_sds_secret_config": authorities,
        },
    }
