"""What the network is asked for, and which of its parts learn; needs PyTorch."""

import numpy as np
import pytest

from perception.training.coco import Crop

torch = pytest.importorskip("torch", reason="PyTorch is only in the extra `train`")

from torch import Tensor  # noqa: E402

from perception.training.net import CentrePointNet, Deployed  # noqa: E402
from perception.training.targets import heat_loss, make_targets  # noqa: E402


def crop_with(boxes: list[list[float]], *, ignored: list[bool]) -> Crop:
    return Crop(
        picture=np.zeros((64, 64, 3), np.uint8),
        boxes=np.array(boxes, np.float32),
        classes=np.zeros(len(boxes), np.int64),
        ignored=np.array(ignored),
    )


def test_a_thing_that_does_not_count_gives_no_heat_but_its_box() -> None:
    targets = make_targets(crop_with([[8, 12, 32, 44]], ignored=[True]), classes=1)

    assert targets.heat.max() == 0.0
    assert targets.heat_weight[7, 5] == 0.0
    assert targets.heat_weight[0, 0] == 1.0
    assert targets.distance_weight[7, 5] == pytest.approx(0.5)
    assert targets.distances[:, 7, 5].tolist() == [14.0, 18.0, 10.0, 14.0]


def test_what_counts_wins_over_what_does_not() -> None:
    targets = make_targets(crop_with([[8, 12, 32, 44], [4, 4, 60, 60]], ignored=[False, True]), classes=1)

    assert targets.heat[0, 7, 5] == 1.0
    assert targets.heat_weight[7, 5] == 1.0
    assert targets.distances[:, 7, 5].tolist() == [14.0, 18.0, 10.0, 14.0]


def test_what_is_exported_keeps_cells_near_a_peak_and_nothing_else() -> None:
    class Answers(CentrePointNet):
        def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
            heat = torch.full((1, 1, 4, 8), 0.01)
            heat[0, 0, 1, 1:6] = torch.tensor([0.3, 0.8, 0.6, 0.7, 0.2])
            return torch.logit(heat), torch.ones(1, 4, 4, 8)

    heat, _ = Deployed(Answers(classes=1))(torch.zeros(1, 3, 16, 32))

    assert heat[0, 0, 1].numpy() == pytest.approx([0, 0, 0.8, 0.6, 0.7, 0, 0, 0.01], abs=1e-5)


def test_new_deep_blocks_change_nothing_before_they_learn() -> None:
    torch.manual_seed(1)
    net = CentrePointNet(classes=2).eval()
    x = torch.rand(1, 64, 8, 8)

    assert torch.equal(net.deep8(x), x)


def test_a_miss_of_an_important_class_costs_more() -> None:
    wanted = torch.zeros(1, 2, 4, 4)
    wanted[0, 0, 1, 1] = wanted[0, 1, 2, 2] = 1.0
    misses_first, misses_second = torch.full((1, 2, 4, 4), -6.0), torch.full((1, 2, 4, 4), -6.0)
    misses_first[0, 1, 2, 2] = misses_second[0, 0, 1, 1] = 6.0
    weight = torch.ones(1, 4, 4)

    def loss(logits: Tensor, *importance: float) -> float:
        return float(heat_loss(logits, wanted, weight, torch.tensor(importance)))

    assert loss(misses_first, 1.0, 1.0) == pytest.approx(loss(misses_second, 1.0, 1.0))
    assert loss(misses_second, 1.0, 3.0) == pytest.approx(3 * loss(misses_first, 1.0, 3.0), rel=0.01)
