/** The shapes of matrix products and of `linear`, as types. */
import type { Shape } from '../core/shape.js'
import type { BroadcastResult } from './broadcast-shapes.js'
import type { MayEqual, ShapeOr, Unranked } from './shape-types.js'

type InnerMismatch<
  Op extends string,
  X extends number,
  Y extends number,
> = `${Op}: inner sizes ${X} and ${Y} differ`

/** (…, m, k)·(…, k, n), with the 1-d cases of `matmul`, or a message. */
export type MatMulResult<A extends Shape, B extends Shape> =
  Unranked<A> extends true
    ? Shape
    : Unranked<B> extends true
      ? Shape
      : A extends readonly []
        ? 'matmul: a 0-d tensor has no axis to multiply along'
        : B extends readonly []
          ? 'matmul: a 0-d tensor has no axis to multiply along'
          : A extends readonly [infer K extends number]
            ? B extends readonly [infer K2 extends number]
              ? MayEqual<K, K2> extends true
                ? readonly []
                : InnerMismatch<'matmul', K, K2>
              : B extends readonly [
                    ...infer BatchB extends Shape,
                    infer K2 extends number,
                    infer N extends number,
                  ]
                ? MayEqual<K, K2> extends true
                  ? readonly [...BatchB, N]
                  : InnerMismatch<'matmul', K, K2>
                : Shape
            : A extends readonly [
                  ...infer BatchA extends Shape,
                  infer M extends number,
                  infer K extends number,
                ]
              ? B extends readonly [infer K2 extends number]
                ? MayEqual<K, K2> extends true
                  ? readonly [...BatchA, M]
                  : InnerMismatch<'matmul', K, K2>
                : B extends readonly [
                      ...infer BatchB extends Shape,
                      infer K2 extends number,
                      infer N extends number,
                    ]
                  ? MayEqual<K, K2> extends true
                    ? Append<BroadcastResult<BatchA, BatchB, 'matmul'>, readonly [M, N]>
                    : InnerMismatch<'matmul', K, K2>
                  : Shape
              : Shape

/** `Lead` followed by `Last`; a message stays a message. */
type Append<Lead, Last extends Shape> = Lead extends Shape ? readonly [...Lead, ...Last] : Lead

export type MatMul<A extends Shape, B extends Shape> = ShapeOr<MatMulResult<A, B>>

/** (m, k)·(k, n), or a message. */
export type MmResult<A extends Shape, B extends Shape> =
  Unranked<A> extends true
    ? Shape
    : Unranked<B> extends true
      ? Shape
      : A extends readonly [infer M extends number, infer K extends number]
        ? B extends readonly [infer K2 extends number, infer N extends number]
          ? MayEqual<K, K2> extends true
            ? readonly [M, N]
            : InnerMismatch<'mm', K, K2>
          : `mm: the second factor is (k, n), not a tensor of rank ${B['length']}`
        : `mm: the first factor is (m, k), not a tensor of rank ${A['length']}`

/** (B, m, k)·(B, k, n), or a message. */
export type BmmResult<A extends Shape, B extends Shape> =
  Unranked<A> extends true
    ? Shape
    : Unranked<B> extends true
      ? Shape
      : A extends readonly [infer P extends number, infer M extends number, infer K extends number]
        ? B extends readonly [infer Q extends number, infer K2 extends number, infer N extends number]
          ? MayEqual<P, Q> extends true
            ? MayEqual<K, K2> extends true
              ? readonly [number extends P ? Q : P, M, N]
              : InnerMismatch<'bmm', K, K2>
            : `bmm: batches of ${P} and ${Q} matrices differ`
          : `bmm: the second factor is (B, k, n), not a tensor of rank ${B['length']}`
        : `bmm: the first factor is (B, m, k), not a tensor of rank ${A['length']}`

/** (…, In) to (…, Out), or a message: what `linear` does to a shape. */
export type LinearResult<S extends Shape, In extends number, Out extends number> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [...infer Lead extends Shape, infer Features extends number]
      ? MayEqual<Features, In> extends true
        ? readonly [...Lead, Out]
        : `linear: the input has ${Features} features, the layer takes ${In}`
      : 'linear: a 0-d tensor has no features'
