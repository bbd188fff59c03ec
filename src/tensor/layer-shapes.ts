/**
 * What layers do to shapes, as types: literal sizes flow through `forward` and through `Sequential`, and a known size that
 * does not fit is a sentence that the compiler prints. Unknown sizes and plain tensors fit everything.
 */
import type { Shape } from '../core/shape.js'
import type { LinearResult } from './matmul-shapes.js'
import type { FlattenResult } from './movement-shapes.js'
import type { Add } from './shape-arithmetic.js'
import type { MayEqual, Unranked } from './shape-types.js'
import type { PerAxis, Repeats, SlideSizes, UnslideSizes, WindowType } from './window-shapes.js'

/** A function on shapes as a type: `input` goes in, `output` is the shape that comes out or a message. */
export interface ShapeRule {
  readonly input: unknown
  readonly output: unknown
}

/**
 * What layers name beside their rule, which is the parameter of a method `~shapes`. Each rule is assignable to this, so that
 * layers are not compared by their rules but by the sizes that the method gives: a layer of known sizes is one of unknown
 * sizes, and not one of other sizes.
 */
export interface BaseRule extends ShapeRule {
  readonly base?: true
}

type WithoutBase<R> = R extends ShapeRule ? ('base' extends keyof R ? never : R) : never

/** The rule's result for a shape. */
export type Apply<R extends ShapeRule, S extends Shape> = (R & { readonly input: S })['output']

// ---------------------------------------------------------------- shapes of results

/** Spatial axes by their number. */
export type Spatial = Repeats

interface Layouts {
  1: '(N, C, L)'
  2: '(N, C, H, W)'
  3: '(N, C, D, H, W)'
}

export type WrongRank<
  Name extends string,
  Layout extends string,
  S extends Shape,
> = `${Name}: the input is ${Layout}, not a tensor of rank ${S['length']}`

export type WrongChannels<
  Name extends string,
  Got extends number,
  Expected extends number,
> = `${Name}: the input has ${Got} channels, the layer takes ${Expected}`

/** The leading axes followed by spatial ones; a message gets the layer's name. */
export type WithSpace<Name extends string, Lead extends Shape, Space> = Space extends Shape
  ? readonly [...Lead, ...Space]
  : `${Name}: ${Space & string}`

/**
 * (N, C, …) to (N, Out, …) with the spatial sizes that the window W gives, unknown ones for `null`. C is `number` for
 * layers that take any, Out `null` for those that keep it.
 */
export type ConvShape<
  S extends Shape,
  Name extends string,
  R extends keyof Spatial,
  C extends number,
  Out extends number | null,
  W extends WindowType | null = null,
> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [infer N extends number, infer K extends number, ...infer Space extends Spatial[R]]
      ? MayEqual<K, C> extends true
        ? WithSpace<Name, readonly [N, Out extends number ? Out : K], SlideSizes<Space, W>>
        : WrongChannels<Name, K, C>
      : WrongRank<Name, Layouts[R], S>

/** The same for the transpose of a convolution, whose sizes are those from which the window gives the input's. */
export type ConvTransposeShape<
  S extends Shape,
  Name extends string,
  R extends keyof Spatial,
  C extends number,
  Out extends number,
  W extends WindowType | null = null,
  Extra extends PerAxis = 0,
> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [infer N extends number, infer K extends number, ...infer Space extends Spatial[R]]
      ? MayEqual<K, C> extends true
        ? readonly [N, Out, ...UnslideSizes<Space, W, Extra>]
        : WrongChannels<Name, K, C>
      : WrongRank<Name, Layouts[R], S>

/** (N, C, …) to (N, C, …Size). */
export type AdaptiveShape<
  S extends Shape,
  Name extends string,
  R extends keyof Spatial,
  Size extends number | readonly number[],
> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [infer N extends number, infer K extends number, ...Spatial[R]]
      ? Size extends Shape
        ? readonly [N, K, ...Size]
        : Size extends number
          ? readonly [N, K, ...Repeats<Size>[R]]
          : Shape
      : WrongRank<Name, Layouts[R], S>

/** (N, C, …) unchanged, C checked. */
export type ChannelShape<
  S extends Shape,
  Name extends string,
  C extends number,
  Layout extends string = '(N, C, …)',
> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [number, infer K extends number, ...Shape]
      ? MayEqual<K, C> extends true
        ? S
        : WrongChannels<Name, K, C>
      : WrongRank<Name, Layout, S>

/** (N, C, …) of R spatial axes unchanged, C checked. */
export type ImageShape<S extends Shape, Name extends string, C extends number, R extends keyof Spatial> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [number, number, ...Spatial[R]]
      ? ChannelShape<S, Name, C>
      : WrongRank<Name, Layouts[R], S>

/** (…, F) to (…, Out) (F itself where Out is null), F checked. */
export type FeatureShape<
  S extends Shape,
  Name extends string,
  F extends number,
  Out extends number | null = null,
> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [...infer Lead extends Shape, infer K extends number]
      ? MayEqual<K, F> extends true
        ? readonly [...Lead, Out extends number ? Out : K]
        : `${Name}: the input has ${K} features, the layer takes ${F}`
      : `${Name}: a 0-d tensor has no features`

/** The last of the sizes that a normalisation goes over. */
export type LastSize<N> = N extends number
  ? N
  : N extends readonly [...unknown[], infer Last extends number]
    ? Last
    : number

/** (…, F) to (…, Out) (F itself where Out is null) for the ranks of a layout. */
export type RankedFeatureShape<
  S extends Shape,
  Name extends string,
  Ranks extends number,
  Layout extends string,
  F extends number,
  Out extends number | null = null,
> =
  Unranked<S> extends true
    ? Shape
    : S['length'] extends Ranks
      ? FeatureShape<S, Name, F, Out>
      : WrongRank<Name, Layout, S>

/** (T, N, In) or (T, In) to the outputs of the last layer: twice as wide in two directions. */
export type RecurrentShape<
  S extends Shape,
  Name extends string,
  In extends number,
  Hidden extends number,
  Both extends boolean,
> = RankedFeatureShape<
  S,
  Name,
  2 | 3,
  '(T, N, F) or (T, F)',
  In,
  boolean extends Both ? number : Both extends true ? Add<Hidden, Hidden> : Hidden
>

/** The input of a recurrent layer to its states (layers·directions, N, H), without N where the input has none. */
export type RecurrentStateShape<S extends Shape, Hidden extends number> = S extends readonly [
  number,
  number,
  number,
]
  ? readonly [number, number, Hidden]
  : S extends readonly [number, number]
    ? readonly [number, Hidden]
    : Shape

/** (N, In) or (In) to (N, Hidden) or (Hidden): one step. */
export type CellShape<
  S extends Shape,
  Name extends string,
  In extends number,
  Hidden extends number,
> = RankedFeatureShape<S, Name, 1 | 2, '(N, F) or (F)', In, Hidden>

/** (L, N, E) or (N, L, E), unchanged, E checked. */
export type SequenceShape<S extends Shape, Name extends string, E extends number> = RankedFeatureShape<
  S,
  Name,
  3,
  '(L, N, E) or (N, L, E)',
  E
>

/** The shape of a tensor that is not given. */
export type NoShape = readonly [never]

/** (bags, length) of indices to (bags, D); 1-d indices have as many bags as offsets, one less where the last is an end. */
export type EmbeddingBagShape<
  S extends Shape,
  Offsets extends Shape,
  D extends number,
  Last extends boolean,
> =
  Unranked<S> extends true
    ? readonly [number, D]
    : S extends readonly [infer Bags extends number, number]
      ? [Offsets] extends [NoShape]
        ? readonly [Bags, D]
        : Unranked<Offsets> extends true
          ? readonly [Bags, D]
          : 'EmbeddingBag: offsets go with 1-d indices'
      : S extends readonly [number]
        ? [Offsets] extends [NoShape]
          ? 'EmbeddingBag: 1-d indices need offsets'
          : Offsets extends readonly [infer Starts extends number]
            ? readonly [[Last] extends [false] ? Starts : number, D]
            : readonly [number, D]
        : WrongRank<'EmbeddingBag', '(bags, length) or 1-d', S>

/** An axis more, of size D. */
export type EmbeddingShape<S extends Shape, D extends number> =
  Unranked<S> extends true ? Shape : readonly [...S, D]

/** Modules one after the other: a message stays one, a module without a rule gives any shape. */
export type ChainShape<S, L extends readonly unknown[]> = S extends Shape
  ? number extends L['length']
    ? Shape
    : L extends readonly [infer First, ...infer Rest]
      ? ChainShape<StepShape<S, First>, Rest>
      : S
  : S

type StepShape<S extends Shape, M> = M extends { '~shapes'?(rule: infer Rule): void }
  ? WithoutBase<Rule> extends infer R extends ShapeRule
    ? [R] extends [never]
      ? Shape
      : Apply<R, S>
    : Shape
  : Shape

/** What `functional.linear` gives for weights (out, in). */
export type LinearOf<S extends Shape, W extends Shape> = W extends readonly [
  infer Out extends number,
  infer In extends number,
]
  ? LinearResult<S, In, Out>
  : Shape

/** What `functional.conv…` gives for weights (out, in / groups, …); `groups` is not looked at. */
export type ConvOf<
  S extends Shape,
  W extends Shape,
  Name extends string,
  R extends keyof Spatial,
> = W extends readonly [infer Out extends number, number, ...Spatial[R]]
  ? ConvShape<S, Name, R, number, Out>
  : Unranked<W> extends true
    ? Shape
    : WrongRank<`${Name} weight`, '(out, in, …)', W>

// ---------------------------------------------------------------- rules of layers, for `Sequential`

/** The input of a rule as a shape. */
export type Given<I> = I extends Shape ? I : never

export interface SameRule extends ShapeRule {
  readonly output: this['input']
}
export interface LinearRule<In extends number, Out extends number> extends ShapeRule {
  readonly output: LinearResult<Given<this['input']>, In, Out>
}
export interface ConvRule<
  Name extends string,
  R extends keyof Spatial,
  C extends number,
  Out extends number | null,
  W extends WindowType | null = null,
> extends ShapeRule {
  readonly output: ConvShape<Given<this['input']>, Name, R, C, Out, W>
}
export interface ConvTransposeRule<
  Name extends string,
  R extends keyof Spatial,
  C extends number,
  Out extends number,
  W extends WindowType | null = null,
  Extra extends PerAxis = 0,
> extends ShapeRule {
  readonly output: ConvTransposeShape<Given<this['input']>, Name, R, C, Out, W, Extra>
}
export interface AdaptiveRule<
  Name extends string,
  R extends keyof Spatial,
  Size extends number | readonly number[],
> extends ShapeRule {
  readonly output: AdaptiveShape<Given<this['input']>, Name, R, Size>
}
export interface ChannelRule<Name extends string, C extends number, Layout extends string> extends ShapeRule {
  readonly output: ChannelShape<Given<this['input']>, Name, C, Layout>
}
export interface ImageRule<Name extends string, C extends number, R extends keyof Spatial> extends ShapeRule {
  readonly output: ImageShape<Given<this['input']>, Name, C, R>
}
export interface FeatureRule<Name extends string, F extends number> extends ShapeRule {
  readonly output: FeatureShape<Given<this['input']>, Name, F>
}
export interface CellRule<Name extends string, In extends number, Hidden extends number> extends ShapeRule {
  readonly output: CellShape<Given<this['input']>, Name, In, Hidden>
}
export interface SequenceRule<Name extends string, E extends number> extends ShapeRule {
  readonly output: SequenceShape<Given<this['input']>, Name, E>
}
export interface EmbeddingBagRule<D extends number> extends ShapeRule {
  readonly output: EmbeddingBagShape<Given<this['input']>, NoShape, D, false>
}
export interface EmbeddingRule<D extends number> extends ShapeRule {
  readonly output: EmbeddingShape<Given<this['input']>, D>
}
export interface FlattenRule<Start extends number, End extends number> extends ShapeRule {
  readonly output: FlattenResult<Given<this['input']>, Start, End>
}
export interface ChainRule<L extends readonly unknown[]> extends ShapeRule {
  readonly output: ChainShape<Given<this['input']>, L>
}
