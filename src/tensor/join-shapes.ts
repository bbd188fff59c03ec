/** The shapes of joined tensors, `cat` and `stack`, as types. */
import type { Shape } from '../core/shape.js'
import type { AxisOf, InsertAt, MissingAxis, UnknownSizes } from './axis-shapes.js'
import type { Add } from './shape-arithmetic.js'
import type { MayEqual, Unranked } from './shape-types.js'

/** The shapes of a list of tensors. */
export type ShapesOf<L extends readonly { readonly shape: Shape }[]> = {
  readonly [K in keyof L]: L[K] extends { readonly shape: infer S extends Shape } ? S : Shape
}

/** Two shapes of a `cat`: equal outside the axis, along it the sum; or a message. */
type CatPair<A extends Shape, B extends Shape, At extends number> = A['length'] extends B['length']
  ? {
      readonly [K in keyof A]: K extends `${At}`
        ? Add<A[K] & number, K extends keyof B ? B[K] & number : number>
        : K extends keyof B
          ? MayEqual<A[K] & number, B[K] & number> extends true
            ? number extends A[K]
              ? B[K]
              : A[K]
            : `cat: sizes ${A[K] & number} and ${B[K] & number} differ outside the axis`
          : never
    } extends infer R
    ? R extends readonly number[]
      ? R
      : R extends readonly unknown[]
        ? Extract<R[number], string>
        : never
    : never
  : `cat: ranks ${A['length']} and ${B['length']} differ`

type CatRest<First, Shapes extends readonly Shape[], At extends number> = First extends Shape
  ? Shapes extends readonly [infer Next extends Shape, ...infer Rest extends readonly Shape[]]
    ? Unranked<Next> extends true
      ? Shape
      : CatRest<CatPair<First, Next, At>, Rest, At>
    : First
  : First

/** Shapes joined along an axis, whose sizes are added; or a message. */
export type CatResult<Shapes extends readonly Shape[], Axis extends number> = number extends Shapes['length']
  ? Shape
  : Shapes extends readonly [infer First extends Shape, ...infer Rest extends readonly Shape[]]
    ? Rest extends readonly []
      ? First
      : Unranked<First> extends true
        ? Shape
        : [AxisOf<First, Axis>] extends [never]
          ? MissingAxis<First, Axis, 'cat'>
          : number extends AxisOf<First, Axis>
            ? UnknownSizes<First>
            : CatRest<First, Rest, AxisOf<First, Axis>>
    : Shape

/** Equal shapes joined along a new axis of the list's length; or a message. */
export type StackResult<Shapes extends readonly Shape[], Axis extends number> = Shapes extends readonly [
  infer First extends Shape,
  ...infer Rest extends readonly Shape[],
]
  ? Unranked<First> extends true
    ? Shape
    : StackCheck<First, Rest> extends infer Clash
      ? [Clash] extends [never]
        ? AxisOf<readonly [...First, 1], Axis> extends infer At extends number
          ? number extends At
            ? Shape
            : InsertAt<First, At, Shapes['length'] & number>
          : Shape
        : Clash
      : never
  : Shape

/** `never` where every shape may equal the first, else a message. */
type StackCheck<First extends Shape, Rest extends readonly Shape[]> = Rest extends readonly [
  infer Next extends Shape,
  ...infer More extends readonly Shape[],
]
  ? Unranked<Next> extends true
    ? StackCheck<First, More>
    : Next extends SameRankAs<First>
      ? First extends MaybeSame<Next>
        ? StackCheck<First, More>
        : 'stack: the shapes differ'
      : 'stack: the ranks differ'
  : never

type SameRankAs<S extends Shape> = { readonly [K in keyof S]: number }

/** Shapes that may equal S: where S knows a size, that size or an unknown one. */
type MaybeSame<S extends Shape> = { readonly [K in keyof S]: S[K] | Unknown<S[K]> }

type Unknown<N> = number extends N ? number : never
