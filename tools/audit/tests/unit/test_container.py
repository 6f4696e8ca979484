"""The audit in a container, where something is missing."""

from tools.audit.container import main


def test_a_secret_that_is_missing_is_one_line_and_exit_code_2(tmp_path, capsys):
    assert main(["--secrets", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("audit: ")
    assert "accounts_database_url" in line


def test_a_store_that_does_not_answer_is_one_line_and_exit_code_1(tmp_path, free_port, capsys):
    nowhere = f"127.0.0.1:{free_port()}"
    owners = ("accounts", "catalog", "inventory", "orders", "payments", "shipping", "recommendations")
    for name in (*owners, "notifications", "bank"):
        (tmp_path / f"{name}_database_url").write_text(f"postgresql://{name}:secret@{nowhere}/{name}")
    (tmp_path / "nats_url").write_text(f"nats://market:secret@{nowhere}")
    (tmp_path / "bank_api_key").write_text("secret")
    assert main(["--secrets", str(tmp_path), "--mail", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be read" in line
