"""The benchmark's models as functions of (parameters, inputs) in JAX; names and layouts of parameters are PyTorch's."""

import jax
import jax.numpy as np
from jax import lax


def linear(p, name, x):
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def cross_entropy(logits, labels):
    return -np.mean(np.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], 1))


def layer_norm(p, name, x):
    centred = x - x.mean(-1, keepdims=True)
    scale = lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    return centred * scale * p[f"{name}.weight"] + p[f"{name}.bias"]


def attention(q, k, v, causal):
    """q, k, v: (batch, length, heads, size)."""
    scores = np.einsum("blhe,bshe->bhls", q, k) / np.sqrt(q.shape[-1])
    if causal:
        length = q.shape[1]
        scores = np.where(np.tril(np.ones((length, length), bool)), scores, -np.inf)
    return np.einsum("bhls,bshe->blhe", jax.nn.softmax(scores), v)


def mlp(p, inputs):
    x = jax.nn.relu(linear(p, "fc1", inputs["x"]))
    return cross_entropy(linear(p, "fc3", jax.nn.relu(linear(p, "fc2", x))), inputs["y"])


def lenet5(p, inputs):
    def block(x, name, padding):
        x = lax.conv_general_dilated(x, p[f"{name}.weight"], (1, 1), [(padding, padding)] * 2)
        x = jax.nn.relu(x + p[f"{name}.bias"][:, None, None])
        return lax.reduce_window(x, -np.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    x = block(block(inputs["x"], "conv1", 2), "conv2", 0).reshape(inputs["x"].shape[0], -1)
    x = jax.nn.relu(linear(p, "fc2", jax.nn.relu(linear(p, "fc1", x))))
    return cross_entropy(linear(p, "fc3", x), inputs["y"])


def lstm(p, inputs):
    x = inputs["x"].transpose(1, 0, 2)
    gates = x @ p["lstm.weight_ih_l0"].T + (p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"])
    start = np.zeros((x.shape[1], 256), np.float32)

    def step(state, gate):
        h, c = state
        i, f, g, o = np.split(gate + h @ p["lstm.weight_hh_l0"].T, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * np.tanh(g)
        return (jax.nn.sigmoid(o) * np.tanh(c), c), None

    (h, _), _ = lax.scan(step, (start, start), gates)
    return cross_entropy(linear(p, "fc", h), inputs["y"])


def transformer_encoder(p, inputs):
    x = inputs["x"]
    batch, length, width = x.shape
    for i in range(4):
        name = f"layers.{i}"
        qkv = x @ p[f"{name}.self_attn.in_proj_weight"].T + p[f"{name}.self_attn.in_proj_bias"]
        q, k, v = (part.reshape(batch, length, 4, -1) for part in np.split(qkv, 3, -1))
        joined = attention(q, k, v, False).reshape(batch, length, width)
        x = layer_norm(p, f"{name}.norm1", x + linear(p, f"{name}.self_attn.out_proj", joined))
        wide = jax.nn.gelu(linear(p, f"{name}.linear1", x), approximate=False)
        x = layer_norm(p, f"{name}.norm2", x + linear(p, f"{name}.linear2", wide))
    return np.mean((x - inputs["y"]) ** 2)


def gpt(p, inputs):
    x = p["tokens.weight"][inputs["x"]] + p["positions.weight"]
    batch, length, width = x.shape
    for i in range(6):
        name = f"layers.{i}"
        qkv = linear(p, f"{name}.qkv", layer_norm(p, f"{name}.norm1", x)).reshape(batch, length, 3, 6, -1)
        joined = attention(qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2], True).reshape(batch, length, width)
        x = x + linear(p, f"{name}.out", joined)
        wide = jax.nn.gelu(linear(p, f"{name}.up", layer_norm(p, f"{name}.norm2", x)), approximate=False)
        x = x + linear(p, f"{name}.down", wide)
    logits = linear(p, "head", layer_norm(p, "norm", x))
    return cross_entropy(logits.reshape(batch * length, -1), inputs["y"])


def gcn(p, inputs):
    source, target, weight = inputs["source"], inputs["target"], inputs["weight"][:, None]

    def aggregate(x):
        return jax.ops.segment_sum(x[source] * weight, target, x.shape[0])

    hidden = jax.nn.relu(aggregate(linear(p, "conv1", inputs["x"])))
    return cross_entropy(aggregate(linear(p, "conv2", hidden)), inputs["y"])


def conv(p, name, x, stride=1, groups=1):
    padding = [(p[f"{name}.weight"].shape[2] // 2,) * 2] * 2
    return lax.conv_general_dilated(
        x, p[f"{name}.weight"], (stride, stride), padding, feature_group_count=groups
    )


def batch_norm(p, name, x, training=True):
    """Statistics of the batch, or the initial running averages 0 and 1; the averages are not updated."""
    mean, variance = np.float32(0), np.float32(1)
    if training:
        mean = x.mean((0, 2, 3), keepdims=True)
        variance = ((x - mean) ** 2).mean((0, 2, 3), keepdims=True)
    scale = lax.rsqrt(variance + 1e-5) * p[f"{name}.weight"][:, None, None]
    return (x - mean) * scale + p[f"{name}.bias"][:, None, None]


def resnet18(p, inputs, large):
    def norm(name, x):
        return batch_norm(p, name, x, training=not large)

    x = jax.nn.relu(norm("bn1", conv(p, "conv1", inputs["x"], 2 if large else 1)))
    if large:
        pads = ((0, 0), (0, 0), (1, 1), (1, 1))
        x = lax.reduce_window(x, -np.inf, lax.max, (1, 1, 3, 3), (1, 1, 2, 2), pads)
    for stage in range(1, 5):
        for index in range(2):
            name, stride = f"layer{stage}.{index}", 2 if stage > 1 and index == 0 else 1
            shortcut = x
            if stride == 2:
                shortcut = norm(f"{name}.downsample.1", conv(p, f"{name}.downsample.0", x, 2))
            y = jax.nn.relu(norm(f"{name}.bn1", conv(p, f"{name}.conv1", x, stride)))
            x = jax.nn.relu(norm(f"{name}.bn2", conv(p, f"{name}.conv2", y)) + shortcut)
    return cross_entropy(linear(p, "fc", x.mean((2, 3))), inputs["y"])


def mobilenetv2(p, inputs):
    def block(name, x, stride=1, groups=1):
        return batch_norm(p, f"{name}.norm", conv(p, f"{name}.conv", x, stride, groups))

    x = jax.nn.relu6(block("stem", inputs["x"]))
    stages = ((1, 1), (2, 1), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))
    strides = [stride if i == 0 else 1 for count, stride in stages for i in range(count)]
    for i, stride in enumerate(strides):
        name = f"blocks.{i}"
        wide = jax.nn.relu6(block(f"{name}.expand", x)) if f"{name}.expand.conv.weight" in p else x
        y = jax.nn.relu6(block(f"{name}.depthwise", wide, stride, wide.shape[1]))
        y = block(f"{name}.project", y)
        x = x + y if stride == 1 and x.shape == y.shape else y
    return cross_entropy(linear(p, "fc", jax.nn.relu6(block("head", x)).mean((2, 3))), inputs["y"])


losses = {
    "resnet18-cifar": lambda p, inputs: resnet18(p, inputs, False),
    "resnet18-inference": lambda p, inputs: resnet18(p, inputs, True),
    "mobilenetv2-cifar": mobilenetv2,
    "mlp": mlp,
    "lenet5": lenet5,
    "lstm": lstm,
    "transformer-encoder": transformer_encoder,
    "gpt": gpt,
    "gcn": gcn,
}
