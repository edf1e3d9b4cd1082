import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from surveil.model.network import Outputs, probabilities
from training.distil import Taught, distillation_losses


def outputs(seed, count=6):
    generator = torch.Generator().manual_seed(seed)
    return Outputs(*(torch.randn(count, width, generator=generator) for width in (512, 512, 32)))


def taught_by(teacher):
    return Taught(normalize(teacher.features), probabilities(teacher.logits))


def test_a_perfect_imitation_costs_nothing_and_scale_does_not_matter():
    teacher = outputs(1)
    student = Outputs(teacher.pooled, 3 * teacher.features, teacher.logits)
    for name, loss in distillation_losses(student, student.features, taught_by(teacher)).items():
        assert float(loss) == pytest.approx(0, abs=1e-5), name
    other = outputs(2)
    for name, loss in distillation_losses(other, other.features, taught_by(teacher)).items():
        assert float(loss) > 0.001, name


def test_similarities_cost_nothing_when_only_the_axes_differ():
    teacher = outputs(1)
    turned, _ = torch.linalg.qr(torch.randn(512, 512, generator=torch.Generator().manual_seed(3)))
    student = Outputs(teacher.pooled, teacher.features @ turned, teacher.logits)
    losses = distillation_losses(student, student.features, taught_by(teacher))
    assert float(losses["similarities"]) == pytest.approx(0, abs=1e-5)
    assert float(losses["features"]) > 0.5
    assert float(distillation_losses(student, student.features @ turned.T, taught_by(teacher))["features"]) < 1e-5


def test_imitated_logits_give_the_teachers_probabilities():
    teacher = outputs(1)
    logits = nn.Parameter(torch.zeros(6, 32))
    optimiser = torch.optim.Adam([logits], lr=0.1)
    for _ in range(300):
        optimiser.zero_grad()
        student = Outputs(teacher.pooled, teacher.features, logits)
        distillation_losses(student, student.features, taught_by(teacher))["logits"].backward()
        optimiser.step()
    torch.testing.assert_close(probabilities(logits.detach()), probabilities(teacher.logits), atol=0.01, rtol=0)
