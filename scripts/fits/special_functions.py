"""Prints src/ops/special-coefficients.ts: Chebyshev fits of the special functions, as polynomials.

`python3 scripts/fits/special_functions.py > src/ops/special-coefficients.ts` (needs mpmath; then format it). Each function is expanded
in Chebyshev polynomials over its interval with 60 digits; the series is cut where what is left does not show in the
dtype, and written as a polynomial of a variable in [-1, 1].
"""
import mpmath as mp

mp.mp.dps = 60


def chebyshev(f, n):
    """Coefficients of f on [-1, 1], from its values at n Chebyshev points."""
    points = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / n) for k in range(n)]
    values = [f(p) for p in points]
    c = [2 * mp.fsum(v * mp.cos(mp.pi * j * (k + mp.mpf(1) / 2) / n) for k, v in enumerate(values)) / n for j in range(n)]
    c[0] /= 2
    return c


def polynomial(c):
    """The same function by powers, lowest first."""
    older, old = [mp.mpf(1)], [mp.mpf(0), mp.mpf(1)]
    total = [mp.mpf(0)] * len(c)
    for j, coefficient in enumerate(c):
        t = older if j == 0 else old
        if j > 1:
            t = [mp.mpf(0)] + [2 * v for v in old]
            for i, v in enumerate(older):
                t[i] -= v
            older, old = old, t
        for i, v in enumerate(t):
            total[i] += coefficient * v
    return total


def fit(f, low, high, error):
    g = lambda t: f((low + high) / 2 + t * (high - low) / 2)
    c = chebyshev(g, 60)
    scale = max(abs(g(mp.mpf(k) / 8)) for k in range(-8, 9))
    while len(c) > 1 and mp.fsum(abs(v) for v in c[-1:]) < error * scale:
        c.pop()
    return polynomial(c)


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


def scaled_erfc(t):
    """(1 + 2x) e^(x^2) erfc(x) with t = (x - 3.75)/(x + 3.75) (Shepherd & Laframboise 1981); 2/sqrt(pi) at infinity."""
    if t >= 1 - mp.mpf(10) ** -30:
        return 2 / mp.sqrt(mp.pi)
    x = mp.mpf('3.75') * (1 + t) / (1 - t)
    if x > 40:
        # Asymptotic: erfc itself is below what mpmath gives without more digits.
        s = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(25))
        return (1 + 2 * x) * s / (x * mp.sqrt(mp.pi))
    return (1 + 2 * x) * erfcx(x)


def log_gamma_quotient(u):
    """lgamma(1 + u) / (u (u - 1)) on [0, 1]."""
    if abs(u) < mp.mpf(10) ** -25:
        return mp.euler
    if abs(u - 1) < mp.mpf(10) ** -25:
        return 1 - mp.euler
    return mp.loggamma(1 + u) / (u * (u - 1))


def inverse_erf_of_w(w):
    """erfinv(x)/x as a function of w = -log(1 - x^2)."""
    if w < mp.mpf(10) ** -40:
        return mp.sqrt(mp.pi) / 2
    x = mp.sqrt(-mp.expm1(-w))
    if w < 8:
        return mp.erfinv(x) / x
    # 1 - x = e^-w / (1 + x): solve erfc(y) = 1 - x by Newton, from the asymptotic value.
    target = mp.exp(-w) / (1 + x)
    y = mp.sqrt(w)
    for _ in range(200):
        # on log erfc, which is nearly quadratic
        step = (mp.log(mp.erfc(y)) - mp.log(target)) * mp.erfc(y) / (2 / mp.sqrt(mp.pi) * mp.exp(-y * y))
        y += step
        if abs(step) < mp.mpf(10) ** -55:
            break
    return y / x


tables = []


def table(name, comment, f, low, high):
    rows = []
    for dtype, error in (('f32', mp.mpf(10) ** -9), ('f64', mp.mpf(10) ** -18)):
        digits = 10 if dtype == 'f32' else 18
        values = [mp.nstr(v, digits, min_fixed=-3, max_fixed=4) for v in reversed(fit(f, mp.mpf(low), mp.mpf(high), error))]
        values = [v if dtype == 'f32' else repr(float(mp.mpf(v))) for v in values]
        rows.append(f'  {dtype}: [{", ".join(values)}],')
    tables.append(f'/** {comment} */\nexport const {name}: Fit = {{\n' + '\n'.join(rows) + '\n}\n')


table('scaledErfc', '(1 + 2x)·e^(x²)·erfc(x) for x ≥ 0 by t = (x − 3.75)/(x + 3.75).', scaled_erfc, -1, 1)
table('logGammaQuotient', 'lgamma(1 + u)/(u·(u − 1)) for u in [0, 1] by t = 2u − 1.', log_gamma_quotient, 0, 1)
table('erfInverseNear', 'erfinv(x)/x by t = (w − 3)/3 for w = −log(1 − x²) in [0, 6].', inverse_erf_of_w, 0, 6)
table('erfInverseMiddle', 'erfinv(x)/x by t = (√w − 3.2)/0.8 for √w in [2.4, 4].', lambda s: inverse_erf_of_w(s * s), '2.4', 4)
table('erfInverseFar', 'erfinv(x)/x by t = (√w − 5.05)/1.05 for √w in [4, 6.1].', lambda s: inverse_erf_of_w(s * s), 4, '6.1')

print("""/**
 * Polynomials of the special functions, highest power first, each in a variable t in [-1, 1]. Written by
 * scripts/fits/special_functions.py: do not edit.
 */

/** One polynomial a float type: as many terms as show in it. */
export interface Fit {
  readonly f32: readonly number[]
  readonly f64: readonly number[]
}
""")
print('\n'.join(tables), end='')
