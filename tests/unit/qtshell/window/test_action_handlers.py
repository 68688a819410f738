"""What the actions of the user show."""

from qtshell.window.action_handlers import about_text


def test_about_says_what_runs_and_what_was_installed_meanwhile() -> None:
    assert "installed" not in about_text("0.1.0", "0.1.0")
    said = about_text("0.1.0", "0.2.0")
    assert said.index("Hearth 0.1.0") < said.index("Version 0.2.0 is installed")
