/** The shapes of reductions, as types. */
import type { Shape } from '../core/shape.js'
import type { AxisOf, MissingAxis, RemoveAt, SetAt } from './axis-shapes.js'
import type { ShapeOr, Unranked } from './shape-types.js'

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
