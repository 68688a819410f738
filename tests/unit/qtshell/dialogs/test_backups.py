"""The folder of the backups is found whatever was chosen."""

from pathlib import Path

import pytest

from qtshell.dialogs.backups import backup_folder


def test_the_chosen_folder_is_shown(tmp_path: Path) -> None:
    chosen = tmp_path / "stick"
    (tmp_path / "backups.json").write_text(
        f'{{"folder": "{chosen}", "verified": {{}}}}'
    )
    assert backup_folder(tmp_path) == tmp_path
    (tmp_path / "backups").mkdir()
    assert backup_folder(tmp_path) == tmp_path / "backups"
    chosen.mkdir()
    assert backup_folder(tmp_path) == chosen


@pytest.mark.parametrize("content", ["", "[]", "{", '{"folder": ""}'])
def test_a_damaged_choice_leads_to_the_usual_folder(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "backups.json").write_text(content)
    (tmp_path / "backups").mkdir()
    assert backup_folder(tmp_path) == tmp_path / "backups"
