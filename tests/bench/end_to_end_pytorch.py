"""PyTorch's side of the end-to-end bench: fine-tuning and scoring as UNITER's release does them.

Argument: `eager` or `compile`. Reads the job and then the number of steps to time from standard input,
a line each; answers with a line of JSON each. The bench's files are the same as for the other side, and so are the ranking problems.

A micro-step has a batch for an image with captions and one for a caption with images. A batch scores all
candidates without gradient and takes the hardest; their scores, ranking loss, and the singular alignment
of the positive pair are computed again with dropout, and differentiated. Captions are padded to the
longest of the batch. An evaluation scores one caption with all images at a time. What is faster than in
the release: scaled_dot_product_attention, no mask where nothing is padded, features in memory, an image
or a caption that a batch shares is embedded once, the last layer at [CLS] alone, the fused AdamW, and
clipping by foreach operations.
With bfloat16, forward passes are under autocast; pooler, ranking head and alignment are float32.
"""
import json
import math
import resource
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn import functional as F

JOB = json.loads(sys.stdin.readline())
RECIPE = JOB["recipe"]
torch.set_num_threads(JOB["threads"])
torch.manual_seed(RECIPE["seed"])


def autocast():
    return torch.autocast("cpu", torch.bfloat16, enabled=JOB["precision"] == "bfloat16")


def full_precision():
    return torch.autocast("cpu", enabled=False)


def read_safetensors(path):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    data = numpy.memmap(path, numpy.uint8, "r", 8 + length)
    types = {"F32": numpy.float32}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = data[begin:end].view(types[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(numpy.array(array))
    return tensors


class Features:
    """Images and captions in the order of their files."""

    def __init__(self, folder):
        def lines(name):
            with open(f"{folder}/{name}") as file:
                return [json.loads(line) for line in file]

        regions = read_safetensors(f"{folder}/regions.safetensors")
        [words] = lines("vocabulary.json")
        images = lines("images.jsonl")
        place = {image["id"]: row for row, image in enumerate(images)}
        captions = lines("captions.jsonl")
        self.texts = [[words["cls"], *caption["tokens"], words["sep"]] for caption in captions]
        self.image_of = [place[caption["image"]] for caption in captions]
        self.images = len(images)
        starts = [image["offset"] for image in images]
        counts = [image["regions"] for image in images]
        most = max(counts)
        self.features = torch.zeros(len(images), most, regions["features"].shape[1])
        self.boxes = torch.zeros(len(images), most, 7)
        for row, (start, count) in enumerate(zip(starts, counts)):
            self.features[row, :count] = regions["features"][start : start + count]
            self.boxes[row, :count] = regions["boxes"][start : start + count]
        self.counts = torch.tensor(counts)

    def tokens(self, rows):
        """Captions padded to the longest of them, and their lengths."""
        texts = [self.texts[row] for row in rows]
        lengths = [len(text) for text in texts]
        padded = torch.zeros(len(rows), max(lengths), dtype=torch.long)
        for place, text in enumerate(texts):
            padded[place, : len(text)] = torch.tensor(text)
        return padded, torch.tensor(lengths)

    def regions(self, rows):
        rows = torch.tensor(rows)
        counts = self.counts[rows]
        most = int(counts.max())
        return self.features[rows, :most], self.boxes[rows, :most], counts


def is_padded(tokens, lengths, features, _, counts):
    return int(lengths.min()) < tokens.shape[1] or int(counts.min()) < features.shape[1]


def node(**children):
    module = nn.Module()
    for name, child in children.items():
        setattr(module, name, child)
    return module


class Layer(nn.Module):
    """One BERT layer; module names are those of UNITER's checkpoint."""

    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.rate = config["hidden_dropout_prob"]
        self.attention_rate = config["attention_probs_dropout_prob"]
        parts = {name: nn.Linear(hidden, hidden) for name in ("query", "key", "value")}
        norm = lambda: nn.LayerNorm(hidden, eps=1e-12)
        output = node(dense=nn.Linear(hidden, hidden), LayerNorm=norm())
        self.attention = node(self=node(**parts), output=output)
        self.intermediate = node(dense=nn.Linear(hidden, 4 * hidden))
        self.output = node(dense=nn.Linear(4 * hidden, hidden), LayerNorm=norm())

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, hidden, bias, rows):
        part, output = getattr(self.attention, "self"), self.attention.output
        asking = hidden[:, :rows]
        context = F.scaled_dot_product_attention(
            self.split(part.query(asking)),
            self.split(part.key(hidden)),
            self.split(part.value(hidden)),
            bias,
            self.attention_rate if self.training else 0.0,
        )
        context = context.transpose(1, 2).flatten(2)
        mixed = F.dropout(output.dense(context), self.rate, self.training)
        attended = output.LayerNorm(mixed + asking)
        wide = F.gelu(self.intermediate.dense(attended))
        narrow = F.dropout(self.output.dense(wide), self.rate, self.training)
        return self.output.LayerNorm(narrow + attended)

    def logits(self, hidden):
        """Of attention, before masks and softmax."""
        part = getattr(self.attention, "self")
        query, key = self.split(part.query(hidden)), self.split(part.key(hidden))
        return query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        norm = lambda: nn.LayerNorm(hidden, eps=1e-12)
        self.rate = config["hidden_dropout_prob"]
        embeddings = node(
            word_embeddings=nn.Embedding(config["vocab_size"], hidden, padding_idx=0),
            position_embeddings=nn.Embedding(config["max_position_embeddings"], hidden),
            token_type_embeddings=nn.Embedding(config["type_vocab_size"], hidden),
            LayerNorm=norm(),
        )
        img_embeddings = node(
            img_linear=nn.Linear(config["img_dim"], hidden),
            img_layer_norm=norm(),
            pos_linear=nn.Linear(7, hidden),
            pos_layer_norm=norm(),
            LayerNorm=norm(),
        )
        layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.uniter = node(
            embeddings=embeddings,
            img_embeddings=img_embeddings,
            encoder=node(layer=layers),
            pooler=node(dense=nn.Linear(hidden, hidden)),
        )
        self.rank_output = nn.Linear(hidden, 1)

    def forward(self, tokens, lengths, features, boxes, counts, padded):
        """Scores of pairs, and what enters the last layer. One caption, or one image, is shared by all."""
        part = self.uniter.embeddings
        words, regions = tokens.shape[1], features.shape[1]
        text = part.word_embeddings(tokens) + part.position_embeddings.weight[:words]
        text = part.LayerNorm(text + part.token_type_embeddings.weight[0])
        text = F.dropout(text, self.rate, self.training)
        part = self.uniter.img_embeddings
        image = part.img_layer_norm(part.img_linear(features)) + part.pos_layer_norm(part.pos_linear(boxes))
        image = part.LayerNorm(image + self.uniter.embeddings.token_type_embeddings.weight[1])
        image = F.dropout(image, self.rate, self.training)
        pairs = max(tokens.shape[0], features.shape[0])
        hidden = torch.cat([text.expand(pairs, -1, -1), image.expand(pairs, -1, -1)], 1)
        bias = None
        if padded:
            there = torch.cat(
                [
                    (torch.arange(words) < lengths[:, None]).expand(pairs, -1),
                    (torch.arange(regions) < counts[:, None]).expand(pairs, -1),
                ],
                1,
            )
            bias = ((there.to(hidden.dtype) - 1) * 10000)[:, None, None, :]
        layers = self.uniter.encoder.layer
        for layer in layers[:-1]:
            hidden = layer(hidden, bias, words + regions)
        cls = layers[-1](hidden, bias, 1)[:, 0]
        with full_precision():
            pooled = torch.tanh(self.uniter.pooler.dense(cls.float()))
            return self.rank_output(pooled).view(-1), hidden


def mean_kl(target, given):
    return (target * (target.log() - given.log())).sum() / target.shape[0]


def alignment(model, hidden, words, text_length, image_count, modality):
    """The singular alignment loss of the first pair: of its words (L) or its regions (V)."""
    tokens = text_length - 2
    content = torch.cat([hidden[:1, 1 : 1 + tokens], hidden[:1, words : words + image_count]], 1)
    with full_precision():
        logits = model.uniter.encoder.layer[-1].logits(content.float())[0]
        block = lambda rows, columns: logits[:, rows, columns].softmax(-1).mean(0)
        text, image = slice(0, tokens), slice(tokens, tokens + image_count)
        own, other = (text, image) if modality == "text" else (image, text)
        best = block(own, other).argmax(-1)
        mirrored = block(other, other)[best][:, best].softmax(-1)
        relation = block(own, own)
        return mean_kl(mirrored, relation) + mean_kl(relation, mirrored)


def trainer(set_, model):
    decaying, others = [], []
    for name, parameter in model.named_parameters():
        (others if "bias" in name or "LayerNorm.weight" in name else decaying).append(parameter)
    optimiser = torch.optim.AdamW(
        [
            {"params": decaying, "weight_decay": RECIPE["weight_decay"]},
            {"params": others, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
        eps=1e-6,
        fused=True,
    )
    parameters = list(model.parameters())
    scores_of = torch.compile(model, dynamic=True) if sys.argv[1] == "compile" else model

    def batch_loss(texts, images, modality, weight):
        tokens, lengths = set_.tokens(texts)
        features, boxes, counts = set_.regions(images)
        batch = (tokens, lengths, features, boxes, counts)
        model.eval()
        with torch.no_grad(), autocast():
            mined, _ = scores_of(*batch, is_padded(*batch))
        hard = mined[1:].topk(RECIPE["hard_negatives"], sorted=False).indices + 1
        kept = torch.cat([torch.zeros(1, dtype=torch.long), hard])
        if len(texts) > 1:
            tokens, lengths = tokens[kept], lengths[kept]
            tokens = tokens[:, : int(lengths.max())]
        if len(images) > 1:
            features, boxes, counts = features[kept], boxes[kept], counts[kept]
        model.train()
        with autocast():
            batch = (tokens, lengths, features, boxes, counts)
            scores, hidden = scores_of(*batch, is_padded(*batch))
        squashed = torch.sigmoid(scores)
        ranking = F.relu(RECIPE["margin"] + squashed[1:] - squashed[0]).mean()
        aligning = alignment(
            model, hidden, tokens.shape[1], int(lengths[0]), int(counts[0]), modality
        )
        ((ranking + weight * aligning) / RECIPE["micro_steps"]).backward()
        return ranking.item(), aligning.item()

    def update(step):
        """@param step counted from 0; @returns ranking and alignment loss"""
        weight = RECIPE["alignment_weight"] * math.exp(5 * (step / RECIPE["steps"] - 1))
        for group in optimiser.param_groups:
            group["lr"] = RECIPE["learning_rate"] * (step + 1) / RECIPE["warmup"]
        sums = [0.0, 0.0]
        for micro in range(RECIPE["micro_steps"]):
            places = JOB["problems"]
            problem = places[(step * RECIPE["micro_steps"] + micro) % len(places)]
            losses = [
                batch_loss(problem["textCandidates"], problem["imageAnchors"], "image", weight),
                batch_loss(problem["textAnchors"], problem["imageCandidates"], "text", weight),
            ]
            for ranking, aligning in losses:
                sums[0] += ranking / RECIPE["micro_steps"]
                sums[1] += aligning / RECIPE["micro_steps"]
        nn.utils.clip_grad_norm_(parameters, RECIPE["clip"], foreach=True)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return sums

    return update


def score_all(scores_of):
    """Each caption with all images, as a batch."""
    set_ = Features(JOB["scored"])
    features, boxes, counts = set_.regions(range(set_.images))
    scores = torch.empty(len(set_.texts), set_.images)
    with torch.inference_mode():
        for row in range(len(set_.texts)):
            tokens, lengths = set_.tokens([row])
            with autocast():
                batch = (tokens, lengths, features, boxes, counts)
                scores[row] = scores_of(*batch, is_padded(*batch))[0]
    return [float(scores.mean()), float(scores.std(correction=0))]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(step, count):
    cpu, seconds = cpu_seconds(), []
    for place in range(count):
        begun = time.perf_counter()
        step(place)
        seconds.append(time.perf_counter() - begun)
    return {"seconds": seconds, "cpuSeconds": cpu_seconds() - cpu}


def main():
    with open(f"{JOB['model']}/config.json") as file:
        model = Model(json.load(file))
    stored = read_safetensors(f"{JOB['model']}/model.safetensors")
    model.load_state_dict({name: stored[name] for name in model.state_dict()})
    begun = time.perf_counter()
    if JOB["task"] == "grid":
        model.eval()
        scores_of = torch.compile(model, dynamic=True) if sys.argv[1] == "compile" else model
        step = lambda place: score_all(scores_of)
    else:
        step = trainer(Features(JOB["trained"]), model)
    check = step(0)
    first = time.perf_counter() - begun
    if JOB["task"] != "grid":
        for place in range(1, 12):  # products of a new size are slow once
            step(place)
    description = f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
    print(json.dumps({"description": description, "check": check, "first": first}), flush=True)
    for count in sys.stdin:
        if JOB["task"] != "grid":
            step(0)
        print(json.dumps(timed(step, int(count))), flush=True)


main()
