"""The training loop: crops in, weights out; equal seeds and data give equal weights on one machine."""

import copy
import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from perception.training.coco import Coco, random_crop
from perception.training.net import CentrePointNet
from perception.training.targets import Targets, box_loss, heat_loss, make_targets

_KEEP_FREED = {-4: 0, -1: 2**31 - 1, -2: 2**26}
"""Parameters of glibc's `mallopt`: M_MMAP_MAX, M_TRIM_THRESHOLD and M_TOP_PAD in bytes."""
_MOST_IMPORTANT = 3.0
"""No class weighs more: one that hardly ever comes would shout all others down where it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """How long and how hard to train."""

    steps: int = 4000
    batch: int = 16
    side_px: int = 320
    width_px: int = 640
    height_px: int = 384
    """Pictures are made smaller until they fit, as the detector does it."""
    crops_a_picture: int = 2
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    box_weight: float = 3.0
    averaging: float = 0.998
    favours_rare: bool = False
    """Whether a class weighs the more, the fewer boxes it has: one over the fourth root of their number, at most 3."""
    learns_wide_kernels: bool = False
    """Whether the 5 × 5 kernels change: their gradient alone takes a third of a step, and they settle first."""
    threads: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where the training stands."""

    number: int
    heat_loss: float
    box_loss: float


def train(
    data: Coco,
    settings: TrainingSettings,
    *,
    on_step: Callable[[Step, CentrePointNet], None],
    start: CentrePointNet | None = None,
) -> CentrePointNet:
    """Return the averaged network after `settings.steps` steps; *on_step* sees the average as it grows."""
    _keep_freed_memory()
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    net = start or CentrePointNet(classes=len(data.labels))
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    learnt = _learnt(net, settings)
    optimiser = torch.optim.AdamW(learnt, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=settings.learning_rate, total_steps=settings.steps, pct_start=0.08
    )
    batches = _batches(data, settings)
    importance = _importance(data, settings)
    for number in range(1, settings.steps + 1):
        net.train()
        losses = _losses(net, *next(batches), importance, settings.box_weight)
        optimiser.zero_grad(set_to_none=True)
        (losses[0] + losses[1]).backward()
        nn.utils.clip_grad_norm_(learnt, 5.0)
        optimiser.step()
        schedule.step()
        _average(average, net, min(settings.averaging, 1 - 1 / (number + 1)))
        on_step(Step(number=number, heat_loss=losses[0].item(), box_loss=losses[1].item()), average)
    return average


def _keep_freed_memory() -> None:
    """Ask glibc to keep what is freed: fresh pages for every step's tensors are a sixth of its time."""
    if sys.platform != "linux" or not hasattr(library := ctypes.CDLL(None), "mallopt"):
        return
    for parameter, value in _KEEP_FREED.items():
        library.mallopt(parameter, value)


def _learnt(net: CentrePointNet, settings: TrainingSettings) -> list[nn.Parameter]:
    for part in net.modules():
        if isinstance(part, nn.Conv2d) and max(part.kernel_size) > 3:
            part.weight.requires_grad_(settings.learns_wide_kernels)
    return [parameter for parameter in net.parameters() if parameter.requires_grad]


def _importance(data: Coco, settings: TrainingSettings) -> Tensor:
    """Return how much each class weighs, shape (classes); the commonest weighs 1."""
    rarity = data.rarity()
    most = _MOST_IMPORTANT if settings.favours_rare else 1.0
    return torch.from_numpy(np.minimum(np.sqrt(rarity / rarity.min()), np.float32(most)))


def _losses(
    net: CentrePointNet, pictures: Tensor, targets: list[Targets], importance: Tensor, box_weight: float
) -> tuple[Tensor, Tensor]:
    """Return both losses; the net runs in bfloat16 where the processor has it."""
    with torch.autocast("cpu", torch.bfloat16, enabled=bool(torch.cpu.get_capabilities().get("avx512_bf16"))):
        logits, distances = (answer.float() for answer in net(pictures))
    wanted = [
        torch.from_numpy(np.stack([getattr(t, name) for t in targets]))
        for name in ("heat", "heat_weight", "distances", "distance_weight")
    ]
    heat = heat_loss(logits, wanted[0], wanted[1], importance)
    return heat, box_weight * box_loss(distances, wanted[2], wanted[3])


def _batches(data: Coco, settings: TrainingSettings) -> Iterator[tuple[Tensor, list[Targets]]]:
    random = np.random.default_rng(settings.seed)
    rarity = data.rarity()
    pictures: list[np.ndarray] = []
    targets: list[Targets] = []
    while True:
        for i in random.permutation(len(data.pictures)):
            picture, item = data.pictures[int(i)].read_fitted(settings.width_px, settings.height_px)
            for _ in range(settings.crops_a_picture):
                crop = random_crop(item, picture, settings.side_px, random, rarity)
                pictures.append(crop.picture)
                targets.append(make_targets(crop, len(data.labels)))
            if len(targets) >= settings.batch:
                batch = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()
                yield batch.contiguous(memory_format=torch.channels_last), targets
                pictures, targets = [], []


def _average(average: CentrePointNet, net: CentrePointNet, keep: float) -> None:
    with torch.no_grad():
        for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)
