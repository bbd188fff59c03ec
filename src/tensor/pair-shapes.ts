/**
 * What layers of two inputs do to shapes, as types: bilinear forms, similarities and distances of vectors.
 */
import type { Shape } from '../core/shape.js'
import type { BroadcastResult } from './broadcast-shapes.js'
import type { FeatureShape } from './layer-shapes.js'
import type { ReduceResult } from './reduce-shapes.js'
import type { MayEqual, Unranked } from './shape-types.js'

/** (…, In1) and (…, In2) with equal leading axes: (…, Out). */
export type BilinearShape<S extends Shape, T extends Shape, In2 extends number, Out extends number> =
  Unranked<S> extends true
    ? Shape
    : Unranked<T> extends true
      ? ReplaceLast<S, Out>
      : FeatureShape<T, 'Bilinear', In2> extends infer R
        ? R extends Shape
          ? SameLead<S, T> extends true
            ? ReplaceLast<S, Out>
            : 'Bilinear: the inputs differ before the last axis'
          : R
        : never

type ReplaceLast<S extends Shape, Out extends number> = S extends readonly [
  ...infer Lead extends Shape,
  number,
]
  ? readonly [...Lead, Out]
  : Shape

type SameLead<S extends Shape, T extends Shape> = S['length'] extends T['length']
  ? S extends readonly [...infer A extends Shape, number]
    ? T extends readonly [...infer B extends Shape, number]
      ? {
          readonly [K in keyof A]: K extends keyof B ? MayEqual<A[K], B[K] & number> : false
        } extends infer R extends readonly boolean[]
        ? false extends R[number]
          ? false
          : true
        : never
      : false
    : false
  : false

/** Two shapes broadcast, then one axis reduced. */
export type SimilarityShape<
  S extends Shape,
  T extends Shape,
  Name extends string,
  Axis extends number,
  Keep extends boolean = false,
> =
  BroadcastResult<S, T, Name> extends infer R
    ? R extends Shape
      ? ReduceResult<R, Axis, Keep, Name>
      : R
    : never
