"""Pictures that several tests measure on."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from abdiffuser_training.evaluate.inputs.pictures import Picture
from napari_abdiffuser.imaging.colorspace import render, srgb_to_lab


@pytest.fixture
def discs():
    """Six vivid discs on a gray ground, with their mask."""
    mask = np.zeros((96, 96), np.int32)
    row, column = np.mgrid[:96, :96]
    for i in range(6):
        y, x = 24 + 48 * (i // 3), 16 + 32 * (i % 3)
        mask[(row - y) ** 2 + (column - x) ** 2 < 11**2] = i + 1
    table = np.zeros((7, 2), np.float32)
    angle = np.arange(6) * np.pi / 3
    table[1:] = 30 * np.stack([np.cos(angle), np.sin(angle)], 1)
    lightness = np.where(mask > 0, 65, 45).astype(np.float32)
    rgb, _ = render(lightness, table[mask])
    lab = srgb_to_lab(rgb / 255).astype(np.float32)
    return Picture("discs", rgb, lab[..., 0], lab[..., 1:], mask)


@pytest.fixture
def discs_shard(tmp_path, discs):
    """A shard with that picture three times: b, a, c."""
    path = tmp_path / "few.tar"
    with tarfile.open(path, "w") as tar:
        for key in ("b", "a", "c"):
            for extension, array in (("png", discs.rgb), ("mask.png", discs.mask)):
                buffer = io.BytesIO()
                Image.fromarray(array.astype(np.uint16 if array.ndim == 2 else np.uint8)).save(
                    buffer, "PNG"
                )
                member = tarfile.TarInfo(f"{key}.{extension}")
                member.size = buffer.tell()
                buffer.seek(0)
                tar.addfile(member, buffer)
    return path
