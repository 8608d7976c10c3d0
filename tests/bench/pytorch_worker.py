"""PyTorch's side of the bench: the same encoder, loss, clipping and AdamW on the same numbers.

Arguments: `eager` or `compile`, then `tuned` or `plain`. Reads the workload and then the number of steps to time from standard
input, a line each; answers with a line of JSON each.

`tuned` is what is known to be fastest: scaled_dot_product_attention, the fused AdamW, clipping by
foreach operations, and the last layer at [CLS] alone, as in the encoder that it is compared with.
`plain` is how models are written and UNITER's release was: attention as matmul, softmax, matmul, the
whole last layer, AdamW and clipping with PyTorch's defaults. Scores are made in inference_mode. With
bfloat16, the forward pass is under autocast.
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

ROUTE = sys.argv[1]
TUNED = sys.argv[2] == "tuned"
JOB = json.loads(sys.stdin.readline())
HIDDEN, HEADS, PAIRS = JOB["hidden"], JOB["heads"], JOB["pairs"]
WORDS, REGIONS = JOB["words"], JOB["positions"] - JOB["words"]
DEVICE = JOB.get("device", "cpu")
torch.set_num_threads(JOB["threads"])


def autocast():
    return torch.autocast(DEVICE, torch.bfloat16, enabled=JOB["precision"] == "bfloat16")


def node(**children):
    module = nn.Module()
    for name, child in children.items():
        setattr(module, name, child)
    return module


def linear(inputs, outputs):
    return nn.utils.skip_init(nn.Linear, inputs, outputs)


def norm():
    return nn.LayerNorm(HIDDEN, eps=1e-12)


class Layer(nn.Module):
    """One BERT layer; module names are those of UNITER's checkpoint."""

    def __init__(self):
        super().__init__()
        parts = {name: linear(HIDDEN, HIDDEN) for name in ("query", "key", "value")}
        output = node(dense=linear(HIDDEN, HIDDEN), LayerNorm=norm())
        self.attention = node(self=node(**parts), output=output)
        self.intermediate = node(dense=linear(HIDDEN, 4 * HIDDEN))
        self.output = node(dense=linear(4 * HIDDEN, HIDDEN), LayerNorm=norm())

    def forward(self, hidden, key_bias, rows):
        def heads(x):
            return x.view(PAIRS, -1, HEADS, HIDDEN // HEADS).transpose(1, 2)

        part, output = getattr(self.attention, "self"), self.attention.output
        asking = hidden[:, :rows]
        query, key, value = heads(part.query(asking)), heads(part.key(hidden)), heads(part.value(hidden))
        if TUNED:
            context = F.scaled_dot_product_attention(query, key, value, key_bias)
        else:
            logits = query @ key.transpose(-1, -2) / (HIDDEN // HEADS) ** 0.5 + key_bias
            context = torch.softmax(logits, -1) @ value
        context = context.transpose(1, 2).reshape(PAIRS, rows, HIDDEN)
        attended = output.LayerNorm(output.dense(context) + asking)
        wide = F.gelu(self.intermediate.dense(attended))
        return self.output.LayerNorm(self.output.dense(wide) + attended)


class Scores(nn.Module):
    """The raw rank score of each pair."""

    def __init__(self):
        super().__init__()
        layers = nn.ModuleList(Layer() for _ in range(JOB["layers"]))
        pooler = node(dense=linear(HIDDEN, HIDDEN))
        self.uniter = node(encoder=node(layer=layers), pooler=pooler)
        self.rank_output = linear(HIDDEN, 1)

    def forward(self, text, word_mask, image, region_mask):
        hidden = torch.cat([text, image], 1)
        mask = torch.cat([word_mask, region_mask], 1)
        key_bias = ((mask - 1) * 10000)[:, None, None, :]
        layers = self.uniter.encoder.layer
        for layer in layers[:-1]:
            hidden = layer(hidden, key_bias, WORDS + REGIONS)
        cls = layers[-1](hidden, key_bias, 1 if TUNED else WORDS + REGIONS)[:, 0]
        return self.rank_output(torch.tanh(self.uniter.pooler.dense(cls))).view(-1)


def mix(x):
    """lowbias32 on int64 tensors that hold 32-bit words."""
    word = 0xFFFFFFFF
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & word
    x = ((x ^ (x >> 15)) * 0x846CA68B) & word
    return x ^ (x >> 16)


def spread_numbers(shape, seed):
    """As in workload.ts."""
    length = torch.Size(shape).numel()
    bits = mix(torch.arange(length) ^ mix(torch.tensor(seed)))
    return (((bits >> 8) - 2**23).double() * (2 * 3**0.5 * 2**-24)).float().view(shape)


def start_values(parameter, place):
    if parameter["start"] == "normal":
        return 0.02 * spread_numbers(parameter["shape"], place)
    return torch.full(parameter["shape"], 1.0 if parameter["start"] == "one" else 0.0)


def trainer(model, batch):
    """A step that gives the loss, and what clips and updates."""
    groups = [[], []]
    own = dict(model.named_parameters())
    for parameter in JOB["parameters"]:
        groups[parameter["decays"]].append(own[parameter["name"]])
    optimiser = torch.optim.AdamW(
        [
            {"params": groups[0], "weight_decay": 0.0},
            {"params": groups[1], "weight_decay": JOB["decay"]},
        ],
        lr=JOB["learningRate"],
        betas=(JOB["beta1"], JOB["beta2"]),
        eps=JOB["eps"],
        fused=True if TUNED else None,
    )
    parameters = list(model.parameters())

    def loss_of(*inputs):
        with autocast():
            return torch.sigmoid(model(*inputs)).mean()

    loss_of_route = torch.compile(loss_of) if ROUTE == "compile" else loss_of

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of_route(*batch)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, JOB["clip"], foreach=True if TUNED else None)
        optimiser.step()
        return loss.item()

    return step, "AdamW fused, clipping foreach" if TUNED else "AdamW and clipping by default"


def scorer(model, batch):
    model.eval()
    scores_of_route = torch.compile(model) if ROUTE == "compile" else model

    @torch.inference_mode()
    def step():
        with autocast():
            return float(scores_of_route(*batch).double().cpu().numpy().sum())

    return step, "inference_mode"


def main():
    model = Scores()
    state = {p["name"]: start_values(p, place) for place, p in enumerate(JOB["parameters"])}
    model.load_state_dict(state, strict=True)
    model.to(DEVICE)
    del state
    batch = (
        spread_numbers([PAIRS, WORDS, HIDDEN], 1_000_001),
        torch.ones(PAIRS, WORDS),
        spread_numbers([PAIRS, REGIONS, HIDDEN], 1_000_002),
        torch.ones(PAIRS, REGIONS),
    )
    batch = tuple(tensor.to(DEVICE) for tensor in batch)
    begun = time.perf_counter()
    step, manner = (trainer if JOB["task"] == "training" else scorer)(model, batch)
    check = [step()]
    first = time.perf_counter() - begun
    check += [step(), step()]
    description = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, {manner}"
    print(json.dumps({"description": description, "check": check, "first": first}), flush=True)
    for count in sys.stdin:
        step()
        seconds = []
        for _ in range(int(count)):
            begun = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - begun)
        print(json.dumps({"seconds": seconds}), flush=True)


main()
