"""The command line says what a launch is for."""

from pathlib import Path

import pytest

from backend.installation import installed_version
from qtshell.options import WINDOWED, Verb, build_parser, read_options

_FLAGS = build_parser().format_help()


@pytest.mark.parametrize(
    ("argv", "verb"),
    [
        ([], Verb.OPEN),
        (["--hidden"], Verb.WAKE),
        (["--new-chat"], Verb.NEW_CHAT),
        (["--quick-ask"], Verb.QUICK_ASK),
        (["--note-from-clipboard"], Verb.NOTE_FROM_CLIPBOARD),
        (["--install-desktop"], Verb.INSTALL_DESKTOP),
        (["--uninstall-desktop"], Verb.UNINSTALL_DESKTOP),
        (["--autostart", "on"], Verb.AUTOSTART),
        (["ask", "why"], Verb.ASK),
        (["status", "--json"], Verb.STATUS),
        (["quit"], Verb.QUIT),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_arguments_choose_what_is_done(argv: list[str], verb: Verb) -> None:
    assert read_options(argv).verb is verb


def test_the_data_folder_may_come_before_or_after_the_command(tmp_path: Path) -> None:
    before = read_options(["--data-dir", str(tmp_path), "ask", "a", "b"])
    after = read_options(["ask", "--data-dir", str(tmp_path), "a", "b"])
    assert before == after
    assert before.data_dir == tmp_path
    assert before.words == ("a", "b")


def test_another_launch_is_led_to_the_same_instance(tmp_path: Path) -> None:
    chosen = read_options(["--data-dir", str(tmp_path)])
    assert read_options(chosen.instance_arguments).data_dir == tmp_path
    assert read_options([]).instance_arguments == ()


def test_the_version_goes_where_a_script_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(["--version"])
    assert ended.value.code in (None, 0)
    assert capsys.readouterr().out == f"Hearth {installed_version()}\n"


@pytest.mark.parametrize("argv", [["--quick-ask"], ["--hidden"]])
def test_what_needs_no_window_opens_none(argv: list[str]) -> None:
    assert read_options(argv).hidden


@pytest.mark.parametrize(
    "argv",
    [["--new-chat", "--quick-ask"], ["dance"], ["--autostart"], ["search"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_two(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(argv)
    assert ended.value.code == 2
    assert "usage: hearth" in capsys.readouterr().err


@pytest.mark.parametrize(
    "verb",
    [v for v in Verb if v not in WINDOWED and f"--{v.value}" not in _FLAGS],
    ids=lambda verb: verb.value,
)
def test_every_command_explains_itself(
    verb: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options([verb.value, "--help"])
    assert ended.value.code == 0
    assert f"usage: hearth {verb.value}" in capsys.readouterr().out
