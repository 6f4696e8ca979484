"""The command's exit codes and error messages."""

import json
import threading
from xmlrpc.server import SimpleXMLRPCServer

import pytest

from tools.audit.__main__ import main


def error_line(capsys):
    (line,) = capsys.readouterr().err.splitlines()
    return line


def write_endpoints(folder, **endpoints):
    (folder / "endpoints.json").write_text(json.dumps(endpoints))


@pytest.fixture
def running_supervisor():
    """The URL of an XML-RPC server that answers like supervisord."""
    with SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False) as server:
        server.register_function(lambda: {"statename": "RUNNING"}, "supervisor.getState")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/RPC2"
        server.shutdown()


def test_a_stack_that_is_not_running_is_exit_code_3(tmp_path, capsys):
    assert main(["--dir", str(tmp_path)], {}) == 3
    assert "make up" in error_line(capsys)


def test_market_dir_names_the_stack(tmp_path):
    assert main([], {"MARKET_DIR": str(tmp_path)}) == 3


@pytest.mark.parametrize("grace", ["long", "-1", "nan", "inf"])
def test_an_invalid_argument_is_exit_code_2(grace, capsys):
    with pytest.raises(SystemExit) as exited:
        main(["--grace", grace], {})
    assert exited.value.code == 2
    assert "--grace" in capsys.readouterr().err


def test_a_stack_that_has_stopped_is_exit_code_3(tmp_path, free_port, capsys):
    write_endpoints(tmp_path, supervisor=f"http://127.0.0.1:{free_port()}/RPC2")
    assert main(["--dir", str(tmp_path)], {}) == 3
    assert error_line(capsys) == "The stack is not running. Start it: make up"


def test_an_unavailable_store_is_exit_code_1(tmp_path, free_port, running_supervisor, capsys):
    address = f"127.0.0.1:{free_port()}"
    write_endpoints(
        tmp_path,
        databases={"orders": f"postgresql://orders:secret@{address}/orders"},
        bank=f"http://{address}",
        bankApiKey="secret",
        nats=f"nats://market:secret@{address}",
        mailDir=str(tmp_path / "mail"),
        supervisor=running_supervisor,
    )
    assert main(["--dir", str(tmp_path)], {}) == 1
    assert error_line(capsys).startswith("The database of orders cannot be read")


def test_a_missing_secret_in_a_container_is_exit_code_2(tmp_path, capsys):
    assert main(["--secrets", str(tmp_path)], {}) == 2
    assert "accounts_database_url" in error_line(capsys)


def test_an_unavailable_store_in_a_container_is_exit_code_1(tmp_path, free_port, capsys):
    address = f"127.0.0.1:{free_port()}"
    owners = ("accounts", "catalog", "inventory", "orders", "payments", "shipping", "recommendations")
    for name in (*owners, "notifications", "bank"):
        (tmp_path / f"{name}_database_url").write_text(f"postgresql://{name}:secret@{address}/{name}")
    (tmp_path / "nats_url").write_text(f"nats://market:secret@{address}")
    (tmp_path / "bank_api_key").write_text("secret")
    assert main(["--secrets", str(tmp_path), "--mail", str(tmp_path)], {}) == 1
    assert "cannot be read" in error_line(capsys)
