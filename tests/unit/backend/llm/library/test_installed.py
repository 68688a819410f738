"""Models in Hearth's own folder are known, deleted, and brought back."""

import json
from pathlib import Path

import pytest

from backend.errors import ConflictError, NotFoundError
from backend.llm.library.hub import is_repository
from backend.llm.library.installed import (
    KEPT_DAYS,
    adopt_former_trash,
    delete,
    deleted,
    describe,
    forget,
    forget_old,
    installed_in,
    restore,
)
from tests.helpers.gguf_files import write_gguf, write_parts


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models/owner/repository"
    folder.mkdir(parents=True)
    write_gguf(
        folder / "tiny-Q4_K_M.gguf",
        llama__context_length=4096,
        general__basename="Tiny",
        general__size_label="1B",
        general__license="apache-2.0",
    )
    return tmp_path / "models"


def test_a_model_says_what_it_is(models: Path) -> None:
    [found] = installed_in(models)
    assert (found.name, found.family, found.size_label) == ("tiny-Q4_K_M", "Tiny", "1B")
    assert (found.quantisation, found.context) == ("Q4_K_M", 4096)
    assert found.licence == "apache-2.0"
    assert found.bytes == found.path.stat().st_size


def test_the_header_says_how_weights_are_stored_when_the_name_does_not(
    tmp_path: Path,
) -> None:
    path = write_gguf(tmp_path / "model.gguf", general__file_type=15)
    assert describe(path).quantisation == "Q4_K_M"
    assert describe(write_gguf(tmp_path / "other.gguf")).quantisation == ""


def test_parts_are_one_and_what_is_no_model_is_none(tmp_path: Path) -> None:
    parts = write_parts(tmp_path)
    projector = write_gguf(tmp_path / "mmproj-x.gguf", "clip")
    (tmp_path / "broken.gguf").write_bytes(b"no model")
    [found] = installed_in(tmp_path)
    assert found.name == "model"
    assert found.bytes == sum(part.stat().st_size for part in (*parts, projector))


def test_a_deleted_model_comes_back_to_its_place(models: Path) -> None:
    path = installed_in(models)[0].path
    before = path.read_bytes()
    id = delete(models, path)
    assert installed_in(models) == []
    [gone] = deleted(models)
    assert (gone.name, gone.bytes) == ("tiny-Q4_K_M", len(before))
    assert restore(models, id) == path
    assert path.read_bytes() == before
    assert deleted(models) == []
    with pytest.raises(NotFoundError):
        restore(models, id)


def test_all_parts_go_and_come_together(tmp_path: Path) -> None:
    parts = write_parts(tmp_path)
    id = delete(tmp_path, parts[0])
    assert not any(part.exists() for part in parts)
    restore(tmp_path, id)
    assert all(part.exists() for part in parts)


def test_a_file_that_took_its_place_stays(models: Path) -> None:
    path = installed_in(models)[0].path
    id = delete(models, path)
    path.write_bytes(b"another")
    with pytest.raises(ConflictError):
        restore(models, id)
    assert path.read_bytes() == b"another"
    assert len(deleted(models)) == 1


def test_nothing_outside_the_folder_is_deleted(models: Path, tmp_path: Path) -> None:
    outside = write_gguf(tmp_path / "mine.gguf")
    link = models / "link.gguf"
    link.symlink_to(outside)
    for path in (outside, link, models / "../mine.gguf", models / "gone.gguf"):
        with pytest.raises(NotFoundError):
            delete(models, path)
    assert outside.exists()


@pytest.mark.parametrize(
    "change", [{"folder": "../.."}, {"folder": "/etc"}, {"file": "../x"}, {"id": "y"}]
)
def test_a_note_that_was_changed_leads_nowhere(
    models: Path, change: dict[str, str]
) -> None:
    id = delete(models, installed_in(models)[0].path)
    note = models / ".trash" / id / "deleted.json"
    note.write_text(json.dumps(json.loads(note.read_text("utf-8")) | change), "utf-8")
    assert deleted(models) == []
    with pytest.raises(NotFoundError):
        restore(models, id)


def test_the_trash_is_emptied_at_once_or_in_time(models: Path) -> None:
    delete(models, installed_in(models)[0].path)
    [gone] = deleted(models)
    day_ms = 86_400_000
    forget_old(models, gone.deleted_at + KEPT_DAYS * day_ms)
    assert deleted(models) == [gone]
    forget_old(models, gone.deleted_at + KEPT_DAYS * day_ms + 1)
    assert deleted(models) == []
    write_gguf(models / "other.gguf")
    delete(models, models / "other.gguf")
    forget(models)
    assert list((models / ".trash").iterdir()) == []


def test_a_file_that_changed_is_looked_at_again(models: Path) -> None:
    path = installed_in(models)[0].path
    size = path.stat().st_size
    path.write_bytes(path.read_bytes().replace(b"Tiny", b"Huge"))
    assert path.stat().st_size == size
    assert installed_in(models)[0].family == "Huge"


def test_a_maker_may_be_called_trash(models: Path) -> None:
    (models / "trash/tiny").mkdir(parents=True)
    mine = write_gguf(models / "trash/tiny/mine.gguf")
    assert mine in [model.path for model in installed_in(models)]
    delete(models, mine)
    assert mine not in [model.path for model in installed_in(models)]
    assert not is_repository(".trash/tiny")


def test_what_the_former_trash_holds_is_taken_over(models: Path) -> None:
    [before] = installed_in(models)
    id = delete(models, before.path)
    (models / "trash").mkdir()
    (models / ".trash" / id).rename(models / "trash" / id)
    (models / "trash/tiny").mkdir(parents=True)
    mine = write_gguf(models / "trash/tiny/mine.gguf")
    adopt_former_trash(models)
    assert [model.id for model in deleted(models)] == [id]
    assert restore(models, id) == before.path
    assert mine.is_file()


def test_what_a_model_sees_with_goes_and_comes_with_the_last_of_its_sizes(
    models: Path,
) -> None:
    folder = models / "owner/repository"
    other = write_gguf(folder / "tiny-Q8_0.gguf")
    projector = write_gguf(folder / "mmproj-tiny-F16.gguf", "clip")
    found = installed_in(models)
    assert [model.projectors for model in found] == [(projector,), (projector,)]
    assert found[1].bytes == other.stat().st_size + projector.stat().st_size
    delete(models, other)
    assert projector.is_file()
    id = delete(models, found[0].path)
    assert not projector.exists()
    assert restore(models, id) == found[0].path
    assert projector.is_file()
