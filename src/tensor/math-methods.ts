/** More element-wise methods of Tensor (exponentials, trigonometry, special functions, classification): thin wrappers. */
import type { Shape } from '../core/shape.js'
import type { Node } from '../ir/node.js'
import * as classification from '../ops/classification.js'
import * as elementwise from '../ops/elementwise.js'
import * as exponential from '../ops/exponential.js'
import * as numberTheory from '../ops/number-theory.js'
import * as special from '../ops/special.js'
import * as trigonometry from '../ops/trigonometry.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import type { Broadcast } from './broadcast-shapes.js'
import { requireValues } from './data-dependent.js'
import { ElementwiseMethods, type Other } from './elementwise-methods.js'
import type { Tensor } from './tensor.js'

const maybe = (x: Operand | null | undefined): ReturnType<typeof operand> | null =>
  x == null ? null : operand(x)

export class MathMethods<S extends Shape = Shape> extends ElementwiseMethods<S> {
  /** 2^x, exact for whole x. */
  exp2(): Tensor<S> {
    return wrap(exponential.exp2(this.node)) as Tensor<S>
  }

  /** Logarithm to base 2, exact for powers of 2. */
  log2(): Tensor<S> {
    return wrap(exponential.log2(this.node)) as Tensor<S>
  }

  /** Logarithm to base 10, exact for powers of 10. */
  log10(): Tensor<S> {
    return wrap(exponential.log10(this.node)) as Tensor<S>
  }

  /** Inverse sine in [-π/2, π/2]; NaN outside [-1, 1]. */
  asin(): Tensor<S> {
    return wrap(trigonometry.asin(this.node)) as Tensor<S>
  }

  /** Inverse cosine in [0, π]; NaN outside [-1, 1]. */
  acos(): Tensor<S> {
    return wrap(trigonometry.acos(this.node)) as Tensor<S>
  }

  /** Hyperbolic sine. */
  sinh(): Tensor<S> {
    return wrap(trigonometry.sinh(this.node)) as Tensor<S>
  }

  /** Hyperbolic cosine. */
  cosh(): Tensor<S> {
    return wrap(trigonometry.cosh(this.node)) as Tensor<S>
  }

  /** Inverse hyperbolic sine. */
  asinh(): Tensor<S> {
    return wrap(trigonometry.asinh(this.node)) as Tensor<S>
  }

  /** Inverse hyperbolic cosine; NaN below 1. */
  acosh(): Tensor<S> {
    return wrap(trigonometry.acosh(this.node)) as Tensor<S>
  }

  /** Inverse hyperbolic tangent; ±∞ at ±1, NaN outside. */
  atanh(): Tensor<S> {
    return wrap(trigonometry.atanh(this.node)) as Tensor<S>
  }

  /** sin(πx)/(πx), 1 at 0. */
  sinc(): Tensor<S> {
    return wrap(trigonometry.sinc(this.node)) as Tensor<S>
  }

  /** Degrees to radians. */
  deg2rad(): Tensor<S> {
    return wrap(trigonometry.deg2rad(this.node)) as Tensor<S>
  }

  /** Radians to degrees. */
  rad2deg(): Tensor<S> {
    return wrap(trigonometry.rad2deg(this.node)) as Tensor<S>
  }

  /** 1 - erf(x), with all its digits where it is tiny. */
  erfc(): Tensor<S> {
    return wrap(special.erfc(this.node)) as Tensor<S>
  }

  /** Inverse error function; ±∞ at ±1, NaN outside [-1, 1]. */
  erfinv(): Tensor<S> {
    return wrap(special.erfinv(this.node)) as Tensor<S>
  }

  /** ln |Γ(x)|. */
  lgamma(): Tensor<S> {
    return wrap(special.lgamma(this.node)) as Tensor<S>
  }

  /** Derivative of `lgamma`. */
  digamma(): Tensor<S> {
    return wrap(special.digamma(this.node)) as Tensor<S>
  }

  /** The part behind the point, with the sign of x. */
  frac(): Tensor<S> {
    return wrap(elementwise.frac(this.node)) as Tensor<S>
  }

  /** -1, 0 or 1: another name of `sign`. */
  sgn(): Tensor<S> {
    return wrap(classification.sgn(this.node)) as Tensor<S>
  }

  /** True where the sign bit is set (-0 included). */
  signbit(): Tensor<S> {
    return wrap(classification.signbit(this.node)) as Tensor<S>
  }

  /** True where the value is +∞. */
  isposinf(): Tensor<S> {
    return wrap(classification.isposinf(this.node)) as Tensor<S>
  }

  /** True where the value is -∞. */
  isneginf(): Tensor<S> {
    return wrap(classification.isneginf(this.node)) as Tensor<S>
  }

  /** The n-th derivative of `digamma`. */
  polygamma(n: number): Tensor<S> {
    return wrap(special.polygamma(n, this.node)) as Tensor<S>
  }

  /** ln(x / (1 - x)); with `eps`, x is limited to [eps, 1 - eps] first. */
  logit(eps: number | null = null): Tensor<S> {
    return wrap(exponential.logit(this.node, eps)) as Tensor<S>
  }

  /** NaN, +∞ and -∞ replaced: by 0, the largest and the lowest finite number unless others are given. */
  nanToNum(nan: Operand = 0, posinf?: Operand | null, neginf?: Operand | null): Tensor<S> {
    const node = classification.nanToNum(this.node, operand(nan), maybe(posinf), maybe(neginf))
    return wrap(node) as Tensor<S>
  }

  /** this + value · x · y, broadcast. */
  addcmul(x: TensorBase, y: TensorBase, value: Operand = 1): Tensor {
    return wrap(elementwise.addcmul(this.node, nodeOf(x), nodeOf(y), operand(value)))
  }

  /** this + value · x / y, broadcast; floats only. */
  addcdiv(x: TensorBase, y: TensorBase, value: Operand = 1): Tensor {
    return wrap(elementwise.addcdiv(this.node, nodeOf(x), nodeOf(y), operand(value)))
  }

  /** √(this² + other²) without overflow. */
  hypot<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'hypot'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(trigonometry.hypot(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** ln(e^this + e^other) without overflow. */
  logaddexp<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'logaddexp'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(exponential.logaddexp(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** log2(2^this + 2^other) without overflow. */
  logaddexp2<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'logaddexp2'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(exponential.logaddexp2(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this · ln(other), 0 where this is 0. */
  xlogy<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'xlogy'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(exponential.xlogy(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this · ln(1 + other), 0 where this is 0. */
  xlog1py<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'xlog1py'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(exponential.xlog1py(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** |this| with the sign of other (of -0, too). */
  copysign<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'copysign'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(classification.copysign(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** 0 below 0, `values` at 0, 1 above. */
  heaviside<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    values: Other<A, B, 'heaviside'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(classification.heaviside(this.node, operand(values))) as Tensor<Broadcast<A, B>>
  }

  /** The larger of both; a number where one is NaN. */
  fmax<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'fmax'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(classification.fmax(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** The smaller of both; a number where one is NaN. */
  fmin<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'fmin'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(classification.fmin(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this / other: another name of `div`. */
  trueDivide<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'trueDivide'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(elementwise.trueDivide(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** ⌊this / other⌋ (Python's //); integers stay integers, no gradient. */
  floorDivide<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'floorDivide'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(elementwise.floorDivide(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this · 2^other on integers. */
  bitwiseLeftShift<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'bitwiseLeftShift'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(elementwise.bitwiseLeftShift(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** ⌊this / 2^other⌋ on integers; negative numbers stay negative. */
  bitwiseRightShift<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'bitwiseRightShift'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(elementwise.bitwiseRightShift(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this · 2^other. */
  ldexp<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'ldexp'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(exponential.ldexp(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this ^ other, computed in f64. */
  floatPower<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'floatPower'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(exponential.floatPower(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** Greatest common divisor of integers. */
  gcd<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'gcd'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(numberTheory.gcd(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** Least common multiple of integers. */
  lcm<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'lcm'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(numberTheory.lcm(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where |this - other| ≤ atol + rtol · |other|, or both are equal. */
  isClose(other: Operand, options?: classification.CloseOptions): Tensor {
    return wrap(classification.isClose(this.node, operand(other), options))
  }

  /**
   * Whether `isClose` holds everywhere. Computes what is pending; inside `compile` use `isClose(other).all()`, which is
   * a tensor.
   */
  allClose(other: Operand, options?: classification.CloseOptions): Promise<boolean> {
    requireAnswer('allClose', 'isClose(other).all()')
    return isTrue(classification.allClose(this.node, operand(other), options))
  }

  /** `allClose()` on the calling thread, on devices that can. */
  allCloseSync(other: Operand, options?: classification.CloseOptions): boolean {
    requireAnswer('allClose', 'isClose(other).all()')
    return wrap(classification.allClose(this.node, operand(other), options)).itemSync() !== 0
  }

  /**
   * Whether both have one shape and equal elements (NaN equals nothing). Computes what is pending; inside `compile` use
   * `eq(other).all()`, which is a tensor.
   */
  equal(other: TensorBase): Promise<boolean> {
    requireAnswer('equal', 'eq(other).all()')
    return isTrue(classification.equal(this.node, nodeOf(other)))
  }

  /** `equal()` on the calling thread, on devices that can. */
  equalSync(other: TensorBase): boolean {
    requireAnswer('equal', 'eq(other).all()')
    return wrap(classification.equal(this.node, nodeOf(other))).itemSync() !== 0
  }
}

/** A 0-d bool as an answer. */
const isTrue = async (answer: Node): Promise<boolean> => (await wrap(answer).item()) !== 0

const requireAnswer = (operation: string, instead: string): void =>
  requireValues(operation, `Use ${instead} there, which is a tensor.`, 'true or false')
