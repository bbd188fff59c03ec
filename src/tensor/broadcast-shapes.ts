/** The shapes that shapes broadcast to, as types. */
import type { Shape } from '../core/shape.js'
import type { ShapeOr, Unranked } from './shape-types.js'

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
