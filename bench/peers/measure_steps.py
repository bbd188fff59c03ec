"""The measuring loop of the Python peers: losses first, then timed steps."""

import resource
import time


def peak_bytes():
    """The most memory that the process has had resident. VmHWM: getrusage's figure starts with the parent's."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(request, step):
    """Returns losses, milliseconds of each timed step and the peak of resident memory, as `bench/measure.ts` does."""
    begin = time.perf_counter()

    def goes_on(done, least, most, budget_ms):
        return done < most and (done < least or (time.perf_counter() - begin) * 1e3 < budget_ms)

    losses, times = [], []
    while goes_on(len(losses), 3, request["lossSteps"], request["lossBudgetMs"]):
        losses.append(step())
    begin = time.perf_counter()
    while goes_on(len(times), request["minSteps"], request["maxSteps"], request["budgetMs"]):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return {"losses": losses, "times": times, "peakBytes": peak_bytes()}
