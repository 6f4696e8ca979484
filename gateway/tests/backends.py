"""The services behind the gateway, as small as they can be: real gRPC and HTTP servers that remember their calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from google.api.httpbody_pb2 import HttpBody
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from nightmarket.cart.v1 import cart_pb2, cart_pb2_grpc
from nightmarket.catalog.v1 import catalog_pb2, catalog_pb2_grpc
from nightmarket.inventory.v1 import inventory_pb2, inventory_pb2_grpc
from nightmarket.orders.v1 import orders_pb2, orders_pb2_grpc
from nightmarket.recommendations.v1 import recommendations_pb2, recommendations_pb2_grpc
