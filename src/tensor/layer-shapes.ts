/**
 * What layers do to shapes, as types: literal sizes flow through `forward` and through `Sequential`, and a known size that
 * does not fit is a sentence that the compiler prints. Unknown sizes and plain tensors fit everything.
 */
import type { Shape } from '../core/shape.js'
import type { FlattenResult, LinearResult, MayEqual, Unranked } from './shape-types.js'

/** A function on shapes as a type: `input` goes in, `output` is the shape that comes out or a message. */
export interface ShapeRule {
  readonly input: unknown
  readonly output: unknown
}

/** The rule's result for a shape. */
export type Apply<R extends ShapeRule, S extends Shape> = (R & { readonly input: S })['output']

// ---------------------------------------------------------------- shapes of results

/** Spatial axes by their number. */
interface Spatial {
  1: readonly [number]
  2: readonly [number, number]
  3: readonly [number, number, number]
}

interface Layouts {
  1: '(N, C, L)'
  2: '(N, C, H, W)'
  3: '(N, C, D, H, W)'
}

type WrongRank<
  Name extends string,
  Layout extends string,
  S extends Shape,
> = `${Name}: the input is ${Layout}, not a tensor of rank ${S['length']}`

type WrongChannels<
  Name extends string,
  Got extends number,
  Expected extends number,
> = `${Name}: the input has ${Got} channels, the layer takes ${Expected}`

/** (N, C, …) to (N, Out, …) with other spatial sizes. C is `number` for layers that take any. */
export type ConvShape<
  S extends Shape,
  Name extends string,
  R extends keyof Spatial,
  C extends number,
  Out extends number | null,
> =
  Unranked<S> extends true
    ? Shape
    : S extends readonly [infer N extends number, infer K extends number, ...Spatial[R]]
      ? MayEqual<K, C> extends true
        ? readonly [N, Out extends number ? Out : K, ...Spatial[R]]
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
          ? readonly [N, K, ...Repeated<Size>[R]]
          : Shape
      : WrongRank<Name, Layouts[R], S>

interface Repeated<N extends number> {
  1: readonly [N]
  2: readonly [N, N]
  3: readonly [N, N, N]
}

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

/** (T, N, In) or (T, In) to the outputs of the last layer; their width is known in one direction. */
export type RecurrentShape<
  S extends Shape,
  Name extends string,
  In extends number,
  Hidden extends number,
  Both extends boolean,
> =
  Unranked<S> extends true
    ? Shape
    : S['length'] extends 2 | 3
      ? FeatureShape<S, Name, In, Both extends false ? Hidden : number>
      : WrongRank<Name, '(T, N, F) or (T, F)', S>

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

type StepShape<S extends Shape, M> = M extends { readonly '~shapes'?: infer R }
  ? [Exclude<R, undefined>] extends [infer Rule extends ShapeRule]
    ? Apply<Rule, S>
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

type Given<I> = I extends Shape ? I : never

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
> extends ShapeRule {
  readonly output: ConvShape<Given<this['input']>, Name, R, C, Out>
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
export interface EmbeddingRule<D extends number> extends ShapeRule {
  readonly output: EmbeddingShape<Given<this['input']>, D>
}
export interface FlattenRule<Start extends number, End extends number> extends ShapeRule {
  readonly output: FlattenResult<Given<this['input']>, Start, End>
}
export interface ChainRule<L extends readonly unknown[]> extends ShapeRule {
  readonly output: ChainShape<Given<this['input']>, L>
}
