"""How both ends hold the connection: mutual TLS, a dead peer noticed within five seconds."""

import grpc

from fleet.link.certificates import SERVER_NAME, TlsFiles

MOST_BYTES = 16 * 1024 * 1024
_KEEPALIVE: list[tuple[str, int | str]] = [
    ("grpc.keepalive_time_ms", 2_000),
    ("grpc.keepalive_timeout_ms", 3_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", MOST_BYTES),
    ("grpc.max_send_message_length", MOST_BYTES),
]


def open_channel(address: str, tls: TlsFiles) -> grpc.aio.Channel:
    """Return a channel to the controller at *address* ("host:port"); it connects when it is used."""
    credentials = grpc.ssl_channel_credentials(
        root_certificates=tls.authority, private_key=tls.key, certificate_chain=tls.certificate
    )
    options = [
        *_KEEPALIVE,
        # The authority is the controller's own and signs no other server, so its fixed name is as good as an address.
        ("grpc.ssl_target_name_override", SERVER_NAME),
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    ]
    return grpc.aio.secure_channel(address, credentials, options=options)


def new_server() -> grpc.aio.Server:
    """Return a server without services and ports."""
    options = [
        *_KEEPALIVE,
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 1_000),
        ("grpc.so_reuseport", 0),
    ]
    return grpc.aio.server(options=options)


def server_credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials that ask every agent for a certificate of the same authority."""
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)], root_certificates=tls.authority, require_client_auth=True
    )
