"""One measurement of one model in JAX on the CPU: a JSON request on standard input, a JSON reply on standard output. The
whole training step is one `jit` with donated parameters; inference is one `jit` of the forward pass."""

import importlib
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))


def main():
    request = json.load(sys.stdin)
    try:
        import jax
    except ImportError as error:
        return {"kind": "unsupported", "version": None, "reason": f"JAX is not installed: {error}"}
    from measure_steps import measure
    from safetensors_arrays import read_arrays

    try:
        models = importlib.import_module("models")
        loss_of = models.losses[request["model"]]
    except KeyError:
        return {"kind": "unsupported", "version": jax.__version__, "reason": "no version of this model is written"}
    values, inputs = read_arrays(request["arrays"])
    parameters = {name: jax.numpy.asarray(value) for name, value in values.items()}
    inputs = {name: jax.numpy.asarray(value) for name, value in inputs.items()}
    rate, momentum = request["learningRate"], request["momentum"]
    state = [parameters, jax.tree.map(jax.numpy.zeros_like, parameters)]

    def update(parameters, velocity, inputs):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, inputs)
        velocity = jax.tree.map(lambda v, g: momentum * v + g, velocity, gradients)
        return jax.tree.map(lambda p, v: p - rate * v, parameters, velocity), velocity, loss

    compiled = jax.jit(update, donate_argnums=(0, 1))
    forward = jax.jit(loss_of)

    def step():
        if request.get("inference"):
            return float(forward(parameters, inputs))
        state[0], state[1], loss = compiled(state[0], state[1], inputs)
        return float(loss)

    return {"kind": "measured", "version": jax.__version__, **measure(request, step)}


if __name__ == "__main__":
    print(json.dumps(main()))
