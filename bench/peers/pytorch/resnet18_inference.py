"""ResNet-18 with ImageNet's stem."""

import torch.nn.functional as F

from resnet18_cifar import ResNet18


def build(inputs):
    return ResNet18(large=True), lambda model: F.cross_entropy(model(inputs["x"]), inputs["y"])
