# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from safetensors.torch import load as load_safetensors
from torch.utils import _pytree as pytree

import fanfold
from fanfold import artifact as artifacts
from fanfold.backends import cpu
from fanfold.errors import ArtifactError, TargetError
from fanfold.executable import Executable

META = "fanfold/meta.json"
PAIR = tuple(artifacts.TensorSpec(name, (None, 4), "float32") for name in "ab")


@pytest.fixture
def saved(linear: Executable, tmp_path: Path) -> Path:
    path = tmp_path / "model.vmfb"
    linear.save(path)
    return path


def test_a_loaded_executable_is_the_saved_one(linear: Executable, saved: Path) -> None:
    loaded = fanfold.load(saved)
    x = torch.randn(5, 256).bfloat16()
    assert torch.equal(loaded(x), linear(x))
    assert loaded.report == linear.report
    assert loaded.signature == linear.signature
    loaded.save(saved.with_name("again.vmfb"))
    assert saved.with_name("again.vmfb").read_bytes() == saved.read_bytes()


def test_the_file_is_a_zip_and_its_weights_are_aligned_safetensors(linear: Executable, saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert {"module.fb", META, artifacts.PARAMETERS} <= set(archive.namelist())
        weights = load_safetensors(archive.read(artifacts.PARAMETERS))
    assert torch.equal(weights["lin.weight"], linear._artifact.parameters["lin.weight"])
    loaded = artifacts.read(saved)
    assert all(tensor.data_ptr() % 64 == 0 for tensor in loaded.parameters.values())


def test_weights_stay_in_the_file(saved: Path) -> None:
    artifact = artifacts.read(saved)
    weight = artifact.parameters["lin.weight"]
    begin = torch.frombuffer(artifact.module, dtype=torch.uint8).data_ptr()
    assert begin < weight.data_ptr() < begin + saved.stat().st_size


def test_iree_run_module_takes_the_file(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        (tmp_path / "p.safetensors").write_bytes(archive.read(artifacts.PARAMETERS))
    runner = Path(sys.executable).with_name("iree-run-module")
    options = ["--device=local-task", "--function=main", "--input=2x256xbf16=1"]
    parameters = f"--parameters=model={tmp_path / 'p.safetensors'}"
    done = subprocess.run(
        [runner, f"--module={saved}", parameters, *options], capture_output=True, text=True, check=True
    )
    assert "2x512xbf16" in done.stdout


def test_every_dtype_of_weights_survives(fanout: Executable, tmp_path: Path) -> None:
    values = torch.randint(0, 255, (4, 16), dtype=torch.uint8)
    names = ["uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
    names += ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"]
    weights = {name: values.view(getattr(torch, name)) for name in names}
    weights |= {"bool": values > 9, "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "strided": values.t()}
    artifact = fanout._artifact
    with_weights = artifacts.Artifact(artifact.module, artifact.signature, artifact.report, frozenset(), weights)
    artifacts.write(tmp_path / "m.vmfb", with_weights)
    read = artifacts.read(tmp_path / "m.vmfb").parameters
    assert set(read) == set(weights)
    for name, tensor in weights.items():
        assert read[name].dtype is tensor.dtype
        assert read[name].shape == tensor.shape
        assert read[name].contiguous().view(-1).view(torch.uint8).tolist() == (
            tensor.contiguous().view(-1).view(torch.uint8).tolist()
        )


def test_a_weight_that_cannot_be_saved_leaves_nothing(fanout: Executable, tmp_path: Path) -> None:
    artifact = fanout._artifact
    weights = {"c": torch.zeros(2, dtype=torch.complex64)}
    bad = artifacts.Artifact(artifact.module, artifact.signature, artifact.report, frozenset(), weights)
    with pytest.raises(ArtifactError, match="complex64"):
        artifacts.write(tmp_path / "m.vmfb", bad)
    assert list(tmp_path.iterdir()) == []


def test_a_loaded_executable_survives_what_happens_to_its_file(
    linear: Executable, fanout: Executable, saved: Path
) -> None:
    x = torch.randn(2, 256).bfloat16()
    first, second = fanfold.load(saved), fanfold.load(saved)
    expected = linear(x)
    fanout.save(saved)
    assert torch.equal(first(x), expected)
    saved.unlink()
    assert torch.equal(second(x), expected)
    # Onto its own file, which is mapped while it is replaced.
    second.save(saved)
    third = fanfold.load(saved)
    third.save(saved)
    assert torch.equal(third(x), expected)
    assert torch.equal(fanfold.load(saved)(x), expected)


def test_writing_to_a_weight_never_reaches_the_file(saved: Path) -> None:
    before = saved.read_bytes()
    artifacts.read(saved).parameters["lin.weight"].zero_()
    assert saved.read_bytes() == before


def test_new_files_get_ordinary_permissions_and_links_are_followed(
    linear: Executable, saved: Path, tmp_path: Path
) -> None:
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o666 & ~umask
    link = tmp_path / "link.vmfb"
    link.symlink_to(tmp_path / "real.vmfb")
    linear.save(link)
    assert link.is_symlink()
    assert (tmp_path / "real.vmfb").is_file()


@pytest.mark.parametrize("where", ["missing/m.vmfb", "folder", "file/m.vmfb", "\0"])
def test_an_unwritable_path_is_an_error_and_leaves_nothing(linear: Executable, tmp_path: Path, where: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError) as caught:
        linear.save(tmp_path / where)
    assert caught.value.remedy
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "file"}


def test_a_full_disk_is_an_error_and_leaves_the_old_file(
    linear: Executable, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    before = saved.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match="No space left"):
        linear.save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize("keep", [1, 3, 100, 0.1, 0.5, 0.9, -1])
def test_a_truncated_file(saved: Path, keep: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ArtifactError) as caught:
        fanfold.load(saved)
    assert caught.value.remedy


def test_a_flipped_bit_anywhere_is_found_or_harmless(linear: Executable, saved: Path) -> None:
    content = saved.read_bytes()
    x = torch.randn(2, 256).bfloat16()
    expected = linear(x)
    generator = torch.Generator().manual_seed(3)
    places = torch.randint(0, len(content), (150,), generator=generator).tolist()
    # And everything in the last part, where zip's own tables are.
    places += range(len(content) - 60, len(content))
    caught = 0
    for place in places:
        saved.unlink()
        saved.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        try:
            loaded = fanfold.load(saved)
        except ArtifactError:
            caught += 1
            continue
        # Dates, padding and comments of the zip are not covered by checksums, and mean nothing.
        assert torch.equal(loaded(x), expected)
    assert caught > len(places) * 0.7


def _rewrite_meta(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    meta = json.loads(entries[META])
    text = change(meta)
    content = path.read_bytes()
    begin = content.index(entries[META])
    length = len(entries[META])
    new = (text if isinstance(text, bytes) else json.dumps(meta).encode()).ljust(length)
    assert len(new) == length
    patched = bytearray(content)
    patched[begin : begin + length] = new
    old_crc, new_crc = (struct.pack("<I", zlib.crc32(data)) for data in (entries[META], new))
    path.unlink()
    path.write_bytes(bytes(patched).replace(old_crc, new_crc))


def test_a_newer_format_says_to_upgrade(saved: Path) -> None:
    _rewrite_meta(saved, lambda meta: meta.update(format=9))
    with pytest.raises(ArtifactError, match="format 9") as caught:
        fanfold.load(saved)
    assert "upgrade" in caught.value.remedy


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"{not json",
        lambda _: b"[]",
        lambda meta: meta.pop("signature") and None,
        lambda meta: meta.update(signature={}),
        lambda meta: meta.update(report=[]),
        lambda meta: meta.update(module_bytes=12),
        lambda meta: meta.update(module_bytes="all"),
        lambda meta: meta.update(parameters=["other"]),
    ],
)
def test_metadata_that_makes_no_sense(saved: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    _rewrite_meta(saved, change)
    with pytest.raises(ArtifactError, match="is damaged"):
        fanfold.load(saved)


def test_foreign_files(linear: Executable, tmp_path: Path) -> None:
    path = tmp_path / "m.vmfb"
    path.write_text("module { }\n")
    with pytest.raises(ArtifactError, match="not written by fanfold"):
        fanfold.load(path)
    path.write_bytes(linear._artifact.module)
    with pytest.raises(ArtifactError, match="an IREE module without them"):
        fanfold.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ArtifactError, match="some other zip file"):
        fanfold.load(path)
    path.write_bytes(b"")
    with pytest.raises(ArtifactError, match="is empty"):
        fanfold.load(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="No such file") as caught:
        fanfold.load(tmp_path / "no.vmfb")
    assert caught.value.remedy == "check the path"
    with pytest.raises(ArtifactError, match="Is a directory"):
        fanfold.load(tmp_path)
    with pytest.raises(ArtifactError):
        fanfold.load("a\0b")


@pytest.mark.parametrize("path", [None, 7, ["m.vmfb"]])
def test_what_is_no_path_is_refused(linear: Executable, path: Any) -> None:
    with pytest.raises(ArtifactError, match="not a path") as caught:
        fanfold.load(path)
    assert caught.value.found == type(path).__name__
    with pytest.raises(ArtifactError, match="not a path"):
        linear.save(path)


@dataclass
class Unregistered:
    y: torch.Tensor


class UnregisteredTuple(NamedTuple):
    y: torch.Tensor


@pytest.mark.parametrize("container", [Unregistered, UnregisteredTuple])
def test_a_container_that_the_loading_process_does_not_know(
    build: Callable[..., Executable], tmp_path: Path, container: type
) -> None:
    name = f"their.{container.__name__}"
    if container is Unregistered:
        torch.export.register_dataclass(container, serialized_type_name=name)
    else:
        pytree._register_namedtuple(container, serialized_type_name=name)
    executable = build("pair", ((0, 0), {}), (container(0), 0), PAIR, PAIR)
    path = tmp_path / "m.vmfb"
    executable.save(path)
    a, b = torch.randn(2, 4), torch.randn(2, 4)
    assert torch.equal(fanfold.load(path)(a, b)[0].y, a + b)
    script = (
        f"import fanfold\ntry: fanfold.load({str(path)!r})\n"
        "except fanfold.ArtifactError as e: print(e.expected, '|', e.remedy)\n"
    )
    load = [sys.executable, "-c", script]
    done = subprocess.run(load, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert name in done.stdout
    assert "before loading" in done.stdout
    run = [sys.executable, "-c", "from fanfold.cli import main; main()", "run", str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_large_weights_are_checked_on_request(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "_ALWAYS_VERIFY_BYTES", 0)
    content = saved.read_bytes()
    place = content.index(artifacts.read(saved).parameters["lin.weight"].view(torch.uint8).numpy().tobytes()[:64])
    saved.unlink()
    saved.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    fanfold.load(saved)
    with pytest.raises(ArtifactError, match="does not match its checksum"):
        fanfold.load(saved, verify=True)


def test_loading_code_for_another_processor_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "host_features", frozenset)
    with pytest.raises(TargetError, match="cannot run code"):
        fanfold.load(saved)
    assert artifacts.read(saved).report.target == "cpu"


def test_mapping_needs_no_write_permission(saved: Path, linear: Executable) -> None:
    saved.chmod(0o444)
    x = torch.randn(2, 256).bfloat16()
    assert torch.equal(fanfold.load(saved)(x), linear(x))
