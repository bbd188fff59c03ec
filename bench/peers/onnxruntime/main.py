"""One measurement of ResNet-18's inference in ONNX Runtime on its CPU provider: a JSON request on standard input, a JSON
reply on standard output. The model is written here, node by node, from the benchmark's arrays."""

import json
import math
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))


def build(parameters):
    """The bytes of the ONNX model: torchvision's ResNet-18, batch normalisation with mean 0 and variance 1."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper

    nodes, weights = [], [numpy_helper.from_array(value, name) for name, value in parameters.items()]

    def add(kind, inputs, **attributes):
        name = f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(x, name, kernel, stride):
        pad = kernel // 2
        return add("Conv", [x, f"{name}.weight"], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def norm(x, name):
        channels = len(parameters[f"{name}.weight"])
        for suffix, value in (("mean", 0), ("var", 1)):
            weights.append(numpy_helper.from_array(numpy.full(channels, value, "float32"), f"{name}.{suffix}"))
        return add("BatchNormalization", [x, *(f"{name}.{s}" for s in ("weight", "bias", "mean", "var"))], epsilon=1e-5)

    x = add("Relu", [norm(conv("x", "conv1", 7, 2), "bn1")])
    x = add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage in range(1, 5):
        for index in range(2):
            block, stride = f"layer{stage}.{index}", 2 if stage > 1 and index == 0 else 1
            shortcut = x
            if stride == 2:
                shortcut = norm(conv(x, f"{block}.downsample.0", 1, 2), f"{block}.downsample.1")
            y = add("Relu", [norm(conv(x, f"{block}.conv1", 3, stride), f"{block}.bn1")])
            y = norm(conv(y, f"{block}.conv2", 3, 1), f"{block}.bn2")
            x = add("Relu", [add("Add", [y, shortcut])])
    x = add("Flatten", [add("GlobalAveragePool", [x])])
    logits = add("Gemm", [x, "fc.weight", "fc.bias"], transB=1)
    graph = helper.make_graph(
        nodes,
        "resnet18",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 224, 224])],
        [helper.make_tensor_value_info(logits, TensorProto.FLOAT, [1, 1000])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def main():
    request = json.load(sys.stdin)
    try:
        import numpy
        import onnx  # noqa: F401
        import onnxruntime
    except ImportError as error:
        return {"kind": "unsupported", "version": None, "reason": f"ONNX Runtime is not installed: {error}"}
    version = onnxruntime.__version__
    if request["model"] != "resnet18-inference":
        return {"kind": "unsupported", "version": version, "reason": "ONNX Runtime's package does not train"}
    from safetensors_arrays import read_arrays

    parameters, inputs = read_arrays(request["arrays"])
    options = onnxruntime.SessionOptions()
    if request.get("threads"):
        options.intra_op_num_threads = request["threads"]
    session = onnxruntime.InferenceSession(build(parameters), options, providers=["CPUExecutionProvider"])
    target = int(inputs["y"][0])

    def step():
        (logits,) = session.run(None, {"x": inputs["x"]})
        row = logits[0].astype("float64")
        return math.log(numpy.exp(row - row.max()).sum()) + float(row.max() - row[target])

    from measure_steps import measure

    return {"kind": "measured", "version": version, **measure(request, step)}


if __name__ == "__main__":
    print(json.dumps(main()))
