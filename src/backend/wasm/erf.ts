/**
 * The error function in f64, for host calls of the WebAssembly backend. Self-contained, because its source text also
 * travels to workers.
 */

/**
 * erf(x) = 2/√π ∫₀ˣ e^(-t²) dt. |x| < 2.5 by the series x·e^(-x²)·Σ 2ⁿx²ⁿ/(2n+1)!!, beyond by the continued fraction of
 * erfc (Lentz's form); both converge to a few units in the last place.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x
  const a = Math.abs(x)
  if (a >= 6) return x > 0 ? 1 : -1
  if (a < 1e-8) return 1.1283791670955126 * x
  const square = a * a
  let result: number
  if (a < 2.5) {
    let term = a
    let sum = a
    for (let n = 1; n < 200; n++) {
      term *= (2 * square) / (2 * n + 1)
      sum += term
      if (term < sum * 1e-17) break
    }
    result = 1.1283791670955126 * Math.exp(-square) * sum
  } else {
    // erfc(a) = e^(-a²)/√π · 1/(a + (1/2)/(a + 1/(a + (3/2)/(a + …)))), from the inside out.
    let fraction = a
    for (let n = 60; n >= 1; n--) fraction = a + n / 2 / fraction
    result = 1 - Math.exp(-square) / (1.7724538509055159 * fraction)
  }
  return x < 0 ? -result : result
}
