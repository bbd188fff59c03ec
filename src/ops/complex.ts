/**
 * Complex numbers: float tensors whose last axis holds the real and the imaginary part, as `torch.view_as_real` and
 * ONNX lay them out. What `fft`, `eig` and `stft` take and give.
 */
import { ShapeError } from '../core/errors.js'
import { broadcastShapes, formatShape, type Shape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { product, stretchBatch } from './matrix.js'
import { broadcastTogether, requireFloat, requireSameDType } from './operand.js'
import { safeSqrt } from './reductions.js'

/** Throws unless `z` is complex: float, with a last axis of 2. */
export function requireComplex(operation: string, z: Node): void {
  requireFloat(operation, z)
  if (z.shape.length > 0 && z.shape[z.shape.length - 1] === 2) return
  throw new ShapeError(
    `${operation}: expected a complex tensor, whose last axis holds the 2 parts, got shape ${formatShape(z.shape)}. ` +
      'Make one of real numbers with complex(x).',
  )
}

/** Sizes of the complex numbers in `z`. */
export const complexShape = (z: Node): Shape => z.shape.slice(0, -1)

const part = (z: Node, index: number): Node =>
  b.reshape(b.sliceAxis(z, z.shape.length - 1, index, index + 1), complexShape(z))

const join = (re: Node, im: Node): Node =>
  b.concat(
    [re, im].map((x) => b.reshape(x, [...x.shape, 1])),
    re.shape.length,
  )

/** re + i·im, (…) → (…, 2); they broadcast. Default im = 0. */
export function complex(re: Node, im?: Node | null): Node {
  requireFloat('complex', re)
  if (im == null) return join(re, b.literal(re, 0))
  requireSameDType('complex', re, im)
  const [x, y] = broadcastTogether('complex', re, im)
  return join(x, y)
}

/** r·cos φ + i·r·sin φ. */
export function polar(radius: Node, angle: Node): Node {
  requireFloat('polar', radius)
  requireSameDType('polar', radius, angle)
  const [r, phi] = broadcastTogether('polar', radius, angle)
  return join(b.mul(r, b.cos(phi)), b.mul(r, b.sin(phi)))
}

/** The real parts: (…, 2) → (…). */
export function real(z: Node): Node {
  requireComplex('real', z)
  return part(z, 0)
}

/** The imaginary parts: (…, 2) → (…). */
export function imag(z: Node): Node {
  requireComplex('imag', z)
  return part(z, 1)
}

/** |z| = √(re² + im²): (…, 2) → (…). The gradient at 0 is 0. */
export function complexAbs(z: Node): Node {
  requireComplex('complexAbs', z)
  return safeSqrt(b.reduceSum(b.mul(z, z), [z.shape.length - 1]))
}

/** The angle in (-π, π]: (…, 2) → (…). */
export function complexAngle(z: Node): Node {
  requireComplex('complexAngle', z)
  return b.atan2(part(z, 1), part(z, 0))
}

/** re - i·im. */
export function complexConj(z: Node): Node {
  requireComplex('complexConj', z)
  return join(part(z, 0), b.neg(part(z, 1)))
}

/** The product of complex numbers; they broadcast. */
export function complexMul(x: Node, y: Node): Node {
  requireComplex('complexMul', x)
  requireComplex('complexMul', y)
  requireSameDType('complexMul', x, y)
  const [p, q] = broadcastTogether('complexMul', x, y)
  const [a, c] = [part(p, 0), part(p, 1)]
  const [d, e] = [part(q, 0), part(q, 1)]
  return join(b.sub(b.mul(a, d), b.mul(c, e)), b.add(b.mul(a, e), b.mul(c, d)))
}

/** x/y of complex numbers; they broadcast. */
export function complexDiv(x: Node, y: Node): Node {
  requireComplex('complexDiv', y)
  const numerator = complexMul(x, complexConj(y))
  const size = b.reduceSum(b.mul(y, y), [y.shape.length - 1])
  const [p, q] = broadcastTogether('complexDiv', numerator, b.reshape(size, [...size.shape, 1]))
  return b.div(p, q)
}

/** The product of complex matrices (…, m, n, 2)·(…, n, p, 2), batch axes broadcast. */
export function complexMatmul(x: Node, y: Node): Node {
  requireComplex('complexMatmul', x)
  requireComplex('complexMatmul', y)
  requireSameDType('complexMatmul', x, y)
  const parts = (z: Node): [Node, Node] => [part(z, 0), part(z, 1)]
  const [p, q] = [complexShape(x), complexShape(y)]
  if (p.length < 2 || q.length < 2 || p[p.length - 1] !== q[q.length - 2]) {
    throw new ShapeError(
      `complexMatmul: expected complex matrices (…, m, n, 2) and (…, n, k, 2), got ${formatShape(x.shape)} and ${formatShape(y.shape)}.`,
    )
  }
  const batch = broadcastShapes(p.slice(0, -2), q.slice(0, -2), 'complexMatmul')
  const [a, c] = parts(stretchBatch(x, batch, 3))
  const [d, e] = parts(stretchBatch(y, batch, 3))
  return join(b.sub(product(a, d), product(c, e)), b.add(product(a, e), product(c, d)))
}
