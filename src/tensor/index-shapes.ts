/** The shapes of NumPy's indexing, `at`, as types. */
import type { Shape } from '../core/shape.js'
import type { ShapeOr, Unranked } from './shape-types.js'

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
