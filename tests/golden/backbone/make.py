"""Makes backbone.json: EfficientNet-Lite0 by PyTorch's own operations on pictures' pixels.

python make.py efficientnet-lite0-57934424.pth PIXELS NAMES OUT
PIXELS: uint8 [picture, 224, 224, 3]; NAMES: JSON list, one per picture. Needs torch and numpy.
"""
import hashlib, json, math, sys
import numpy as np, torch, torch.nn.functional as F

state = torch.load(sys.argv[1], weights_only=True)
names = json.load(open(sys.argv[3]))
pixels = np.fromfile(sys.argv[2], np.uint8).reshape(len(names), 224, 224, 3)
rows = [(1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6)]


def same(x, kernel, stride):
    pads = [max((math.ceil(n / stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:]]
    return F.pad(x, [pads[1] // 2, pads[1] - pads[1] // 2, pads[0] // 2, pads[0] - pads[0] // 2])


def norm(x, n):
    part = lambda p: state[f"{n}.{p}"]
    return F.batch_norm(x, part("running_mean"), part("running_var"), part("weight"), part("bias"), False, 0, 1e-3)


def network(x):
    conv = lambda x, n, **more: F.conv2d(x, state[f"{n}.weight"], **more)
    x = F.relu6(norm(conv(same((x - 127) / 128, 3, 2), "_conv_stem", stride=2), "_bn0"))
    block = 0
    for repeats, kernel, first, expansion in rows:
        for repeat in range(repeats):
            stride, n, before = first if repeat == 0 else 1, f"_blocks.{block}", x
            if expansion != 1:
                x = F.relu6(norm(conv(x, f"{n}._expand_conv"), f"{n}._bn0"))
            x = conv(same(x, kernel, stride), f"{n}._depthwise_conv", stride=stride, groups=x.shape[1])
            x = norm(conv(F.relu6(norm(x, f"{n}._bn1")), f"{n}._project_conv"), f"{n}._bn2")
            if stride == 1 and before.shape == x.shape:
                x = x + before
            block += 1
    return F.relu6(norm(conv(x, "_conv_head"), "_bn1"))


with torch.no_grad():
    maps = network(torch.tensor(pixels).float().permute(0, 3, 1, 2)).permute(0, 2, 3, 1).reshape(len(names), -1)
step = 487  # every 487th value of a map [7, 7, 1280]
golden = [
    {
        "picture": name,
        "pixels": hashlib.sha256(pixels[k].tobytes()).hexdigest(),
        "mean": float(maps[k].double().mean()),
        "values": [float(f"{v:.8g}") for v in maps[k, ::step].tolist()],
    }
    for k, name in enumerate(names)
]
json.dump({"torch": torch.__version__, "step": step, "pictures": golden}, open(sys.argv[4], "w"), indent=0)
