"""Train the demo case's model: a narrow `vgg-pool` network that says whether a patch of synthetic tissue holds tumour.

Paints its own slides (other seeds than the demo's), so anyone can run it again:

    python packaging/train_demo_model.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from wsiview.demo import MPP, STRUCTURES, write_demo_slide

TRAINING_SEEDS = tuple(range(101, 117))
HELD_OUT_SEEDS = (201, 202, 203)
SLIDE_SIZE = (4096, 3072)

BLOCKS = ((16, 16), (32, 32), (48, 48), (64, 64))
MEAN, STD = (0.87, 0.70, 0.82), (0.14, 0.25, 0.15)
LEVEL = 1
SPACING = MPP * 2**LEVEL
PATCH, STEP = 256, 128
THRESHOLD = 0.5
MASK_STEP = 4
"""Pixels of the model's level per mask pixel (the mask has 8 level-0 pixels)."""

PRESENT = 0.02
"""Share of the label region that must be tumour for the patch to count as tumour."""

CLEAR = 0.06
"""From this share on the label is clear; below it, down to nothing at all, a patch is not trained on."""


@dataclass(frozen=True)
class Section:
    """A painted slide at the model's level: pixels (h, w, 3) and structures (h / 4, w / 4)."""

    pixels: NDArray[np.uint8]
    structures: NDArray[np.uint8]


@dataclass(frozen=True)
class Samples:
    """Patches (n, p, p, 3) and whether each one's label region holds tumour; `clear`: nobody would argue."""

    patches: NDArray[np.uint8]
    tumour: NDArray[np.bool_]
    clear: NDArray[np.bool_]


class Network(nn.Module):
    """The `vgg-pool` layout: features, global maximum, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for number, block in enumerate(BLOCKS):
            if number:
                layers.append(nn.MaxPool2d(2))
            for width in block:
                layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)
        self.dropout = nn.Dropout(0.3)
        self.classifier = nn.Linear(channels, 1)

    def forward(self, pixels: Tensor) -> Tensor:
        pooled = self.features(pixels).amax(dim=(2, 3))
        return torch.as_tensor(self.classifier(self.dropout(pooled)))


def paint(seed: int, folder: Path) -> Section:
    slide = write_demo_slide(folder, seed, *SLIDE_SIZE)
    pixels = tifffile.imread(slide.slide, key=LEVEL)
    return Section(np.asarray(pixels, np.uint8), np.asarray(Image.open(slide.structures), np.uint8))


def cut(section: Section, side: int, step: int) -> Samples:
    """Patches of `side` pixels every `step`, those that are mostly glass left out; the label is the central half's."""
    patches, shares, around = [], [], []
    is_tumour, is_tissue = section.structures == STRUCTURES["tumour"], section.structures != STRUCTURES["glass"]
    cells, quarter = side // MASK_STEP, side // MASK_STEP // 4
    for y in range(0, section.pixels.shape[0] - side + 1, step):
        for x in range(0, section.pixels.shape[1] - side + 1, step):
            window = np.s_[y // MASK_STEP : y // MASK_STEP + cells, x // MASK_STEP : x // MASK_STEP + cells]
            centre = np.s_[quarter:-quarter, quarter:-quarter]
            if is_tissue[window][centre].mean() < 0.1:
                continue
            patches.append(section.pixels[y : y + side, x : x + side])
            shares.append(is_tumour[window][centre].mean())
            around.append(is_tumour[window].mean())
    share, nearby = np.array(shares), np.array(around)
    return Samples(np.stack(patches), share >= PRESENT, (share >= CLEAR) | (nearby < 0.002))


def gathered(sections: list[Section], side: int, step: int) -> Samples:
    parts = [cut(section, side, step) for section in sections]
    return Samples(
        np.concatenate([part.patches for part in parts]),
        np.concatenate([part.tumour for part in parts]),
        np.concatenate([part.clear for part in parts]),
    )


def as_input(patches: NDArray[np.uint8]) -> Tensor:
    pixels = torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 255
    pixels = (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    return pixels.contiguous(memory_format=torch.channels_last)


def augmented(patches: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Turned, mirrored, and restained: another density for each patch, slightly another for each colour."""
    turned = np.rot90(patches, int(rng.integers(4)), axes=(1, 2))
    if rng.random() < 0.5:
        turned = turned[:, :, ::-1]
    density = np.exp(rng.normal(0, 0.12, (len(patches), 1, 1, 1)) + rng.normal(0, 0.05, (len(patches), 1, 1, 3)))
    lamp = 255 * np.exp(rng.normal(0, 0.03, (len(patches), 1, 1, 1)))
    stained = lamp * (turned / np.float32(255)) ** density
    return np.clip(stained, 0, 255).astype(np.uint8)


def train(network: Network, samples: Samples, epochs: int, batch: int, rate: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    members = np.flatnonzero(samples.clear)
    steps = epochs * (len(members) // batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    network.train()
    for epoch in range(epochs):
        started, total = time.monotonic(), 0.0
        order = rng.permutation(members)
        for first in range(0, len(order) // batch * batch, batch):
            chosen = order[first : first + batch]
            logits = network(as_input(augmented(samples.patches[chosen], rng)))[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(
                logits, torch.from_numpy(samples.tumour[chosen]).float()
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * batch
        print(f"  epoch {epoch + 1}: loss {total / len(members):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    network.eval()


def assess(network: Network, samples: Samples) -> dict[str, float]:
    """Accuracy over all patches of the held-out slides, and over those whose label is clear."""
    with torch.inference_mode():
        scores = [
            torch.sigmoid(network(as_input(samples.patches[first : first + 16])))[:, 0].numpy()
            for first in range(0, len(samples.patches), 16)
        ]
    right = (np.concatenate(scores) >= THRESHOLD) == samples.tumour
    return {
        "patches": len(right),
        "tumour_share": round(float(samples.tumour.mean()), 4),
        "accuracy": round(float(right.mean()), 4),
        "accuracy_where_the_label_is_clear": round(float(right[samples.clear].mean()), 4),
    }


def config(results: dict[str, float]) -> dict[str, object]:
    return {
        "spec_version": "1.0",
        "architecture": "vgg-pool",
        "name": "synthetic-prostate-tumour",
        "num_classes": 1,
        "class_names": ["tumour"],
        "patch_size_pixels": PATCH,
        "spacing_um_px": SPACING,
        "transform": [
            {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": list(MEAN), "std": list(STD)}},
        ],
        "wsiview": {
            "architecture": {
                "blocks": [list(block) for block in BLOCKS], "batch_norm": True, "conv_bias": False, "pool": "max",
            },
            "layer": f"features.{len(Network().features) - 1}",
            "stride_pixels": STEP,
            "trim": 2,
            "label_region": STEP,
            "target": 0,
            "activation": "sigmoid",
            "threshold": THRESHOLD,
            "min_tissue": 0.1,
            "license": "Apache-2.0",
            "description": "Trained on synthetic tissue painted by this program; it knows nothing of real tissue."
            " Made for the demo case by packaging/train_demo_model.py.",
            "results": results,
        },
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "resources" / "demo" / "model")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    with tempfile.TemporaryDirectory() as scratch:
        sections = [paint(seed, Path(scratch)) for seed in TRAINING_SEEDS]
        held_out = gathered([paint(seed, Path(scratch)) for seed in HELD_OUT_SEEDS], PATCH, STEP)
    network = Network().to(memory_format=torch.channels_last)
    # Half the patch's side first, because it teaches the same cells at a quarter of the price.
    small, large = gathered(sections, PATCH // 2, 96), gathered(sections, PATCH, STEP)
    for samples, epochs, batch, rate, seed in ((small, 4, 32, 4e-3, 1), (large, 3, 16, 1.5e-3, 2)):
        share = samples.tumour[samples.clear].mean()
        print(f"{int(samples.clear.sum())} patches of {samples.patches.shape[1]} px, tumour {share:.2f}", flush=True)
        train(network, samples, epochs, batch, rate, seed)
    results = assess(network, held_out)
    print("held-out slides:", results)
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, args.out / "model.safetensors")
    (args.out / "config.json").write_text(json.dumps(config(results), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
