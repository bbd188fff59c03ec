"""The measuring loop of the Python peers: losses first, then timed steps."""

import time


def measure(request, step):
    """Returns (losses, milliseconds of each timed step), as `bench/measure.ts` does."""
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
    return losses, times
