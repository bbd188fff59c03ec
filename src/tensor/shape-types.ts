/**
 * Shapes as types. Literal sizes flow through the common operations; `number` is a size that is not known, and a plain
 * `Shape` a rank that is not known: both fit everything. Known sizes that do not fit give a string type, a sentence
 * that the compiler prints.
 *
 * To keep checking cheap, each operation is one alias that recurses at most once over the rank.
 */
import type { Shape } from '../core/shape.js'
import type { Add, Multiply, Product } from './shape-arithmetic.js'

/** True when the rank is not known. */
export type Unranked<S extends Shape> = number extends S['length'] ? true : false

/** The shape, or any shape where the operation's type is a message. */
export type ShapeOr<R> = R extends Shape ? R : Shape

/** What an argument must be besides a tensor: nothing when the shapes fit, else the message (which it cannot be). */
export type Fits<R> = [R] extends [never] ? unknown : R extends string ? R : unknown

// ---------------------------------------------------------------- broadcasting

/** One pair of sizes; `never` when they do not broadcast. */
type BroadcastSize<X extends number, Y extends number> = number extends X
  ? Y extends 1
    ? number
    : Y
  : number extends Y
    ? X extends 1
      ? number
      : X
    : X extends 1
      ? Y
      : Y extends 1
        ? X
        : X extends Y
          ? X
          : never

type BroadcastTuples<
  A extends Shape,
  B extends Shape,
  Op extends string,
  Done extends Shape,
> = A extends readonly [...infer LeadA extends Shape, infer X extends number]
  ? B extends readonly [...infer LeadB extends Shape, infer Y extends number]
    ? [BroadcastSize<X, Y>] extends [never]
      ? `${Op}: sizes ${X} and ${Y} do not broadcast`
      : BroadcastTuples<LeadA, LeadB, Op, readonly [BroadcastSize<X, Y>, ...Done]>
    : readonly [...A, ...Done]
  : readonly [...B, ...Done]

/** The shape both broadcast to, or a message. */
export type BroadcastResult<
  A extends Shape,
  B extends Shape,
  Op extends string = 'broadcast',
> = B extends readonly []
  ? A
  : Unranked<A> extends true
    ? Shape
    : Unranked<B> extends true
      ? Shape
      : BroadcastTuples<A, B, Op, readonly []>

/** The shape that three shapes broadcast to, or a message. */
export type BroadcastResult3<A extends Shape, B extends Shape, C extends Shape, Op extends string> =
  BroadcastResult<A, B, Op> extends infer R ? (R extends Shape ? BroadcastResult<R, C, Op> : R) : never

export type Broadcast<A extends Shape, B extends Shape> = ShapeOr<BroadcastResult<A, B>>

// ---------------------------------------------------------------- matrix products

/** Whether two sizes may be equal. */
export type MayEqual<X extends number, Y extends number> = number extends X
  ? true
  : number extends Y
    ? true
    : X extends Y
      ? true
      : false

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

// ---------------------------------------------------------------- axes

/** n unknown elements, for counting from the end. */
interface Elements {
  1: readonly [number]
  2: readonly [number, number]
  3: readonly [number, number, number]
  4: readonly [number, number, number, number]
  5: readonly [number, number, number, number, number]
  6: readonly [number, number, number, number, number, number]
}

/** An axis counted from the front, as a literal; `number` when it is not known, `never` when it does not exist. */
export type AxisOf<S extends Shape, Axis extends number> = number extends Axis
  ? number
  : Unranked<S> extends true
    ? number
    : `${Axis}` extends `-${infer Back extends number}`
      ? Back extends keyof Elements
        ? S extends readonly [...infer Lead, ...Elements[Back]]
          ? Lead['length']
          : never
        : number
      : `${Axis}` extends keyof S
        ? Axis
        : never

export type MissingAxis<
  S extends Shape,
  Axis extends number,
  Op extends string,
> = `${Op}: axis ${Axis} does not exist in a tensor of rank ${S['length']}`

/** S with another size on one axis. */
export type SetAt<S extends Shape, At extends number, N extends number> = {
  readonly [K in keyof S]: K extends `${At}` ? N : S[K]
}

type RemoveAt<
  S extends Shape,
  At extends number,
  Done extends Shape = readonly [],
> = Done['length'] extends At
  ? S extends readonly [number, ...infer Rest extends Shape]
    ? readonly [...Done, ...Rest]
    : Done
  : S extends readonly [infer N extends number, ...infer Rest extends Shape]
    ? RemoveAt<Rest, At, readonly [...Done, N]>
    : Done

type InsertAt<
  S extends Shape,
  At extends number,
  N extends number,
  Done extends Shape = readonly [],
> = Done['length'] extends At
  ? readonly [...Done, N, ...S]
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? InsertAt<Rest, At, N, readonly [...Done, First]>
    : never

type Ones<S extends Shape> = { readonly [K in keyof S]: 1 }

type ReduceOne<S extends Shape, Axis extends number, Keepdim extends boolean, Op extends string> =
  AxisOf<S, Axis> extends infer At extends number
    ? [At] extends [never]
      ? S extends readonly []
        ? S
        : MissingAxis<S, Axis, Op>
      : number extends At
        ? Shape
        : boolean extends Keepdim
          ? Shape
          : Keepdim extends true
            ? SetAt<S, At, 1>
            : RemoveAt<S, At>
    : Shape

/** Without keepdim, several axes are first set to 1 so that positions hold, then dropped where they were reduced. */
type DropAxes<
  S extends Shape,
  Positions,
  Index extends readonly unknown[],
  Done extends Shape,
> = S extends readonly [infer N extends number, ...infer Rest extends Shape]
  ? DropAxes<
      Rest,
      Positions,
      readonly [...Index, unknown],
      Index['length'] extends Positions ? Done : readonly [...Done, N]
    >
  : Done

type ReduceList<
  S extends Shape,
  Axes extends readonly number[],
  Keepdim extends boolean,
  Op extends string,
> = number extends Axes['length']
  ? Shape
  : { [K in keyof Axes]: AxisOf<S, Axes[K]> }[number] extends infer At
    ? number extends At
      ? Shape
      : boolean extends Keepdim
        ? Shape
        : Keepdim extends true
          ? { readonly [K in keyof S]: K extends `${At & number}` ? 1 : S[K] }
          : DropAxes<S, At, readonly [], readonly []>
    : `${Op}: unknown axes`

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

/** A reduction over one axis, a list, or (undefined) everything; or a message. */
export type ReduceResult<
  S extends Shape,
  Axis extends number | readonly number[] | undefined | null,
  Keepdim extends boolean = false,
  Op extends string = 'reduce',
> = [Axis] extends [undefined | null]
  ? boolean extends Keepdim
    ? Shape
    : Keepdim extends true
      ? Ones<S>
      : readonly []
  : Unranked<S> extends true
    ? Shape
    : Axis extends number
      ? ReduceOne<S, Axis, Keepdim, Op>
      : Axis extends readonly number[]
        ? ReduceList<S, Axis, Keepdim, Op>
        : Shape

export type Reduce<
  S extends Shape,
  Axis extends number | readonly number[] | undefined | null,
  Keepdim extends boolean = false,
> = ShapeOr<ReduceResult<S, Axis, Keepdim>>

// ---------------------------------------------------------------- movement

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

/** The rank without the sizes. */
export type UnknownSizes<S extends Shape> = { readonly [K in keyof S]: number }

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

// ---------------------------------------------------------------- joining

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

// ---------------------------------------------------------------- NumPy's indexing

/** What `at` does to a shape: one step an index. Tensors, lists and masks give a shape that is not known. */
type AtTuple<S extends Shape, I extends readonly unknown[], Done extends Shape> = I extends readonly [
  infer Item,
  ...infer Rest,
]
  ? [Item] extends [null]
    ? AtTuple<S, Rest, readonly [...Done, 1]>
    : [Item] extends ['...']
      ? Rest extends readonly []
        ? readonly [...Done, ...S]
        : Shape
      : [Item] extends [number | string | { readonly step: number | null }]
        ? S extends readonly [infer N extends number, ...infer Others extends Shape]
          ? AtTuple<
              Others,
              Rest,
              [Item] extends [number]
                ? Done
                : readonly [...Done, [Item] extends [':' | '::' | '::-1'] ? N : number]
            >
          : 'at: more indices than axes'
        : Shape
  : readonly [...Done, ...S]

/** The shape of `x.at(...indices)`, or a message. */
export type AtResult<S extends Shape, I extends readonly unknown[]> = number extends I['length']
  ? Shape
  : Unranked<S> extends true
    ? Shape
    : AtTuple<S, I, readonly []>

export type At<S extends Shape, I extends readonly unknown[]> = ShapeOr<AtResult<S, I>>
