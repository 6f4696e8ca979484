"""Mutual TLS: who somebody is, and whom they believe. Keys and certificates are files, see mesh/certificates.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mesh.render.types import Document, file_source, resources, typed
from mesh.site import Protocol, Site

_IDENTITY, _AUTHORITIES = "identity", "authorities"
_TLS = "transport_sockets.tls.v3."
_SOCKET = "envoy.transport_sockets.tls"


def secrets(site: Site, account: str) -> dict[str, Document]:
    """The files that say where an account's key and certificates are; Envoy reads those anew when they change.

    Two files, for Envoy takes one secret from each.
    """
    folder = f"{site.certificates}/{account}"
    watched = {"watched_directory": {"path": folder}}
    pair = {
        "certificate_chain": {"filename": f"{folder}/current/chain.pem"},
        "private_key": {"filename": f"{folder}/current/key.pem"},
    }
    authorities = {"trusted_ca": {"filename": f"{folder}/current/authorities.pem"}}
    identity = typed(f"{_TLS}Secret", name=_IDENTITY, tls_certificate={**pair, **watched})
    believed = typed(f"{_TLS}Secret", name=_AUTHORITIES, validation_context={**authorities, **watched})
    return {_file(_IDENTITY): resources(identity), _file(_AUTHORITIES): resources(believed)}


def _file(secret: str) -> str:
    return f"secret-{secret}.yaml"


def inbound(site: Site, workload: str, protocol: Protocol) -> Document:
    """Takes callers in that have any identity of the mesh. What each may do, `rbac.py` says."""
    anybody = {"prefix": f"spiffe://{site.trust_domain}/"}
    context = typed(
        f"{_TLS}DownstreamTlsContext",
        require_client_certificate=True,
        # A session that is taken up again shows no certificate, also where the old one is good no more.
        disable_stateless_session_resumption=True,
        disable_stateful_session_resumption=True,
        common_tls_context=_common(site, workload, protocol, [anybody]),
    )
    return {"name": _SOCKET, "typed_config": context}


def outbound(site: Site, workload: str, callee: str) -> Document:
    """Calls a host, and believes only those who have exactly its identity. Raises KeyError for an unknown host.

    `workload` names the folder of the caller's secrets; for the gateway, which is an Envoy itself, `gateway`.
    """
    instances = site.instances(callee)
    if not instances:
        raise KeyError(callee)
    identities = dict.fromkeys(site.identity(instance.account) for instance in instances)
    matchers = [{"exact": identity} for identity in identities]
    context = typed(
        f"{_TLS}UpstreamTlsContext",
        sni=callee,
        max_session_keys=0,
        common_tls_context=_common(site, workload, instances[0].protocol, matchers),
    )
    return {"name": _SOCKET, "typed_config": context}


def _common(site: Site, workload: str, protocol: Protocol, identities: Iterable[dict[str, Any]]) -> Document:
    folder = f"{site.folder}/{workload}"
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
