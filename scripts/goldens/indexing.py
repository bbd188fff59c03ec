"""Random index expressions and what NumPy makes of them: x[e], x[e] = v, and x[e] += v where duplicates add up.

    python3 scripts/goldens/indexing.py     # writes test/goldens/indexing.json

An item is a number, a range as text, '...', null, a boolean, {"list": […]}, {"index": […], "shape": […]} or
{"mask": […], "shape": […]}. x is 0, 1, 2, … and the values are -1, -2, …
"""
import numpy as np

from common import write

rng = np.random.default_rng(11)
shapes = [(), (3,), (3,), (1, 3), (2, 1), (2, 3), (1,)]


def bound(n):
    return None if rng.random() < 0.6 else int(rng.integers(-n - 2, n + 3))


def range_of(n):
    step = None if rng.random() < 0.5 else int(rng.choice([-3, -2, -1, 1, 2, 3]))
    return slice(bound(n), bound(n), step)


def expression(shape):
    """Items for NumPy, or None where the draw makes no sense."""
    items, axis, ellipsis = [], 0, False
    fancy = rng.random() < 0.9
    while axis < len(shape):
        if rng.random() < 0.12:
            items.append(None)
        if not ellipsis and rng.random() < 0.12:
            items.append(Ellipsis)
            ellipsis = True
            axis += int(rng.integers(0, len(shape) - axis + 1))
            continue
        if rng.random() < 0.06:
            break
        if fancy and rng.random() < 0.05:
            items.append(bool(rng.random() < 0.7))
        n = shape[axis]
        kind = rng.random()
        if kind < 0.2 and n > 0:
            items.append(int(rng.integers(-n, n)))
            axis += 1
        elif kind < 0.4 or not fancy:
            items.append(range_of(n))
            axis += 1
        elif kind < 0.85 and n > 0:
            drawn = shapes[rng.integers(len(shapes))]
            items.append(rng.integers(-n, n, drawn))
            axis += 1
        elif kind < 0.9 and n > 0:
            items.append([int(i) for i in rng.integers(-n, n, 3)])
            axis += 1
        else:
            rank = int(rng.integers(1, min(2, len(shape) - axis) + 1))
            block = shape[axis:axis + rank]
            count = int(rng.choice([0, 1, 3]))
            size = int(np.prod(block))
            if count > size:
                return None
            mask = np.zeros(size, bool)
            mask[rng.permutation(size)[:count]] = True
            items.append(mask.reshape(block))
            axis += rank
    return tuple(items)


def text(part):
    return '' if part is None else str(part)


def encode(item):
    if item is Ellipsis:
        return '...'
    if isinstance(item, slice):
        short = f'{text(item.start)}:{text(item.stop)}'
        return short if item.step is None else f'{short}:{item.step}'
    if isinstance(item, np.ndarray):
        return {'mask' if item.dtype == bool else 'index': item.astype(int).flatten().tolist(), 'shape': list(item.shape)}
    return {'list': item} if isinstance(item, list) else item


def values_for(shape):
    """A shape that broadcasts to the given one."""
    kept = shape[int(rng.integers(0, len(shape) + 1)):] if rng.random() < 0.3 else shape
    kept = tuple(1 if rng.random() < 0.15 else n for n in kept)
    return -1 - np.arange(int(np.prod(kept))).reshape(kept)


cases = []
seen = set()
while len(cases) < 320:
    rank = int(rng.choice([1, 2, 3, 4], p=[0.1, 0.25, 0.4, 0.25]))
    shape = tuple(int(rng.choice([0, 1, 2, 3, 4], p=[0.03, 0.1, 0.3, 0.4, 0.17])) for _ in range(rank))
    if np.prod(shape) > 54:
        continue
    items = expression(shape)
    if items is None:
        continue
    x = np.arange(int(np.prod(shape))).reshape(shape)
    try:
        got = x[items]
    except IndexError:
        continue
    if got.size > 120:
        continue
    key = str([encode(i) for i in items]) + str(shape)
    if key in seen:
        continue
    seen.add(key)
    v = values_for(got.shape)
    put, add = x.copy(), x.copy()
    put[items] = v
    np.add.at(add, items, np.broadcast_to(v, got.shape))
    cases.append({
        'shape': list(shape), 'items': [encode(i) for i in items],
        'result': {'shape': list(got.shape), 'data': got.flatten().tolist()},
        'values': list(v.shape), 'put': put.flatten().tolist(), 'add': add.flatten().tolist(),
    })

write('indexing', {'cases': cases})
print(len(cases), 'cases', sum(any(isinstance(i, dict) or isinstance(i, bool) for i in c['items']) for c in cases), 'with picks')
