"""New models go where somebody chose; those there are stay, and are still found."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import ConflictError, HearthError, InvalidInputError
from backend.llm.library.installed import installed_in
from backend.services.engines.model_folders import FOLDER_NAME, ModelFolders
from backend.store.settings import SettingStore
from tests.helpers.gguf_files import write_gguf
from tests.helpers.library import open_library


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[ModelFolders]:
    with open_library(tmp_path / "data") as library:
        yield ModelFolders(tmp_path / "data/models", SettingStore(library.database))


def test_a_chosen_folder_is_made_and_the_earlier_ones_are_still_known(
    folders: ModelFolders, tmp_path: Path
) -> None:
    assert folders.all() == [folders.default]
    first = folders.choose(str(tmp_path / "not there yet/Größe"))
    assert first == tmp_path / "not there yet/Größe" / FOLDER_NAME
    assert first.is_dir()
    second = folders.choose(str(tmp_path))
    assert folders.all() == [second, first, folders.default]
    assert folders.choose(str(first)) == first, "it is its own folder already"
    assert folders.choose("") == folders.default
    assert folders.all() == [folders.default, first, second]
    assert folders.free_bytes() > 0


def test_a_folder_that_is_away_is_said_so_and_never_made_anew(
    folders: ModelFolders, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    chosen = folders.choose(str(stick))
    write_gguf(chosen / "model.gguf")
    stick.rename(tmp_path / "in a drawer")
    assert folders.is_away(chosen)
    assert folders.free_bytes() == 0
    with pytest.raises(ConflictError, match="Connect its disk"):
        folders.for_new()
    assert not stick.exists()
    (tmp_path / "in a drawer").rename(stick)
    assert folders.for_new() == chosen
    assert [model.name for model in installed_in(chosen)] == ["model"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("relative", "not a folder"),
        ("{tmp}/a file", "not a folder"),
        ("{tmp}/data/backups", "Backups are kept"),
        ("{tmp}/data/backups/deeper", "Backups are kept"),
        ("{tmp}/link to backups", "Backups are kept"),
        ("/proc/nothing", "cannot write"),
    ],
)
def test_what_cannot_be_a_folder_for_models_is_refused(
    folders: ModelFolders, tmp_path: Path, path: str, why: str
) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "link to backups").symlink_to(tmp_path / "data/backups")
    with pytest.raises(HearthError, match=why):
        folders.choose(path.format(tmp=tmp_path))
    assert folders.all() == [folders.default]


def test_a_folder_in_the_own_one_is_the_own_one(folders: ModelFolders) -> None:
    folders.default.mkdir(parents=True)
    assert folders.choose(str(folders.default)) == folders.default
    assert folders.choose(str(folders.default / "owner")) == folders.default
    with pytest.raises(InvalidInputError):
        folders.choose("models")
