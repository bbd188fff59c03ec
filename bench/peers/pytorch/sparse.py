"""Products of a matrix in compressed rows and dense ones in PyTorch: arguments seconds, threads, rows, elements a row, then
the widths of the dense side. Prints a JSON object a width: its median and least seconds, or why there are none."""

import json
import sys
import time

seconds, threads, rows, each, *widths = sys.argv[1:]
try:
    import torch
except ImportError as error:
    print(json.dumps({"reason": f"PyTorch is not installed: {error}"}))
    sys.exit()

torch.manual_seed(1)
torch.set_num_threads(int(threads))
rows, each = int(rows), int(each)
# Distinct columns in rising order, spread over the row.
step = rows // each
columns = torch.arange(each) * step + torch.randint(0, step, (rows, each))
starts = torch.arange(0, rows * each + 1, each)
matrix = torch.sparse_csr_tensor(starts, columns.reshape(-1), torch.randn(rows * each), (rows, rows))
for width in map(int, widths):
    dense = torch.randn(rows, width)
    try:
        matrix @ dense
    except RuntimeError as error:
        print(json.dumps({"reason": str(error).split("\n")[0]}))
        continue
    times = []
    end = time.perf_counter() + float(seconds)
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        matrix @ dense
        times.append(time.perf_counter() - begin)
    times.sort()
    print(json.dumps({"version": torch.__version__, "median": times[len(times) // 2], "best": times[0]}))
