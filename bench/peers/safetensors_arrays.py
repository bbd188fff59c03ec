"""Reads the benchmark's array file (safetensors: F32 and I32 only) into NumPy arrays."""

import json
import struct

import numpy


def read_arrays(path):
    """Returns (parameters, inputs): two dicts of arrays, float32 or int32."""
    with open(path, "rb") as file:
        content = file.read()
    (header_length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + header_length])
    arrays = {"parameters": {}, "inputs": {}}
    for key, entry in header.items():
        start, end = (8 + header_length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(content[start:end], dtype={"F32": "<f4", "I32": "<i4"}[entry["dtype"]])
        group, name = key.split("/", 1)
        arrays[group][name] = values.reshape(entry["shape"]).copy()
    return arrays["parameters"], arrays["inputs"]
