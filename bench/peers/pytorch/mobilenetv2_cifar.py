"""MobileNetV2 with the CIFAR stem."""

import torch.nn.functional as F
from torch import nn

STAGES = [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.conv(x))


class Block(nn.Module):
    def __init__(self, inputs, hidden, outputs, stride):
        super().__init__()
        self.expand = None if hidden == inputs else ConvNorm(inputs, hidden, 1)
        self.depthwise = ConvNorm(hidden, hidden, 3, stride, hidden)
        self.project = ConvNorm(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        wide = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        y = self.project(F.relu6(self.depthwise(wide), inplace=True))
        return x + y if self.residual else y


class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = ConvNorm(3, 32, 3)
        blocks, inputs = [], 32
        for expansion, outputs, count, stride in STAGES:
            for i in range(count):
                blocks.append(Block(inputs, inputs * expansion, outputs, stride if i == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = ConvNorm(320, 1280, 1)
        self.fc = nn.Linear(1280, 10)

    def forward(self, x):
        x = self.blocks(F.relu6(self.stem(x), inplace=True))
        return self.fc(F.relu6(self.head(x), inplace=True).mean((2, 3)))


def build(inputs):
    return MobileNetV2(), lambda model: F.cross_entropy(model(inputs["x"]), inputs["y"])
