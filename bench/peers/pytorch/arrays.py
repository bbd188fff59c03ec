"""Reads the benchmark's array file (safetensors: F32 and I32 only) into torch tensors."""

import json
import struct

import numpy
import torch


def read_arrays(path):
    """Returns (parameters, inputs): two dicts of tensors, f32 or int64 (what torch wants as indices)."""
    with open(path, "rb") as file:
        content = file.read()
    (header_length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + header_length])
    arrays = {"parameters": {}, "inputs": {}}
    for key, entry in header.items():
        start, end = (8 + header_length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(content[start:end], dtype={"F32": "<f4", "I32": "<i4"}[entry["dtype"]])
        tensor = torch.from_numpy(values.reshape(entry["shape"]).copy())
        group, name = key.split("/", 1)
        arrays[group][name] = tensor.long() if entry["dtype"] == "I32" else tensor
    return arrays["parameters"], arrays["inputs"]


def load_parameters(model, parameters):
    """Copies the file's parameters into the model; a parameter missing on either side is an error."""
    own = dict(model.named_parameters())
    if own.keys() != parameters.keys():
        raise KeyError(f"parameters differ: {sorted(own.keys() ^ parameters.keys())}")
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(parameters[name])
