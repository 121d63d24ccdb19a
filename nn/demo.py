"""The main job: train a small convolutional network on handwritten digits, and leave pictures of what it learned."""

from __future__ import annotations

import copy
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import autograd
import nn
import nn.functional as F
import optim
from autograd.errors import ArgumentError, GradcheckError, MissingExtraError
from autograd.testing import KinkWarning, gradcheck

__all__ = ["DigitsNet", "run_demo"]

BATCH = 64
# Pairs of digits that are tried for one whose activations all lie away from kinks.
PAIRS = 8


class DigitsNet(nn.Module):
    """Two 3x3 convolutions with batch normalisation, one pooling, one linear layer: 8x8 pixels to 10 scores.

    Example:
        >>> from nn.demo import DigitsNet
        >>> sum(p.numel() for p in DigitsNet().parameters())
        12426
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(24)
        self.conv2 = nn.Conv2d(24, 32, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.dropout = nn.Dropout(0.3)
        self.linear = nn.Linear(32 * 4 * 4, 10)

    def forward(self, images: autograd.Tensor) -> autograd.Tensor:
        """Scores (N, 10) of images (N, 1, 8, 8)."""
        x = F.relu(self.norm1(self.conv1(images)))
        x = F.relu(self.norm2(self.conv2(x)))
        x = F.max_pool2d(x, 2)
        return self.linear(self.dropout(x.flatten(1)))


@dataclass(frozen=True)
class Digits:
    """Images (N, 1, 8, 8) with pixels from 0 to 1, and their labels, for training and held out."""

    images: np.ndarray
    labels: np.ndarray
    held_images: np.ndarray
    held_labels: np.ndarray


def _extra(name: str) -> ModuleType:
    """Import a package of the extra `demo`."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0].replace("sklearn", "scikit-learn")
        raise MissingExtraError(
            f"demo: {package} is not installed; install what the demo needs with pip install 'chainrule[demo]'"
        ) from error


def load_digits(seed: int) -> Digits:
    """scikit-learn's 1,797 digits, a stratified quarter held out.

    Args:
        seed: decides which quarter.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    data = _extra("sklearn.datasets").load_digits()
    images = (data.images / 16).astype(np.float32)[:, None]
    split = _extra("sklearn.model_selection").train_test_split
    train, held, labels, held_labels = split(
        images, data.target, test_size=0.25, stratify=data.target, random_state=seed
    )
    return Digits(train, labels, held, held_labels)


def shifted(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image moved by up to one pixel in each direction, with zeros coming in."""
    N = len(images)
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    down, right = rng.integers(0, 3, (2, N))
    rows = down[:, None, None] + np.arange(8)[:, None]
    columns = right[:, None, None] + np.arange(8)
    return padded[np.arange(N)[:, None, None], 0, rows, columns][:, None]


def evaluate(model: nn.Module, images: np.ndarray, labels: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Mean loss, accuracy, and the predicted classes, in eval mode."""
    model.eval()
    with autograd.no_grad():
        scores = model(autograd.from_numpy(images))
        loss = F.cross_entropy(scores, autograd.from_numpy(labels)).item()
    predicted = scores.numpy().argmax(1)
    return loss, float((predicted == labels).mean()), predicted


def open_folder(path: str) -> Path:
    """Make the folder of the results, and see that it can be written to.

    Raises:
        ArgumentError: it cannot.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise ArgumentError(f"demo: cannot write to {folder}: {reason.lower()}; choose another --out") from error
    return folder


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def train(model: nn.Module, digits: Digits, folder: Path, seed: int, epochs: int) -> list[dict[str, float]]:
    """Train with AdamW and a cosine schedule; after every epoch the weights and the history are on disk.

    Returns:
        The history: a record for each epoch.
    """
    tqdm = _extra("tqdm").tqdm
    rng = np.random.default_rng(seed)
    optimizer = optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    N = len(digits.images)
    history: list[dict[str, float]] = []
    batches = -(-N // BATCH)
    with tqdm(total=epochs * batches, desc="training", unit="batch", dynamic_ncols=True) as bar:
        for epoch in range(1, epochs + 1):
            model.train()
            order = rng.permutation(N)
            total = right = 0.0
            for chosen in np.array_split(order, batches):
                images = autograd.from_numpy(shifted(digits.images[chosen], rng))
                labels = autograd.from_numpy(digits.labels[chosen])
                scores = model(images)
                loss = F.cross_entropy(scores, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(chosen)
                right += int((scores.detach().numpy().argmax(1) == digits.labels[chosen]).sum())
                bar.update()
            schedule.step()
            held_loss, held_accuracy, _ = evaluate(model, digits.held_images, digits.held_labels)
            history.append(
                {
                    "epoch": epoch,
                    "loss": total / N,
                    "accuracy": right / N,
                    "held_out_loss": held_loss,
                    "held_out_accuracy": held_accuracy,
                }
            )
            bar.set_postfix_str(f"held out {held_accuracy:.2%}")
            autograd.save(model.state_dict(), folder / "weights.safetensors")
            _replace(folder / "history.json", json.dumps(history, indent=1).encode())
    return history


def check_gradients(model: nn.Module, digits: Digits) -> int:
    """Compare the gradients of the trained model, in float64, with finite differences in random directions.

    Every parameter is checked, on two digits; dropout is off, since it draws anew at each call. Where a step takes an
    activation over a kink of relu or of a maximum, the two differ, so there are few of them and steps are small; and
    where one does all the same, the next two digits are taken.

    Returns:
        How many parameters (numbers) were checked.

    Raises:
        GradcheckError: a gradient differs, or none of the digits tried was away from kinks.
    """
    double = copy.deepcopy(model).double()
    double.eval()
    parameters = list(double.parameters())

    def loss_of(first: int) -> Callable[..., autograd.Tensor]:
        images = autograd.from_numpy(digits.held_images[first : first + 2].astype(np.float64))
        labels = autograd.from_numpy(digits.held_labels[first : first + 2])
        return lambda *_: F.cross_entropy(double(images), labels)

    tried = min(2 * PAIRS, len(digits.held_images))
    for first in range(0, tried, 2):
        with warnings.catch_warnings():
            warnings.simplefilter("error", KinkWarning)
            try:
                gradcheck(loss_of(first), parameters, mode="fast", eps=1e-6, kinks="report")
            except KinkWarning:
                continue
        return sum(p.numel() for p in parameters)
    raise GradcheckError(
        f"demo: with each two of {tried} digits, a step of 1e-6 crosses a kink; train with another seed"
    )


def draw_graph(model: nn.Module, digits: Digits, folder: Path) -> None:
    """Draw a training step's forward and backward pass on two digits, with the values and gradients that passed."""
    small = copy.deepcopy(model).train()
    with autograd.record():
        loss = F.cross_entropy(
            small(autograd.from_numpy(digits.held_images[:2])), autograd.from_numpy(digits.held_labels[:2])
        )
        loss.backward()
    picture = autograd.draw(loss, module=small, direction="TB")
    picture.save(folder / "graph.svg")
    picture.save(folder / "graph.png")


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    figures, backend = _extra("matplotlib.figure"), _extra("matplotlib.backends.backend_agg")
    figure = figures.Figure(figsize=size, layout="constrained")
    backend.FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _save_figure(figure: Any, path: Path) -> None:
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    _replace(path, buffer.getvalue())


def draw_curves(history: list[dict[str, float]], folder: Path) -> None:
    """Draw loss and accuracy over the epochs."""
    figure, axes = _figure(1, 2, (9, 3.6))
    epochs = [record["epoch"] for record in history]
    for axis, name in zip(axes[0], ("loss", "accuracy"), strict=True):
        axis.plot(epochs, [record[name] for record in history], label="training (shifted digits)")
        axis.plot(epochs, [record[f"held_out_{name}"] for record in history], label="held out")
        axis.set_xlabel("epoch")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set_ylabel(name)
        axis.grid(alpha=0.3)
        axis.legend()
    axes[0][0].set_yscale("log")
    _save_figure(figure, folder / "curves.png")


def draw_filters(model: DigitsNet, folder: Path) -> None:
    """Draw the filters of the first layer, blue for negative weights and red for positive ones."""
    filters = model.conv1.weight.detach().numpy()[:, 0]
    largest = float(np.abs(filters).max())
    figure, axes = _figure(3, 8, (8, 3.4))
    figure.suptitle(f"the {len(filters)} filters of the first layer, weights from {-largest:.2f} to {largest:.2f}")
    for axis, image in zip(axes.flat, filters, strict=True):
        axis.imshow(image, cmap="RdBu_r", vmin=-largest, vmax=largest)
        axis.set_axis_off()
    _save_figure(figure, folder / "filters.png")


def draw_mistakes(digits: Digits, predicted: np.ndarray, folder: Path) -> None:
    """Draw the held-out digits that were misclassified."""
    wrong = np.flatnonzero(predicted != digits.held_labels)
    columns = 6
    rows = max(1, -(-len(wrong) // columns))
    figure, axes = _figure(rows, columns, (8, 1.7 * rows + 0.6))
    figure.suptitle(f"{len(wrong)} of {len(predicted)} held-out digits misclassified")
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, k in zip(axes.flat, wrong, strict=False):
        axis.imshow(digits.held_images[k, 0], cmap="gray_r", vmin=0, vmax=1)
        axis.set_title(f"a {digits.held_labels[k]}, taken for a {predicted[k]}", fontsize=8)
    _save_figure(figure, folder / "mistakes.png")


def run_demo(out: str, seed: int, epochs: int) -> None:
    """Train, check, draw, and say what was done.

    Args:
        out: the folder of the results.
        seed: equal seeds give bit-identical runs.
        epochs: passes over the training digits.

    Raises:
        ArgumentError: the folder cannot be written to.
        MissingExtraError: a package of the extra `demo` is not installed.
        GradcheckError: a gradient of the trained model differs from its finite difference.
    """
    for name in ("sklearn.datasets", "matplotlib.figure", "tqdm"):
        _extra(name)
    folder = open_folder(out)
    autograd.manual_seed(seed)
    digits = load_digits(seed)
    model = DigitsNet()
    print(f"{len(digits.images)} digits to train on, {len(digits.held_images)} held out; seed {seed}", flush=True)
    history = train(model, digits, folder, seed, epochs)
    _, accuracy, predicted = evaluate(model, digits.held_images, digits.held_labels)
    wrong = int((predicted != digits.held_labels).sum())
    print(f"held-out accuracy {accuracy:.2%}: {wrong} of {len(predicted)} misclassified")
    checked = check_gradients(model, digits)
    print(f"gradients of all {checked:,} parameters, in float64, agree with finite differences")
    draw_graph(model, digits, folder)
    draw_curves(history, folder)
    draw_filters(model, folder)
    draw_mistakes(digits, predicted, folder)
    print(f"in {folder}: {', '.join(sorted(path.name for path in folder.iterdir() if path.name[0] != '.'))}")
