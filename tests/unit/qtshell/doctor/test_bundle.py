"""What is packed for support, and what is not."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from qtshell.doctor import bundle, report
from qtshell.options import Options, Verb


def test_the_bundle_has_the_logs_without_secrets_and_replaces_nothing(
    options: Options,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options.log_dir.mkdir()
    (options.log_dir / "hearth.log").write_text("Authorization: Bearer abc123\n")
    asked = replace(options, name="bundle")
    report.run(asked)
    first = tmp_path / "hearth-support.zip"
    with zipfile.ZipFile(first) as packed:
        assert b"abc123" not in packed.read("logs/hearth.log")
        checks = packed.read("checks.txt").decode()
    assert "versions: Hearth" in checks
    assert str(options.data_dir) not in checks
    assert "[data folder] can be written" in checks
    before = first.read_bytes()
    report.run(asked)
    assert first.read_bytes() == before
    assert f"Written to {tmp_path / 'hearth-support-2.zip'}" in capsys.readouterr().out
    monkeypatch.chdir("/proc")
    assert report.run(asked) == 1
    assert "could not be written here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "shared"),
    [
        ("in /srv/homes/anna/x.gguf", "in ~/x.gguf"),
        ("in /srv/homes/anna-2/x", "in /srv/homes/anna-2/x"),
        ("in /mnt/anna/models/x.gguf", "in /mnt/[user]/models/x.gguf"),
        ("in D:\\anna\\x", "in D:\\[user]\\x"),
        ("see http://annas-nas.local:11434/v1", "see http://[server]:11434/v1"),
        ("see libsql://notes-anna.turso.io", "see libsql://[server]"),
        ("see http://127.0.0.1:11434/v1", "see http://127.0.0.1:11434/v1"),
        ("in /srv/homes/anna/data/hearth.db", "in [data folder]/hearth.db"),
        ("bananas of annalena", "bananas of annalena"),
    ],
)
def test_a_bundle_names_no_place_by_which_its_user_is_known(
    monkeypatch: pytest.MonkeyPatch, written: str, shared: str
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/srv/homes/anna"))
    monkeypatch.setattr(bundle, "getuser", lambda: "anna")
    data = Path("/srv/homes/anna/data")
    options = Options(data_dir=data, log_dir=data / "logs", verb=Verb.DOCTOR)
    assert bundle.without_places(written, options) == shared
