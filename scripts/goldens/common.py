"""What the golden scripts share: packing tensors into compact JSON, and a seeded start.

Run a script with a Python that has PyTorch (Debian: python3-torch): `python3 scripts/goldens/layers.py`.
Floats are stored as base64 of little-endian f32 (exact), integers and booleans as plain lists.
"""
import base64
import json
import os

import numpy
import torch

FOLDER = os.path.join(os.path.dirname(__file__), '..', '..', 'test', 'goldens')


def pack(tensor):
    tensor = tensor.detach()
    shape = list(tensor.shape)
    if tensor.dtype == torch.bool:
        return {'shape': shape, 'dtype': 'bool', 'data': [int(v) for v in tensor.flatten().tolist()]}
    if not tensor.dtype.is_floating_point:
        return {'shape': shape, 'dtype': 'i64', 'data': tensor.flatten().tolist()}
    array = tensor.contiguous().to(torch.float32).numpy().astype('<f4')
    return {'shape': shape, 'dtype': 'f32', 'data': base64.b64encode(array.tobytes()).decode()}


def pack_all(tensors):
    return [pack(t) for t in tensors]


def pack_dict(named):
    return {name: pack(t) for name, t in named}


def write(name, value):
    path = os.path.join(FOLDER, name + '.json')
    with open(path, 'w') as f:
        json.dump(value, f, separators=(',', ':'))
        f.write('\n')
    print(name, os.path.getsize(path), 'bytes')
