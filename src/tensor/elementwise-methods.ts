/** Element-wise methods of Tensor: thin wrappers over `ops/elementwise`. */
import { checkDType, type DType } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import * as ops from '../ops/elementwise.js'
import { type Operand, operand, TensorBase, wrap } from './base.js'
import type { Broadcast, BroadcastResult, BroadcastResult3 } from './broadcast-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

/** The other operand: a number, or a tensor whose known sizes broadcast with A. */
export type Other<A extends Shape, B extends Shape, Op extends string> =
  | (TensorBase<B> & Fits<BroadcastResult<A, B, Op>>)
  | number

const maybe = (x: Operand | null | undefined): ReturnType<typeof operand> | null =>
  x == null ? null : operand(x)

export class ElementwiseMethods<S extends Shape = Shape> extends TensorBase<S> {
  // ---------------------------------------------------------------- arithmetic

  /** this + other, broadcast. */
  add<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'add'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.add(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this - other, broadcast. */
  sub<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'sub'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.sub(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this · other, element by element, broadcast. */
  mul<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'mul'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.mul(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this / other, broadcast. Integers give floats, unless `roundingMode` ('trunc' or 'floor') rounds the quotient. */
  div<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'div'>,
    options?: { roundingMode?: ops.RoundingMode },
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.div(this.node, operand(other), options)) as Tensor<Broadcast<A, B>>
  }

  /** Remainder with the sign of the divisor. */
  remainder<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'remainder'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.remainder(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** Remainder with the sign of the dividend. */
  fmod<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'fmod'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.fmod(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this ^ exponent. */
  pow<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    exponent: Other<A, B, 'pow'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.pow(this.node, operand(exponent))) as Tensor<Broadcast<A, B>>
  }

  /** The larger of both; the gradient of ties is split. */
  maximum<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'maximum'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.maximum(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** The smaller of both; the gradient of ties is split. */
  minimum<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'minimum'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.minimum(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** Angle of (other, this). */
  atan2<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'atan2'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.atan2(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** this + weight · (end - this). */
  lerp(end: TensorBase, weight: Operand): Tensor {
    return wrap(ops.lerp(this.node, end.node, operand(weight)))
  }

  /** This where the condition is true, the other elsewhere; all broadcast. */
  where<A extends Shape, C extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    condition: TensorBase<C> & Fits<BroadcastResult<A, C, 'where'>>,
    other: (TensorBase<B> & Fits<BroadcastResult3<A, C, B, 'where'>>) | number,
  ): Tensor<ShapeOr<BroadcastResult3<A, C, B, 'where'>>> {
    return wrap(ops.where(condition.node, this.node, operand(other))) as Tensor<
      ShapeOr<BroadcastResult3<A, C, B, 'where'>>
    >
  }

  /** Values limited to [min, max]; either may be left out. */
  clamp(min?: number | null, max?: number | null): Tensor<S>
  clamp(min?: Operand | null, max?: Operand | null): Tensor
  clamp(min?: Operand | null, max?: Operand | null): Tensor {
    return wrap(ops.clamp(this.node, maybe(min), maybe(max)))
  }

  /** Values of at least `min`. */
  clampMin(min: number): Tensor<S>
  clampMin(min: Operand): Tensor
  clampMin(min: Operand): Tensor {
    return wrap(ops.clampMin(this.node, operand(min)))
  }

  /** Values of at most `max`. */
  clampMax(max: number): Tensor<S>
  clampMax(max: Operand): Tensor
  clampMax(max: Operand): Tensor {
    return wrap(ops.clampMax(this.node, operand(max)))
  }

  /** The same values in another dtype. */
  to(dtype: DType): Tensor<S> {
    checkDType(dtype)
    return wrap(ops.to(this.node, dtype)) as Tensor<S>
  }

  /** -x. */
  neg(): Tensor<S> {
    return wrap(ops.neg(this.node)) as Tensor<S>
  }

  /** |x|. */
  abs(): Tensor<S> {
    return wrap(ops.abs(this.node)) as Tensor<S>
  }

  /** -1, 0 or 1. */
  sign(): Tensor<S> {
    return wrap(ops.sign(this.node)) as Tensor<S>
  }

  /** e^x. */
  exp(): Tensor<S> {
    return wrap(ops.exp(this.node)) as Tensor<S>
  }

  /** ln x. */
  log(): Tensor<S> {
    return wrap(ops.log(this.node)) as Tensor<S>
  }

  /** ln(1 + x), exact near 0. */
  log1p(): Tensor<S> {
    return wrap(ops.log1p(this.node)) as Tensor<S>
  }

  /** e^x - 1, exact near 0. */
  expm1(): Tensor<S> {
    return wrap(ops.expm1(this.node)) as Tensor<S>
  }

  /** √x. */
  sqrt(): Tensor<S> {
    return wrap(ops.sqrt(this.node)) as Tensor<S>
  }

  /** 1 / √x. */
  rsqrt(): Tensor<S> {
    return wrap(ops.rsqrt(this.node)) as Tensor<S>
  }

  /** 1 / x. */
  reciprocal(): Tensor<S> {
    return wrap(ops.reciprocal(this.node)) as Tensor<S>
  }

  /** x². */
  square(): Tensor<S> {
    return wrap(ops.square(this.node)) as Tensor<S>
  }

  /** Sine. */
  sin(): Tensor<S> {
    return wrap(ops.sin(this.node)) as Tensor<S>
  }

  /** Cosine. */
  cos(): Tensor<S> {
    return wrap(ops.cos(this.node)) as Tensor<S>
  }

  /** Tangent. */
  tan(): Tensor<S> {
    return wrap(ops.tan(this.node)) as Tensor<S>
  }

  /** Inverse tangent. */
  atan(): Tensor<S> {
    return wrap(ops.atan(this.node)) as Tensor<S>
  }

  /** Hyperbolic tangent. */
  tanh(): Tensor<S> {
    return wrap(ops.tanh(this.node)) as Tensor<S>
  }

  /** Error function. */
  erf(): Tensor<S> {
    return wrap(ops.erf(this.node)) as Tensor<S>
  }

  /** Largest integer not above x. */
  floor(): Tensor<S> {
    return wrap(ops.floor(this.node)) as Tensor<S>
  }

  /** Smallest integer not below x. */
  ceil(): Tensor<S> {
    return wrap(ops.ceil(this.node)) as Tensor<S>
  }

  /** Nearest number of `decimals` digits after the point (negative: before it), ties to even. Default 0. */
  round(decimals = 0): Tensor<S> {
    return wrap(ops.round(this.node, decimals)) as Tensor<S>
  }

  /** Integer part. */
  trunc(): Tensor<S> {
    return wrap(ops.trunc(this.node)) as Tensor<S>
  }

  /** True where the value is NaN. */
  isnan(): Tensor<S> {
    return wrap(ops.isnan(this.node)) as Tensor<S>
  }

  /** True where the value is neither NaN nor infinite. */
  isfinite(): Tensor<S> {
    return wrap(ops.isfinite(this.node)) as Tensor<S>
  }

  /** True where the value is infinite. */
  isinf(): Tensor<S> {
    return wrap(ops.isinf(this.node)) as Tensor<S>
  }

  /** All bits flipped. */
  bitwiseNot(): Tensor<S> {
    return wrap(ops.bitwiseNot(this.node)) as Tensor<S>
  }

  /** True where the value is 0. */
  logicalNot(): Tensor<S> {
    return wrap(ops.logicalNot(this.node)) as Tensor<S>
  }

  // ---------------------------------------------------------------- comparison and logic

  /** True where equal. */
  eq<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'eq'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.eq(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where different. */
  ne<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'ne'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.ne(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where less. */
  lt<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'lt'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.lt(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where less or equal. */
  le<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'le'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.le(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where greater. */
  gt<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'gt'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.gt(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where greater or equal. */
  ge<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'ge'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.ge(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where both are not 0. */
  logicalAnd<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'logicalAnd'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.logicalAnd(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where one is not 0. */
  logicalOr<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'logicalOr'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.logicalOr(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** True where exactly one is not 0. */
  logicalXor<A extends Shape, B extends Shape = readonly []>(
    this: TensorBase<A>,
    other: Other<A, B, 'logicalXor'>,
  ): Tensor<Broadcast<A, B>> {
    return wrap(ops.logicalXor(this.node, operand(other))) as Tensor<Broadcast<A, B>>
  }

  /** Bits set in both. */
  bitwiseAnd(other: Operand): Tensor {
    return wrap(ops.bitwiseAnd(this.node, operand(other)))
  }

  /** Bits set in one or both. */
  bitwiseOr(other: Operand): Tensor {
    return wrap(ops.bitwiseOr(this.node, operand(other)))
  }

  /** Bits set in exactly one. */
  bitwiseXor(other: Operand): Tensor {
    return wrap(ops.bitwiseXor(this.node, operand(other)))
  }
}
