"""True values of the element-wise functions over the whole range of f32, computed with mpmath to 40 digits and rounded
to f64: `python3 scripts/goldens/elementwise_sweeps.py` writes test/goldens/elementwise-sweeps.json."""
import base64
import random

import mpmath as mp
import numpy

from common import write

mp.mp.dps = 40
random.seed(3)


def base(values, dtype):
    return base64.b64encode(numpy.array(values, dtype=dtype).tobytes()).decode()


def points(low, high, n=120, both=False, extra=()):
    """n numbers from low to high, equally spaced in their logarithm, and as many equally spaced; f32 values."""
    logs = [low * (high / low) ** ((k + random.random()) / n) for k in range(n)]
    linear = [low + (high - low) * (k + random.random()) / n for k in range(n // 2)]
    xs = logs + linear
    if both:
        xs = xs + [-x for x in xs]
    return [float(numpy.float32(x)) for x in xs + list(extra)]




def lgamma(x):
    return mp.log(abs(mp.gamma(x))) if abs(x) < 30 else mp.re(mp.loggamma(x))


tiny, huge = 1e-37, 3e38
whole = points(tiny, huge, both=True)
positive = points(tiny, huge)
unit = points(1e-30, 0.9999999, both=True, extra=[0.5, -0.5, 0.99, 0.999, 1 - 2 ** -24, -1 + 2 ** -24, 1 - 2 ** -20])
functions = {
    'exp': (mp.exp, points(1e-10, 88.7, both=True, extra=[-100, -103])),
    'exp2': (lambda x: mp.mpf(2) ** x, points(1e-10, 127.9, both=True, extra=[-140, -149, 10, -3])),
    'expm1': (mp.expm1, points(1e-30, 88.7, both=True)),
    'log': (mp.log, positive + points(0.5, 2)),
    'log2': (lambda x: mp.log(x) / mp.log(2), positive + points(0.5, 2)),
    'log10': (mp.log10, positive + points(0.5, 2)),
    'log1p': (mp.log1p, points(1e-30, huge) + points(-1e-30, -0.999999)),
    'sqrt': (mp.sqrt, positive),
    'rsqrt': (lambda x: 1 / mp.sqrt(x), positive),
    'sin': (mp.sin, points(1e-30, 1e5, both=True)),
    'cos': (mp.cos, points(1e-30, 1e5, both=True)),
    'tan': (mp.tan, points(1e-30, 1e5, both=True)),
    'asin': (mp.asin, unit),
    'acos': (mp.acos, unit),
    'atan': (mp.atan, whole),
    'sinh': (mp.sinh, points(1e-30, 89.4, both=True)),
    'cosh': (mp.cosh, points(1e-30, 89.4, both=True)),
    'tanh': (mp.tanh, points(1e-30, 20, both=True)),
    'asinh': (mp.asinh, points(1e-30, huge, both=True)),
    'acosh': (mp.acosh, points(1.0000001, huge) + points(1.0000001, 3)),
    'atanh': (mp.atanh, unit),
    'erf': (mp.erf, points(1e-30, 5, both=True)),
    'erfc': (mp.erfc, points(1e-10, 10, both=True)),
    'erfinv': (mp.erfinv, unit),
    'lgamma': (lgamma, points(1e-30, 1e36) + points(0.1, 12) + points(-0.01, -20, 60)),
    'digamma': (mp.digamma, points(1e-30, 1e36) + points(0.1, 12) + points(-0.01, -20, 60)),
    'sinc': (lambda x: mp.sin(mp.pi * x) / (mp.pi * x), points(1e-30, 100, both=True)),
    'sigmoid': (lambda x: 1 / (1 + mp.exp(-x)), points(1e-10, 88, both=True)),
    'deg2rad': (lambda x: x * mp.pi / 180, points(1e-30, 1e30, 40, both=True)),
    'rad2deg': (lambda x: x * 180 / mp.pi, points(1e-30, 1e30, 40, both=True)),
}


def truth(f, x):
    if f is mp.erfinv and abs(x) > 0.99:
        # mpmath loses digits near 1: refine on erfc.
        with mp.workdps(60):
            y, target = mp.sqrt(-mp.log((1 - abs(mp.mpf(x))) * (1 + abs(mp.mpf(x))))), 1 - abs(mp.mpf(x))
            for _ in range(100):
                step = (mp.erfc(y) - target) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
                y += step
                if abs(step) < mp.mpf(10) ** -45:
                    break
            return float(y if x > 0 else -y)
    return float(f(mp.mpf(x)))


rows = {}
for name, (f, xs) in functions.items():
    rows[name] = {'x': base(xs, '<f4'), 'y': base([truth(f, x) for x in xs], '<f8')}
xs = points(1e-30, 1e30, both=True)
ys = points(1e-30, 1e30, both=True)
random.shuffle(ys)
close = [x * (1 + random.random()) for x in xs]
pairs = {
    'atan2': (mp.atan2, xs, ys),
    'hypot': (lambda x, y: mp.sqrt(x * x + y * y), xs + xs, ys + close),
    'logaddexp': (lambda x, y: mp.log(mp.exp(x) + mp.exp(y)), points(1e-3, 300, both=True), points(1e-3, 300, both=True)[::-1]),
    'pow': (lambda x, y: x ** y, points(0.01, 100), [random.uniform(-15, 15) for _ in range(180)]),
    'xlogy': (lambda x, y: x * mp.log(y), xs, [abs(y) for y in ys]),
}
for name, (f, xs, ys) in pairs.items():
    ys = [float(numpy.float32(y)) for y in ys]
    rows[name] = {'x': base(xs, '<f4'), 'x2': base(ys, '<f4'), 'y': base([float(f(mp.mpf(x), mp.mpf(y))) for x, y in zip(xs, ys)], '<f8')}
write('elementwise-sweeps', rows)
