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


losses = {
    "mlp": mlp,
    "lenet5": lenet5,
    "lstm": lstm,
    "transformer-encoder": transformer_encoder,
    "gpt": gpt,
    "gcn": gcn,
}
