/**
 * What layers of images do to shapes, as types: pooling with or without a batch axis, resampling, rearrangements between
 * channels and pixels, columns of blocks, padding.
 */
import type { Shape } from '../core/shape.js'
import type { AxisOf, MissingAxis, SetAt } from './axis-shapes.js'
import type { Given, ShapeRule, Spatial, WithSpace, WrongRank } from './layer-shapes.js'
import type { Multiply, Product, Quotient } from './shape-arithmetic.js'
import type { MayEqual, Unranked } from './shape-types.js'
import type {
  PadSizes,
  PerAxis,
  ScaleSizes,
  SizesOf,
  SlideSizes,
  UnslideSizes,
  WindowType,
} from './window-shapes.js'

interface Layouts {
  1: '(N, C, L) or (C, L)'
  2: '(N, C, H, W) or (C, H, W)'
  3: '(N, C, D, H, W) or (C, D, H, W)'
}

/** The leading axes before R spatial ones, with a batch axis or without. */
type Split<S extends Shape, R extends keyof Spatial> = S extends readonly [
  infer N extends number,
  infer C extends number,
  ...infer Space extends Spatial[R],
]
  ? readonly [readonly [N, C], Space]
  : S extends readonly [infer C extends number, ...infer Space extends Spatial[R]]
    ? readonly [readonly [C], Space]
    : null

/** (N, C, …) or (C, …) with the spatial sizes that a window gives. */
export type PoolShape<
  S extends Shape,
  Name extends string,
  R extends keyof Spatial,
  W extends WindowType | null,
> =
  Unranked<S> extends true
    ? Shape
    : Split<S, R> extends readonly [infer Lead extends Shape, infer Space extends Shape]
      ? WithSpace<Name, Lead, SlideSizes<Space, W>>
      : WrongRank<Name, Layouts[R], S>

/** (N, C, …) or (C, …) with the sizes from which a window gives these; or those of `Size` at the end. */
export type UnpoolShape<
  S extends Shape,
  Name extends string,
  R extends keyof Spatial,
  W extends WindowType | null,
  Size = undefined,
> =
  Unranked<S> extends true
    ? Shape
    : Split<S, R> extends readonly [infer Lead extends Shape, infer Space extends Shape]
      ? [Size] extends [undefined]
        ? readonly [...Lead, ...UnslideSizes<Space, W>]
        : readonly [...Lead, ...(Size extends Shape ? LastSizes<Size>[R] : Spatial[R])]
      : WrongRank<Name, Layouts[R], S>

/** The last sizes of a list, by their number. */
interface LastSizes<Size extends Shape> {
  1: Size extends readonly [...Shape, infer A extends number] ? readonly [A] : Spatial[1]
  2: Size extends readonly [...Shape, infer A extends number, infer B extends number]
    ? readonly [A, B]
    : Spatial[2]
  3: Size extends readonly [...Shape, infer A extends number, infer B extends number, infer C extends number]
    ? readonly [A, B, C]
    : Spatial[3]
}

/** Known sizes of indices that differ from the values' are a message. */
export type SameShape<S extends Shape, T extends Shape, Name extends string, What extends string> =
  Unranked<S> extends true
    ? Shape
    : Unranked<T> extends true
      ? Shape
      : S['length'] extends T['length']
        ? {
            readonly [K in keyof S]: K extends keyof T ? MayEqual<S[K], T[K] & number> : false
          } extends infer R extends readonly boolean[]
          ? false extends R[number]
            ? `${Name}: the ${What} have another shape than the input`
            : T
          : never
        : `${Name}: the ${What} have another rank than the input`

/** (N, C, …) at another size: `Size` where it is given, else each spatial size times `Factor`. */
export type ResizeShape<S extends Shape, Name extends string, Size, Factor> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [infer N extends number, infer C extends number, ...infer Space extends Shape]
      ? Space['length'] extends infer R extends keyof Spatial
        ? readonly [
            N,
            C,
            ...([Size] extends [PerAxis]
              ? SizesOf<R, Size>
              : [Factor] extends [PerAxis]
                ? ScaleSizes<Space, Factor>
                : Spatial[R]),
          ]
        : WrongRank<Name, '(N, C, …) with one to three spatial axes', S>
      : WrongRank<Name, '(N, C, …) with one to three spatial axes', S>

/** (…, C·r², H, W) to (…, C, H·r, W·r). */
export type ShuffleShape<S extends Shape, F extends number> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [
          ...infer Lead extends Shape,
          infer C extends number,
          infer H extends number,
          infer W extends number,
        ]
      ? Quotient<C, Multiply<F, F>> extends infer Q extends number
        ? readonly [...Lead, Q, Multiply<H, F>, Multiply<W, F>]
        : `PixelShuffle: ${C} channels do not divide by ${Multiply<F, F>}`
      : WrongRank<'PixelShuffle', '(…, C, H, W)', S>

/** (…, C, H·r, W·r) to (…, C·r², H, W). */
export type UnshuffleShape<S extends Shape, F extends number> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [
          ...infer Lead extends Shape,
          infer C extends number,
          infer H extends number,
          infer W extends number,
        ]
      ? Quotient<H, F> extends infer Y extends number
        ? Quotient<W, F> extends infer X extends number
          ? readonly [...Lead, Multiply<C, Multiply<F, F>>, Y, X]
          : `PixelUnshuffle: a width of ${W} does not divide by ${F}`
        : `PixelUnshuffle: a height of ${H} does not divide by ${F}`
      : WrongRank<'PixelUnshuffle', '(…, C, H, W)', S>

/** Half of one axis. */
export type GluShape<S extends Shape, Axis extends number, Op extends string = 'GLU'> =
  Unranked<S> extends true
    ? Shape
    : AxisOf<S, Axis> extends infer At extends number
      ? [At] extends [never]
        ? MissingAxis<S, Axis, Op>
        : number extends At
          ? { readonly [K in keyof S]: number }
          : Quotient<S[At], 2> extends infer Half extends number
            ? SetAt<S, At, Half>
            : `${Op}: size ${S[At]} of axis ${Axis} is odd`
      : never

/** One axis split into several whose product is its size. */
export type UnflattenShape<
  S extends Shape,
  Axis extends number,
  Sizes extends Shape,
  Op extends string = 'Unflatten',
> =
  Unranked<S> extends true
    ? Shape
    : AxisOf<S, Axis> extends infer At extends number
      ? [At] extends [never]
        ? MissingAxis<S, Axis, Op>
        : number extends At
          ? Shape
          : number extends Sizes['length']
            ? Shape
            : -1 extends Sizes[number]
              ? Splice<S, At, { readonly [K in keyof Sizes]: Sizes[K] extends -1 ? number : Sizes[K] }>
              : MayEqual<S[At], Product<Sizes>> extends true
                ? Splice<S, At, Sizes>
                : `${Op}: size ${S[At]} of axis ${Axis} does not split into sizes with product ${Product<Sizes>}`
      : never

/** S with axis `At` replaced by others. */
type Splice<
  S extends Shape,
  At extends number,
  Sizes extends Shape,
  Done extends Shape = readonly [],
> = S extends readonly [infer N extends number, ...infer Rest extends Shape]
  ? Done['length'] extends At
    ? readonly [...Done, ...Sizes, ...Rest]
    : Splice<Rest, At, Sizes, readonly [...Done, N]>
  : never

/** (N, C, H, W) to (N, C·KH·KW, L), or the same without N; L is how often the block fits. */
export type UnfoldShape<S extends Shape, W extends WindowType> =
  Unranked<S> extends true
    ? Shape
    : Split<S, 2> extends readonly [
          readonly [...infer Batch extends Shape, infer C extends number],
          infer Space extends Shape,
        ]
      ? SlideSizes<Space, W> extends infer Places
        ? Places extends Shape
          ? readonly [...Batch, Multiply<C, Area<W>>, Product<Places>]
          : `Unfold: ${Places & string}`
        : never
      : WrongRank<'Unfold', Layouts[2], S>

type Area<W extends WindowType> = Product<SizesOf<2, W['kernel']>>

/** (N, C·KH·KW, L) to (N, C, …Size), or the same without N. */
export type FoldShape<S extends Shape, Size extends PerAxis, W extends WindowType> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [...infer Batch extends Shape, infer Columns extends number, infer L extends number]
      ? Batch['length'] extends 0 | 1
        ? Quotient<Columns, Area<W>> extends infer C extends number
          ? Places<SizesOf<2, Size>, W> extends infer P extends number
            ? MayEqual<P, L> extends true
              ? readonly [...Batch, C, ...SizesOf<2, Size>]
              : `Fold: ${L} blocks were given, the output has places for ${P}`
            : 'Fold: the block does not fit the output'
          : `Fold: ${Columns} rows do not divide by the block's ${Area<W>} elements`
        : WrongRank<'Fold', '(N, C·KH·KW, L) or (C·KH·KW, L)', S>
      : WrongRank<'Fold', '(N, C·KH·KW, L) or (C·KH·KW, L)', S>

type Places<Space extends Shape, W extends WindowType> =
  SlideSizes<Space, W> extends infer P extends Shape ? Product<P> : null

/** (N, C, …) or (C, …) with R spatial axes made larger. */
export type PadShape<S extends Shape, Name extends string, R extends keyof Spatial, P> =
  Unranked<S> extends true
    ? Shape
    : Split<S, R> extends readonly [infer Lead extends Shape, infer Space extends Shape]
      ? readonly [...Lead, ...PadSizes<Space, P>]
      : WrongRank<Name, Layouts[R], S>

// ---------------------------------------------------------------- rules, for `Sequential`

export interface PoolRule<Name extends string, R extends keyof Spatial, W extends WindowType | null>
  extends ShapeRule {
  readonly output: PoolShape<Given<this['input']>, Name, R, W>
}
export interface ResizeRule<Name extends string, Size, Factor> extends ShapeRule {
  readonly output: ResizeShape<Given<this['input']>, Name, Size, Factor>
}
export interface ShuffleRule<F extends number> extends ShapeRule {
  readonly output: ShuffleShape<Given<this['input']>, F>
}
export interface UnshuffleRule<F extends number> extends ShapeRule {
  readonly output: UnshuffleShape<Given<this['input']>, F>
}
export interface GluRule<Axis extends number> extends ShapeRule {
  readonly output: GluShape<Given<this['input']>, Axis>
}
export interface UnflattenRule<Axis extends number, Sizes extends Shape> extends ShapeRule {
  readonly output: UnflattenShape<Given<this['input']>, Axis, Sizes>
}
export interface UnfoldRule<W extends WindowType> extends ShapeRule {
  readonly output: UnfoldShape<Given<this['input']>, W>
}
export interface FoldRule<Size extends PerAxis, W extends WindowType> extends ShapeRule {
  readonly output: FoldShape<Given<this['input']>, Size, W>
}
export interface PadRule<Name extends string, R extends keyof Spatial, P> extends ShapeRule {
  readonly output: PadShape<Given<this['input']>, Name, R, P>
}
