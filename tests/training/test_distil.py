import pytest
import torch
from torch import nn

from surveil.model.checkpoint import Card, save_checkpoint
from surveil.model.network import Outputs, build_network, probabilities
from training.distil import Teacher, distillation_losses


def outputs(seed, count=6):
    generator = torch.Generator().manual_seed(seed)
    return Outputs(*(torch.randn(count, width, generator=generator) for width in (512, 512, 32)))


def test_a_perfect_imitation_costs_nothing_and_scale_does_not_matter():
    teacher = outputs(1)
    student = Outputs(teacher.pooled, 3 * teacher.features, teacher.logits)
    for name, loss in distillation_losses(student, teacher).items():
        assert float(loss) == pytest.approx(0, abs=1e-5), name
    for name, loss in distillation_losses(outputs(2), teacher).items():
        assert float(loss) > 0.001, name


def test_similarities_cost_nothing_when_only_the_axes_differ():
    teacher = outputs(1)
    turned, _ = torch.linalg.qr(torch.randn(512, 512, generator=torch.Generator().manual_seed(3)))
    losses = distillation_losses(Outputs(teacher.pooled, teacher.features @ turned, teacher.logits), teacher)
    assert float(losses["similarities"]) == pytest.approx(0, abs=1e-5)
    assert float(losses["features"]) > 0.5


def test_imitated_logits_give_the_teachers_probabilities():
    teacher = outputs(1)
    logits = nn.Parameter(torch.zeros(6, 32))
    optimiser = torch.optim.Adam([logits], lr=0.1)
    for _ in range(300):
        optimiser.zero_grad()
        distillation_losses(Outputs(teacher.pooled, teacher.features, logits), teacher)["logits"].backward()
        optimiser.step()
    torch.testing.assert_close(probabilities(logits.detach()), probabilities(teacher.logits), atol=0.01, rtol=0)


def test_a_teacher_sees_pictures_as_its_card_says(tmp_path):
    torch.manual_seed(0)
    network = build_network("resnet34-attention")
    weights = tmp_path / "teacher.safetensors"
    save_checkpoint(weights, network, Card("t", "resnet34-attention", (48, 32), (0.5,) * 3, (0.25,) * 3))
    pictures = torch.rand(2, 3, 96, 64)
    halved = nn.functional.interpolate(pictures, size=(48, 32), mode="bilinear", antialias=True)
    with torch.no_grad():
        expected = network.half().float().eval()((halved - 0.5) / 0.25)
    torch.testing.assert_close(Teacher(weights, torch.device("cpu"))(pictures).features, expected.features)
