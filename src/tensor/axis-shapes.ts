/** Axes as types: which one a number names, and shapes with an axis changed, dropped or added. */
import type { Shape } from '../core/shape.js'
import type { Unranked } from './shape-types.js'

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

export type RemoveAt<
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

export type InsertAt<
  S extends Shape,
  At extends number,
  N extends number,
  Done extends Shape = readonly [],
> = Done['length'] extends At
  ? readonly [...Done, N, ...S]
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? InsertAt<Rest, At, N, readonly [...Done, First]>
    : never

/** The rank without the sizes. */
export type UnknownSizes<S extends Shape> = { readonly [K in keyof S]: number }
