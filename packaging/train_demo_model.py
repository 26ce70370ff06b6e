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
from typing import Any

import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from wsiview.demo import MPP, STRUCTURES, write_demo_slide
from wsiview.models.architectures import build_architecture

TRAINING_SEEDS = tuple(range(101, 113))
HELD_OUT_SEEDS = (201, 202, 203)
SLIDE_SIZE = (4096, 3072)

ARCHITECTURE = {
    "blocks": [[16, 16], [32, 32], [48, 48], [64, 64]], "batch_norm": True, "conv_bias": False, "pool": "max",
    "dropout": 0.3, "last_pooling": False,
}  # fmt: skip
LAYER = "features.26"
"""The last ReLU: 64 channels, a cell of 8 × 8 pixels, two mask pixels a side."""

KINDS = torch.tensor([0, 1, 2, 0, 3])
"""What a cell shows, from its structure: empty (glass and lumen look alike), stroma, benign epithelium, tumour."""

HINT = 0.4
"""Weight of the cells' kinds beside the patches' labels while training."""

STEADY = 1.0
"""Weight of the demand that turned tissue has turned features: tissue has no up or down, and channels that tell the
upper edge of a nucleus from its lower one would paint stripes."""

MEAN, STD = (0.87, 0.70, 0.82), (0.14, 0.25, 0.15)
LEVEL = 1
SPACING = MPP * 2**LEVEL
PATCH, STEP = 192, 128
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
    """Patches (n, p, p, 3), structures of their cells (n, p / 8, p / 8), whether each one's label region holds tumour.

    `clear`: nobody would argue about the label.
    """

    patches: NDArray[np.uint8]
    structures: NDArray[np.uint8]
    tumour: NDArray[np.bool_]
    clear: NDArray[np.bool_]


def paint(seed: int, folder: Path) -> Section:
    slide = write_demo_slide(folder, seed, *SLIDE_SIZE)
    pixels = tifffile.imread(slide.slide, key=LEVEL)
    return Section(np.asarray(pixels, np.uint8), np.asarray(Image.open(slide.structures), np.uint8))


def cut(section: Section, side: int, step: int) -> Samples:
    """Patches of `side` pixels every `step`, those that are mostly glass left out."""
    patches, structures, shares, around = [], [], [], []
    is_tumour, is_tissue = section.structures == STRUCTURES["tumour"], section.structures != STRUCTURES["glass"]
    cells = side // MASK_STEP
    rim = round(cells * (PATCH - STEP) / PATCH / 2)
    for y in range(0, section.pixels.shape[0] - side + 1, step):
        for x in range(0, section.pixels.shape[1] - side + 1, step):
            window = np.s_[y // MASK_STEP : y // MASK_STEP + cells, x // MASK_STEP : x // MASK_STEP + cells]
            centre = np.s_[rim:-rim, rim:-rim]
            if is_tissue[window][centre].mean() < 0.1:
                continue
            patches.append(section.pixels[y : y + side, x : x + side])
            structures.append(section.structures[window][::2, ::2])
            shares.append(is_tumour[window][centre].mean())
            around.append(is_tumour[window].mean())
    share, nearby = np.array(shares), np.array(around)
    return Samples(np.stack(patches), np.stack(structures), share >= PRESENT, (share >= CLEAR) | (nearby < 0.002))


def gathered(sections: list[Section], side: int, step: int) -> Samples:
    parts = [cut(section, side, step) for section in sections]
    return Samples(
        np.concatenate([part.patches for part in parts]),
        np.concatenate([part.structures for part in parts]),
        np.concatenate([part.tumour for part in parts]),
        np.concatenate([part.clear for part in parts]),
    )


def as_input(patches: NDArray[np.uint8]) -> Tensor:
    pixels = torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 255
    pixels = (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    return pixels.contiguous(memory_format=torch.channels_last)


def turned(
    patches: NDArray[np.uint8], structures: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Tensor]:
    """Both turned and mirrored alike; the cells' kinds as a tensor."""
    quarters, mirrored = int(rng.integers(4)), bool(rng.random() < 0.5)
    pixels, cells = np.rot90(patches, quarters, axes=(1, 2)), np.rot90(structures, quarters, axes=(1, 2))
    if mirrored:
        pixels, cells = pixels[:, :, ::-1], cells[:, :, ::-1]
    return pixels, KINDS[torch.from_numpy(cells.astype(np.int64))]


def restained(patches: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Another density for each patch, slightly another for each colour, another lamp."""
    density = np.exp(rng.normal(0, 0.12, (len(patches), 1, 1, 1)) + rng.normal(0, 0.05, (len(patches), 1, 1, 3)))
    lamp = 255 * np.exp(rng.normal(0, 0.03, (len(patches), 1, 1, 1)))
    table = (np.arange(256, dtype=np.float32) / 255)[patches]
    return np.clip(lamp * table ** density.astype(np.float32), 0, 255).astype(np.uint8)


class Trainee(nn.Module):
    """The network, and beside it a head that reads each cell's kind; the head is thrown away after training.

    A tumour label alone teaches nothing of the rest of the tissue: stroma and lumen would look alike to the network.
    The head adds evidence and never subtracts it, so that each kind gets channels of its own.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        channels = ARCHITECTURE["blocks"][-1][-1]  # type: ignore[index]
        self.head = nn.Parameter(torch.rand(int(KINDS.max()) + 1, channels) * 0.2)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (N, C, h, w) of the cells, their kinds (N, kinds, h, w), and logits (N, 1) of the patches."""
        network: Any = self.network
        features = network.features(pixels)
        logits = network.classifier(network.dropout(network.pool(features).flatten(1)))
        return features, nn.functional.conv2d(features, self.head.abs()[:, :, None, None]), logits


def unsteadiness(features: Tensor, quarters: int) -> Tensor:
    """How much the second half's features differ from the first half's turned by `quarters`, as a share of them."""
    upright, turned_features = features.chunk(2)
    difference = torch.rot90(upright, quarters, (2, 3)) - turned_features
    return difference.square().mean() / features.square().mean().clamp(min=1e-6)


def train(trainee: Trainee, samples: Samples, epochs: int, batch: int, rate: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    members = np.flatnonzero(samples.clear)
    steps = epochs * (len(members) // batch)
    optimiser = torch.optim.AdamW(trainee.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
    trainee.train()
    for epoch in range(epochs):
        started, total = time.monotonic(), 0.0
        order = rng.permutation(members)
        for first in range(0, len(order) // batch * batch, batch):
            chosen = order[first : first + batch]
            pixels, kinds = turned(samples.patches[chosen], samples.structures[chosen], rng)
            upright, quarters = as_input(restained(pixels, rng)), int(rng.integers(1, 4))
            features, cells, logits = trainee(torch.cat([upright, torch.rot90(upright, quarters, (2, 3))]))
            kinds = torch.cat([kinds, torch.rot90(kinds, quarters, (1, 2))])
            wanted = torch.from_numpy(samples.tumour[chosen]).float().repeat(2)
            loss = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], wanted)
            loss = loss + HINT * nn.functional.cross_entropy(cells, kinds) + STEADY * unsteadiness(features, quarters)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * batch
        print(f"  epoch {epoch + 1}: loss {total / len(members):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    trainee.eval()


def assess(network: nn.Module, samples: Samples) -> dict[str, float]:
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
            "architecture": ARCHITECTURE,
            "layer": LAYER,
            "stride_pixels": STEP,
            "trim": 2,
            "label_region": STEP,
            "target": 0,
            "activation": "sigmoid",
            "threshold": THRESHOLD,
            "min_tissue": 0.1,
            "license": "Apache-2.0",
            "description": "Trained on synthetic tissue painted by this program; it knows nothing of real tissue."
            " Made for the demo case by packaging/train_demo_model.py. While it learned to say tumour or not, a second"
            " head, since removed, asked its last layer what a cell shows: empty, stroma, benign epithelium, tumour."
            " It was also trained to see tissue the same whichever way it is turned.",
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
    network = build_architecture("vgg-pool", ARCHITECTURE, 1).to(memory_format=torch.channels_last)
    trainee = Trainee(network)
    # Smaller patches first, because they teach the same cells at a lower price.
    small, large = gathered(sections, 128, 112), gathered(sections, PATCH, 160)
    for samples, epochs, batch, rate, seed in ((small, 2, 16, 4e-3, 1), (large, 1, 8, 2e-3, 2)):
        share = samples.tumour[samples.clear].mean()
        print(f"{int(samples.clear.sum())} patches of {samples.patches.shape[1]} px, tumour {share:.2f}", flush=True)
        train(trainee, samples, epochs, batch, rate, seed)
    results = assess(network, held_out)
    print("held-out slides:", results)
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, args.out / "model.safetensors")
    (args.out / "config.json").write_text(json.dumps(config(results), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
