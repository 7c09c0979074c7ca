"""Safetensors headers: a file that describes itself, read without torch."""

import json
import os
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from weights_registry import DigestMismatch, RecordError, Weights, save
from weights_registry.header import CHECKPOINT_KEY, DATA_SHA256_KEY, read_checkpoint, read_header, verify_data

CHECKPOINT = Weights.ImageNet1K_V2.checkpoint
TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(7)}


@pytest.fixture
def described(tmp_path: Path) -> Path:
    return save(TENSORS, tmp_path / "described.safetensors", CHECKPOINT)


def test_a_header_is_what_the_library_reads(described: Path) -> None:
    header = read_header(described)
    with safe_open(described, framework="pt") as file:
        assert header.metadata == file.metadata()
        assert set(header.tensors) == set(file.keys())
    assert header.metadata["format"] == "pt"
    assert header.num_bytes == os.path.getsize(described)
    assert header.tensors["weight"]["shape"] == [2, 3]


def test_a_file_says_what_it_is_and_where_it_lies(described: Path) -> None:
    checkpoint = read_checkpoint(described)
    assert checkpoint.url == described.resolve().as_uri()
    assert checkpoint.labels == CHECKPOINT.labels
    for field in ("id", "architecture", "preprocessing", "metrics", "recipe", "num_params", "lineage"):
        assert getattr(checkpoint, field) == getattr(CHECKPOINT, field)


def test_its_tensors_are_verified_with_nothing_but_itself(described: Path) -> None:
    assert verify_data(described) == read_header(described).metadata[DATA_SHA256_KEY]


@given(st.data())
def test_one_flipped_bit_in_any_tensor_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = save(TENSORS, tmp_path_factory.getbasetemp() / "flipped.safetensors", CHECKPOINT)
    header = read_header(path)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(header.data_start, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(DigestMismatch, match=r"flipped\.safetensors"):
        verify_data(path)


@given(st.integers(min_value=0))
def test_a_file_cut_short_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = save(TENSORS, tmp_path_factory.getbasetemp() / "cut.safetensors", CHECKPOINT)
    content = path.read_bytes()
    path.write_bytes(content[: length % len(content)])
    with pytest.raises(RecordError, match=r"cut\.safetensors"):
        read_header(path)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(content)
    with pytest.raises(RecordError):
        read_checkpoint(path)


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.safetensors"
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(RecordError, match="does not fit"):
        read_header(path)


def test_a_file_without_a_record_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "plain.safetensors"
    save_file(TENSORS, path)
    with pytest.raises(RecordError, match=r"load\(architecture, url="):
        read_checkpoint(path)
    assert verify_data(path) is None


def test_a_broken_record_is_refused_by_field(tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    save_file(TENSORS, path, metadata={CHECKPOINT_KEY: json.dumps({"record_version": 1, "id": 7})})
    with pytest.raises(RecordError, match="`id`"):
        read_checkpoint(path)
    save_file(TENSORS, path, metadata={CHECKPOINT_KEY: "{"})
    with pytest.raises(RecordError, match="not JSON"):
        read_checkpoint(path)
