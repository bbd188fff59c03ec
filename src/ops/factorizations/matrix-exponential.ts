/** The exponential of a matrix: scaling, Padé approximation of degree 13, squaring (Higham 2005). Row-major. */
import { addProduct, type Part } from './block-product.js'
import { factorLu, identity, solveLu } from './lu.js'

const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
]

/** The largest 1-norm at which degree 13 is exact to f64. */
const largestNorm = 5.371920351148152

export function multiply(x: Float64Array, y: Float64Array, n: number): Float64Array {
  const data = new Float64Array(n * n)
  const part = (values: Float64Array): Part => ({ data: values, at: 0, stride: n })
  addProduct(part(data), part(x), part(y), n, n, n, 1)
  return data
}

/** e^A of a finite (n, n) matrix. */
export function matrixExponential(a: Float64Array, n: number): Float64Array {
  let norm = 0
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j])
    norm = Math.max(norm, sum)
  }
  const squarings = norm > largestNorm ? Math.ceil(Math.log2(norm / largestNorm)) : 0
  const x = a.map((v) => v / 2 ** squarings)
  const one = identity(n)
  const x2 = multiply(x, x, n)
  const x4 = multiply(x2, x2, n)
  const x6 = multiply(x4, x2, n)
  const combine = (c6: number, c4: number, c2: number, c0: number): Float64Array =>
    one.map((v, i) => c6 * x6[i] + c4 * x4[i] + c2 * x2[i] + c0 * v)
  const sum = (p: Float64Array, q: Float64Array, sign: number): Float64Array =>
    p.map((v, i) => v + sign * q[i])
  const odd = multiply(
    x,
    sum(
      multiply(x6, combine(pade[13], pade[11], pade[9], 0), n),
      combine(pade[7], pade[5], pade[3], pade[1]),
      1,
    ),
    n,
  )
  const even = sum(
    multiply(x6, combine(pade[12], pade[10], pade[8], 0), n),
    combine(pade[6], pade[4], pade[2], pade[0]),
    1,
  )
  const denominator = sum(even, odd, -1)
  const { permutation } = factorLu(denominator, n, n)
  let result: Float64Array = new Float64Array(n * n)
  solveLu(denominator, permutation, n, sum(even, odd, 1), n, result)
  for (let i = 0; i < squarings; i++) result = multiply(result, result, n)
  return result
}
