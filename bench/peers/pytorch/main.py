"""One measurement of one model in PyTorch: a JSON request on standard input, a JSON reply on standard output.

The environment (OPENBLAS_NUM_THREADS, OMP_WAIT_POLICY) is set by the caller, before torch is loaded.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))


def slow_blas():
    """The path of the reference BLAS where the process computes with it (20 times slower), else None."""
    try:
        with open("/proc/self/maps") as maps:
            libraries = {line.split()[-1] for line in maps if "blas" in line}
    except OSError:
        return None
    fast = any(name in path for path in libraries for name in ("openblas", "mkl", "blis", "atlas"))
    return None if fast else next(iter(sorted(libraries)), None)


def main():
    request = json.load(sys.stdin)
    try:
        import torch
    except ImportError as error:
        return {"kind": "unsupported", "version": None, "reason": f"PyTorch is not installed: {error}"}
    from arrays import load_parameters, read_arrays
    from measure_steps import measure

    torch.ones(64, 64) @ torch.ones(64, 64)  # loads the BLAS
    reference = slow_blas()
    if reference is not None:
        return {
            "kind": "unsupported",
            "version": torch.__version__,
            "reason": f"PyTorch computes with the reference BLAS ({reference}): no fair peer. Install libopenblas0-pthread.",
        }

    if request.get("threads"):
        torch.set_num_threads(request["threads"])
    parameters, inputs = read_arrays(request["arrays"])
    model, loss_of = importlib.import_module(request["model"].replace("-", "_")).build(inputs)
    load_parameters(model, parameters)
    if request.get("channelsLast"):
        model = model.to(memory_format=torch.channels_last)
        inputs["x"] = inputs["x"].contiguous(memory_format=torch.channels_last)
    inference = request.get("inference", False)
    model.train(not inference)
    optimizer = torch.optim.SGD(model.parameters(), lr=request["learningRate"], momentum=request["momentum"])

    def step():
        if inference:
            with torch.inference_mode():
                return loss_of(model).item()
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model)
        loss.backward()
        optimizer.step()
        return loss.item()

    return {"kind": "measured", "version": torch.__version__, **measure(request, step)}


if __name__ == "__main__":
    print(json.dumps(main()))
