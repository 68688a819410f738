"""Model files found on this computer are found where these keep them."""

import asyncio
import json
import os
import threading
from pathlib import Path

import pytest

from backend.llm.builtin import found_files
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.builtin.found_files import FoundFile, Place, find_in, places
from backend.llm.builtin.model_file import check_model_file
from backend.llm.builtin.ollama_files import model_name, weights_of
from backend.runtime.side_threads import SideThreads
from backend.services.engines.model_files import ModelFiles, fitting_size
from tests.helpers.gguf_files import write_gguf, write_parts


def found_in(home: Path, **environment: str) -> dict[str, str]:
    """Return program by name of all that is found below a home."""
    found = [
        file
        for place in places(home, environment, "linux")
        if place.folder.is_relative_to(home)
        for file in find_in(place)
    ]
    return {file.name: file.program for file in found}


def put(path: Path, architecture: str = "llama") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_gguf(path, architecture)


def put_in_ollama(models: Path, name: str, tag: str) -> Path:
    """Keep a model as Ollama does; return its manifest."""
    blob = put(models / "blobs" / f"sha256-{name}{tag}")
    manifest = models / "manifests" / "registry.ollama.ai" / "library" / name / tag
    manifest.parent.mkdir(parents=True, exist_ok=True)
    kind = "application/vnd.ollama.image."
    layers = [
        {"mediaType": f"{kind}template", "digest": "sha256:0"},
        {"mediaType": f"{kind}model", "digest": blob.name.replace("-", ":")},
    ]
    manifest.write_text(json.dumps({"layers": layers}))
    return manifest


def put_in_hub(hub: Path, name: str) -> Path:
    """Keep a model as the Hugging Face cache does; return its place in the snapshot."""
    model = hub / "models--org--name"
    blob = put(model / "blobs" / f"0123{name}")
    link = model / "snapshots" / "abc" / f"{name}.gguf"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(blob, link.parent))
    return link


def test_models_of_every_program_are_found(tmp_path: Path) -> None:
    put(tmp_path / ".lmstudio/models/org/name/studio.gguf")
    put_in_ollama(tmp_path / ".ollama/models", "gemma", "4b")
    put(tmp_path / ".local/share/Jan/data/llamacpp/models/a/jan.gguf")
    put(tmp_path / ".local/share/nomic.ai/GPT4All/four.gguf")
    put_in_hub(tmp_path / ".cache/huggingface/hub", "hub")
    put(tmp_path / ".cache/llama.cpp/org_name_llama.gguf")
    put(tmp_path / "Downloads/loaded.gguf")
    assert found_in(tmp_path) == {
        "studio": "LM Studio",
        "gemma:4b": "Ollama",
        "jan": "Jan",
        "four": "GPT4All",
        "hub": "Hugging Face",
        "org_name_llama": "llama.cpp",
        "loaded": "Downloads",
    }


def test_programs_may_keep_them_elsewhere(tmp_path: Path) -> None:
    put_in_ollama(tmp_path / "o", "gemma", "1b")
    put_in_hub(tmp_path / "h" / "hub", "hub")
    put(tmp_path / "l" / "studio.gguf")
    (tmp_path / ".lmstudio-home-pointer").write_text(str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    settings = json.dumps({"downloadsFolder": str(tmp_path / "l")})
    (tmp_path / "home" / "settings.json").write_text(settings)
    found = found_in(
        tmp_path, OLLAMA_MODELS=str(tmp_path / "o"), HF_HOME=str(tmp_path / "h")
    )
    assert set(found) == {"gemma:1b", "hub", "studio"}


def test_only_what_chats_is_offered_and_nothing_else_is_opened(tmp_path: Path) -> None:
    folder, outside = tmp_path / "models", tmp_path / "outside"
    put(folder / "good.gguf")
    put(folder / "bert.gguf", "bert")
    put(folder / "mmproj-good.gguf")
    put(folder / "incomplete-good.gguf")
    (folder / "text.gguf").write_text("Once upon a time")
    os.mkfifo(folder / "pipe.gguf")
    (folder / "zero.gguf").symlink_to("/dev/zero")
    (folder / "away.gguf").symlink_to(put(outside / "away.gguf"))
    (folder / "twice.gguf").symlink_to(folder / "good.gguf")
    (folder / "loop").symlink_to(folder)
    (folder / "lost.gguf").symlink_to(folder / "nothing")
    (folder / "b\udcff.gguf").write_bytes((folder / "good.gguf").read_bytes())
    names = {file.name for file in find_in(Place("It", folder))}
    assert names in ({"good"}, {"twice"})


def test_parts_are_one_model(tmp_path: Path) -> None:
    parts = write_parts(tmp_path)
    size = sum(part.stat().st_size for part in parts)
    assert find_in(Place("It", tmp_path)) == [
        FoundFile("It", "model", str(parts[0]), size)
    ]


def test_a_look_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        put(tmp_path / f"{number}.gguf")
    assert find_in(Place("It", tmp_path), look_s=-1) == []
    monkeypatch.setattr(found_files, "MOST_ENTRIES", 5)
    assert len(find_in(Place("It", tmp_path))) == 5
    monkeypatch.setattr(found_files, "MOST_FILES", 3)
    assert len(find_in(Place("It", tmp_path))) == 3
    put(tmp_path / "a/b/c/deep.gguf")
    assert find_in(Place("It", tmp_path / "a", depth=2)) == []
    assert find_in(Place("It", tmp_path / "a", depth=3))


def test_a_manifest_leads_to_its_blob_of_today(tmp_path: Path) -> None:
    manifest = put_in_ollama(tmp_path, "gemma", "4b")
    assert model_name(manifest) == "gemma:4b"
    (model,) = asyncio.run(BuiltinEngine(manifest).models())
    assert model.id == "gemma:4b"
    found = check_model_file(manifest, "It")
    assert found.weights == tmp_path / "blobs" / "sha256-gemma4b"
    content = manifest.read_text().replace("sha256:gemma4b", "sha256:new")
    manifest.write_text(content)
    assert weights_of(manifest) == tmp_path / "blobs" / "sha256-new"


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"layers": 3}', '{"layers": []}', "[" * 9999, '{"layers": [{}]}'],
)
def test_a_manifest_that_is_none_leads_nowhere(tmp_path: Path, content: str) -> None:
    manifest = put_in_ollama(tmp_path, "gemma", "4b")
    manifest.write_text(content)
    assert weights_of(manifest) == manifest


def test_a_manifest_leads_out_of_its_folder_never(tmp_path: Path) -> None:
    manifest = put_in_ollama(tmp_path / "models", "gemma", "4b")
    put(tmp_path / "secret")
    content = manifest.read_text().replace("sha256:gemma4b", "../../secret")
    manifest.write_text(content)
    assert weights_of(manifest) == manifest


def test_a_folder_that_hangs_keeps_no_other_one_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "good" / "good.gguf")
    released = threading.Event()
    look = found_files.find_in

    def hang(place: Place) -> list[FoundFile]:
        if place.program == "Share":
            released.wait()
        return look(place)

    monkeypatch.setattr("backend.services.engines.model_files.find_in", hang)
    monkeypatch.setattr("backend.services.engines.model_files.LOOK_S", 0.5)
    where = [Place("Share", tmp_path / "x"), Place("Disk", tmp_path / "good")]
    try:
        files = ModelFiles(SideThreads(), lambda: where)
        found = asyncio.run(files.look())
        assert [file.name for file in found] == ["good"]
    finally:
        released.set()


def test_the_size_that_fits_is_told() -> None:
    assert "GB of memory" in fitting_size()
