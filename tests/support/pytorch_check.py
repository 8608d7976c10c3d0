"""PyTorch's side of tests/stages/model/checkpoint/pytorch_peer_test.ts.

  pytorch_check.py load FILE       loads FILE with weights_only=True, prints {name: {shape, bits}} as JSON
  pytorch_check.py save FOLDER     writes FOLDER/CASE.pt and CASE.json with what they hold, prints the cases

`bits` are the float32 values' bits as unsigned integers, row-major.
"""
import collections
import json
import sys

import torch


def told(tensors):
    return {
        name: {
            "shape": list(tensor.shape),
            "bits": tensor.detach().to(torch.float32).contiguous().view(torch.int32)
            .flatten().to(torch.int64).bitwise_and(0xFFFFFFFF).tolist(),
        }
        for name, tensor in tensors.items()
    }


def load(path):
    print(json.dumps(told(torch.load(path, weights_only=True, map_location="cpu"))))


def save(folder):
    generator = torch.Generator().manual_seed(5)
    grid = torch.randn(5, 7, generator=generator)
    plain = collections.OrderedDict(grid=grid, row=grid[3], one=torch.tensor(2.5), none=grid[:0])
    plain._metadata = collections.OrderedDict({"": {"version": 1}})
    views = {"t": grid.t(), "part": grid[1:4, 2:6], "steps": grid[::2, ::3], "whole": grid,
             "again": grid, "flat": grid.view(35), "tail": grid.flatten()[30:]}
    cube = torch.randn(2, 3, 5, generator=generator)
    permuted = {"cube": cube.permute(2, 0, 1), "channels": cube[None].contiguous(
        memory_format=torch.channels_last)}
    parameters = torch.nn.Linear(3, 2, bias=True)
    parameters.register_buffer("position_ids", torch.arange(4))
    types = {"half": grid.half(), "bfloat": grid.bfloat16(), "double": grid.double(),
             "special": torch.tensor([float("inf"), -0.0, 6e-8, 65504.0]).half(),
             "small": torch.tensor([1e-40, 3.4e38])}
    cases = {
        "plain": (plain, plain),
        "views": (views, views),
        "permuted": (permuted, permuted),
        "parameters": (dict(parameters.named_parameters()), dict(parameters.named_parameters())),
        "types": (types, types),
        "module": ({"state_dict": {"module." + k: v for k, v in plain.items()}, "epoch": 3,
                    "best": 0.5, "rng": torch.get_rng_state(), "name": "é", "none": None}, plain),
        "training": (
            {"model": parameters.state_dict(),
             "optimizer": torch.optim.AdamW(parameters.parameters()).state_dict()},
            {k: v for k, v in parameters.state_dict().items() if k != "position_ids"}),
        "integers": ({"counts": torch.arange(3), "grid": grid, "flag": torch.tensor([True])},
                     {"grid": grid}),
    }
    for name, (saved, expected) in cases.items():
        torch.save(saved, f"{folder}/{name}_zip.pt")
        torch.save(saved, f"{folder}/{name}_protocol4.pt", pickle_protocol=4)
        torch.save(saved, f"{folder}/{name}_stream.pt", _use_new_zipfile_serialization=False)
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump(told(expected), file)
    print(json.dumps(list(cases)))


{"load": load, "save": save}[sys.argv[1]](sys.argv[2])
