/** The shapes of what only moves elements or takes some of them, as types. */
import type { Shape } from '../core/shape.js'
import type { AxisOf, InsertAt, MissingAxis, RemoveAt, SetAt, UnknownSizes } from './axis-shapes.js'
import type { Multiply, Product } from './shape-arithmetic.js'
import type { MayEqual, ShapeOr, Unranked } from './shape-types.js'

/** One axis gone, or a message. */
export type SelectResult<S extends Shape, Axis extends number> =
  Unranked<S> extends true
    ? Shape
    : AxisOf<S, Axis> extends infer At extends number
      ? [At] extends [never]
        ? MissingAxis<S, Axis, 'select'>
        : number extends At
          ? Shape
          : RemoveAt<S, At>
      : never

/** One axis of another length, or a message. */
export type NarrowResult<S extends Shape, Axis extends number, N extends number> =
  Unranked<S> extends true
    ? Shape
    : AxisOf<S, Axis> extends infer At extends number
      ? [At] extends [never]
        ? MissingAxis<S, Axis, 'narrow'>
        : number extends At
          ? UnknownSizes<S>
          : SetAt<S, At, N>
      : never

/** The sizes asked for, -1 becoming `number`. */
export type Reshape<T extends Shape> = { readonly [K in keyof T]: T[K] extends -1 ? number : T[K] }

/** Another shape of as many elements, or a message. One size may be -1; then, or where one is not known, all fits. */
export type ReshapeResult<S extends Shape, T extends Shape, Op extends string = 'reshape'> =
  Unranked<S> extends true
    ? Reshape<T>
    : -1 extends T[number]
      ? Reshape<T>
      : SameCount<Product<S>, Product<T>, Op> extends infer Clash extends string
        ? Clash
        : Reshape<T>

type SameCount<A extends number, B extends number, Op extends string> =
  MayEqual<A, B> extends true ? true : `${Op}: ${A} elements do not fill a shape of ${B}`

/** Axes of size 1 repeated: -1 keeps a size, counted from the end; or a message. */
export type ExpandResult<S extends Shape, T extends Shape> =
  Unranked<S> extends true ? Reshape<T> : number extends T['length'] ? Shape : ExpandTuples<S, T, readonly []>

type ExpandTuples<S extends Shape, T extends Shape, Done extends Shape> = T extends readonly [
  ...infer LeadT extends Shape,
  infer Y extends number,
]
  ? S extends readonly [...infer LeadS extends Shape, infer X extends number]
    ? Y extends -1
      ? ExpandTuples<LeadS, LeadT, readonly [X, ...Done]>
      : MayEqual<X, Y> extends true
        ? ExpandTuples<LeadS, LeadT, readonly [Y, ...Done]>
        : X extends 1
          ? ExpandTuples<LeadS, LeadT, readonly [Y, ...Done]>
          : `expand: size ${X} cannot become ${Y}`
    : readonly [...Reshape<T>, ...Done]
  : S extends readonly []
    ? Done
    : 'expand: the new shape has fewer axes'

export type Expand<S extends Shape, T extends Shape> = ShapeOr<ExpandResult<S, T>>

/** The axes from Start to End joined, or a message. */
export type FlattenResult<S extends Shape, Start extends number = 0, End extends number = -1> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly []
      ? readonly [1]
      : [AxisOf<S, Start>] extends [never]
        ? MissingAxis<S, Start, 'flatten'>
        : [AxisOf<S, End>] extends [never]
          ? MissingAxis<S, End, 'flatten'>
          : number extends AxisOf<S, Start> | AxisOf<S, End>
            ? Shape
            : FlattenAxes<S, AxisOf<S, Start>, AxisOf<S, End>>

type FlattenAxes<
  S extends Shape,
  From extends number,
  To extends number,
  Joined extends number | null = null,
  Index extends readonly unknown[] = readonly [],
  Done extends Shape = readonly [],
> = S extends readonly [infer N extends number, ...infer Rest extends Shape]
  ? (Index['length'] extends From ? N : Joined extends number ? Multiply<Joined, N> : null) extends infer Size
    ? Index['length'] extends To
      ? readonly [...Done, Size extends number ? Size : N, ...Rest]
      : FlattenAxes<
          Rest,
          From,
          To,
          Size extends number ? Size : null,
          readonly [...Index, unknown],
          Size extends number ? Done : readonly [...Done, N]
        >
    : never
  : Done

export type Flatten<S extends Shape, Start extends number = 0, End extends number = -1> = ShapeOr<
  FlattenResult<S, Start, End>
>

type Swap<S extends Shape, P extends number, Q extends number> = {
  readonly [K in keyof S]: K extends `${P}` ? S[Q] : K extends `${Q}` ? S[P] : S[K]
}

/** Two axes exchanged, or a message. */
export type TransposeResult<S extends Shape, A extends number, B extends number> =
  Unranked<S> extends true
    ? Shape
    : [AxisOf<S, A>] extends [never]
      ? MissingAxis<S, A, 'transpose'>
      : [AxisOf<S, B>] extends [never]
        ? MissingAxis<S, B, 'transpose'>
        : number extends AxisOf<S, A> | AxisOf<S, B>
          ? UnknownSizes<S>
          : Swap<S, AxisOf<S, A>, AxisOf<S, B>>

export type Transpose<S extends Shape, A extends number, B extends number> = ShapeOr<TransposeResult<S, A, B>>

/** Result axis i is axis Axes[i], or a message. */
export type PermuteResult<S extends Shape, Axes extends readonly number[]> =
  Unranked<S> extends true
    ? Shape
    : number extends Axes['length']
      ? UnknownSizes<S>
      : Axes['length'] extends S['length']
        ? { readonly [K in keyof Axes]: SizeAt<S, AxisOf<S, Axes[K]>> }
        : `permute: ${Axes['length']} axes were given for a tensor of rank ${S['length']}`

type SizeAt<S extends Shape, At extends number> = number extends At ? number : S[At]

export type Permute<S extends Shape, Axes extends readonly number[]> = ShapeOr<PermuteResult<S, Axes>>

type ReverseTuple<S extends Shape, Done extends Shape = readonly []> = S extends readonly [
  infer N extends number,
  ...infer Rest extends Shape,
]
  ? ReverseTuple<Rest, readonly [N, ...Done]>
  : Done

/** All axes in reverse order. */
export type Reverse<S extends Shape> = Unranked<S> extends true ? Shape : ReverseTuple<S>

/** A new axis of size 1, or a message. */
export type UnsqueezeResult<S extends Shape, Axis extends number> =
  Unranked<S> extends true
    ? Shape
    : AxisOf<readonly [...S, 1], Axis> extends infer At extends number
      ? [At] extends [never]
        ? MissingAxis<readonly [...S, 1], Axis, 'unsqueeze'>
        : number extends At
          ? Shape
          : InsertAt<S, At, 1>
      : Shape

export type Unsqueeze<S extends Shape, Axis extends number> = ShapeOr<UnsqueezeResult<S, Axis>>

type SqueezeAll<S extends Shape, Done extends Shape = readonly []> = S extends readonly [
  infer N extends number,
  ...infer Rest extends Shape,
]
  ? number extends N
    ? Shape
    : SqueezeAll<Rest, N extends 1 ? Done : readonly [...Done, N]>
  : Done

/** Axes of size 1 dropped: one that is named, or all. A size that is not known leaves the rank unknown. */
export type Squeeze<S extends Shape, Axis extends number | readonly number[] | undefined> =
  Unranked<S> extends true
    ? Shape
    : [Axis] extends [undefined]
      ? SqueezeAll<S>
      : Axis extends number
        ? AxisOf<S, Axis> extends infer At extends number
          ? [At] extends [never]
            ? Shape
            : number extends At
              ? Shape
              : number extends S[At]
                ? Shape
                : S[At] extends 1
                  ? RemoveAt<S, At>
                  : S
          : Shape
        : Shape
