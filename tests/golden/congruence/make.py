"""Writes expected.json: CACR's loss (arXiv 2212.10549; KhoomeiK/CACR, commit aad503d, --IAIS soft) and its
gradients, computed with numpy in float64 from the formula. With S_XY rows of attention and sg = no gradient:

    L: M = sg(S_LV) S_VV sg(S_LV)^T,  KL(softmax M || softmax S_LL) + KL(softmax S_LL || softmax M)
    V: M = sg(S_VL) S_LL sg(S_VL)^T,  the same with S_VV

each KL summed over rows and columns, divided by the number of rows. Gradients are complex-step derivatives, which
have no truncation error; an argument under sg is held fixed.

    pip install numpy && python tests/golden/congruence/make.py
"""
import json
import os

import numpy as np


def softmax(x):
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def kl(p, q):
    return (p * (np.log(p) - np.log(q))).sum() / p.shape[0]


def loss(own, other, cross):
    m = softmax(cross @ other @ cross.T)
    own = softmax(own)
    return kl(m, own) + kl(own, m)


def derivative(f, x, h=1e-30):
    out = np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[at] += 1j * h
        out[at] = f(moved).imag / h
    return out


def attention(random, rows, columns, sharpness):
    return softmax(sharpness * random.standard_normal((rows, columns)))


def example(seed, words, regions, sharpness):
    random = np.random.default_rng(seed)
    sizes = {"S_LL": (words, words), "S_VV": (regions, regions), "S_LV": (words, regions), "S_VL": (regions, words)}
    # float32 numbers, so that every implementation starts from the same ones.
    s = {name: np.float64(np.float32(attention(random, *size, sharpness))) for name, size in sizes.items()}
    sides = {"L": ("S_LL", "S_VV", "S_LV"), "V": ("S_VV", "S_LL", "S_VL")}
    made = {"matrices": {name: x.tolist() for name, x in s.items()}, "loss": {}, "gradients": {}}
    for side, (own, other, cross) in sides.items():
        made["loss"][side] = float(loss(s[own], s[other], s[cross]))
        made["gradients"][side] = {
            own: derivative(lambda x: loss(x, s[other], s[cross]), s[own]).tolist(),
            other: derivative(lambda x: loss(s[own], x, s[cross]), s[other]).tolist(),
            cross: np.zeros(s[cross].shape).tolist(),
        }
    return made


examples = [example(1, 5, 4, 1.0), example(2, 3, 7, 3.0), example(3, 1, 4, 1.0), example(4, 6, 1, 1.0)]
with open(os.path.join(os.path.dirname(__file__), "expected.json"), "w") as file:
    json.dump({"numpy": np.__version__, "examples": examples}, file)
    file.write("\n")
