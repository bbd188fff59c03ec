/**
 * Shapes as types. Literal sizes flow through the common operations; `number` is a size that is not known, and a plain
 * `Shape` a rank that is not known: both fit everything. Known sizes that do not fit give a string type, a sentence
 * that the compiler prints. The families of operations have files of their own (`*-shapes.ts`).
 *
 * To keep checking cheap, each operation is one alias that recurses at most once over the rank.
 */
import type { Shape } from '../core/shape.js'

/** True when the rank is not known. */
export type Unranked<S extends Shape> = number extends S['length'] ? true : false

/** The shape, or any shape where the operation's type is a message. */
export type ShapeOr<R> = R extends Shape ? R : Shape

/** What an argument must be besides a tensor: nothing when the shapes fit, else the message (which it cannot be). */
export type Fits<R> = [R] extends [never] ? unknown : R extends string ? R : unknown

/** Whether two sizes may be equal. */
export type MayEqual<X extends number, Y extends number> = number extends X
  ? true
  : number extends Y
    ? true
    : X extends Y
      ? true
      : false
