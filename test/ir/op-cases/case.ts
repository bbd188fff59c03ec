/** What a row of the shared table of operation cases is, and the domains its input values are drawn from. */
import { type DType, isFloat } from '../../../src/core/dtype.js'
import { type Shape, sizeOf } from '../../../src/core/shape.js'
import * as builder from '../../../src/ir/build.js'
import type { Node, Primitive } from '../../../src/ir/node.js'
import type { Builder } from '../../../src/ir/rule.js'
import { type Random, seeded } from '../../helpers/random.js'
import type { ToleranceClass } from '../../helpers/tolerance.js'

export type Values = (random: Random, size: number) => number[]

export interface CaseInput {
  readonly shape: Shape
  readonly dtype: DType
  readonly values: Values
}

export interface OpCase {
  readonly name: string
  readonly op: Primitive
  readonly inputs: readonly CaseInput[]
  /** Builds the operation. Takes dtypes from its inputs, so that the case also runs with f64 in place of f32. */
  readonly build: (b: Builder, inputs: readonly Node[]) => Node | readonly Node[]
  readonly tolerance: ToleranceClass
  /** Where the transforms can be compared with differences: not at ties, kinks or NaN, not for integers. */
  readonly smooth: 'both' | 'forward' | 'none'
}

const draw =
  (one: (random: Random) => number): Values =>
  (random, size) =>
    Array.from({ length: size }, () => one(random))

/** Repeats a list of chosen values. */
export const cycle =
  (...list: number[]): Values =>
  (_, size) =>
    Array.from({ length: size }, (_unused, i) => list[i % list.length])

export const domains = {
  normal: draw((r) => r.normal()),
  /** At least 0.3 from zero, so that differences cross no kink. */
  nonzero: draw((r) => (r.next() < 0.5 ? -1 : 1) * r.uniform(0.3, 2)),
  positive: draw((r) => r.uniform(0.4, 2.5)),
  unit: draw((r) => r.uniform(-0.9, 0.9)),
  wide: draw((r) => r.uniform(-20, 20)),
  /** All different, at least 0.05 apart: no ties, and differences do not reorder them. */
  distinct: (r, size) => r.shuffle(Array.from({ length: size }, (_, i) => (i - size / 2 + 0.25) * 0.11)),
  /** Few values, so that many are equal. */
  ties: draw((r) => r.integer(-1, 2)),
  special: cycle(
    Number.NaN,
    1,
    -1,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    -0,
    1e-40,
    -3.5,
    2.5,
    0.5,
    1e30,
  ),
  small: draw((r) => r.integer(-9, 10)),
  bytes: draw((r) => r.integer(0, 256)),
  i32: draw((r) => r.integer(-(2 ** 31), 2 ** 31)),
  bool: draw((r) => r.integer(0, 2)),
} satisfies Record<string, Values>

/** Valid positions on an axis of size n, with duplicates. */
export const positions = (n: number): Values => draw((r) => r.integer(0, n))
/** Each position at most once along every line of `lineLength` elements. */
export const distinctPositions =
  (n: number, lineLength: number): Values =>
  (r, size) => {
    const out: number[] = []
    while (out.length < size)
      out.push(...r.shuffle(Array.from({ length: n }, (_, i) => i)).slice(0, lineLength))
    return out.slice(0, size)
  }

export const input = (shape: Shape, values: Values = domains.normal, dtype: DType = 'f32'): CaseInput => ({
  shape,
  dtype,
  values,
})

export const opCase = (
  op: Primitive,
  name: string,
  inputs: readonly CaseInput[],
  build: OpCase['build'],
  options: { tolerance?: ToleranceClass; smooth?: OpCase['smooth'] } = {},
): OpCase => ({
  op,
  name: `${op} ${name}`,
  inputs,
  build,
  tolerance: options.tolerance ?? 'exact',
  smooth: options.smooth ?? (inputs.some((x) => isFloat(x.dtype)) ? 'both' : 'none'),
})

export const elementwiseShapes: readonly Shape[] = [[], [0], [1], [7], [3, 5], [2, 17], [33]]

/** The case with every f32 input in another float dtype. */
export const withFloat = (row: OpCase, dtype: DType): OpCase => ({
  ...row,
  inputs: row.inputs.map((x) => (x.dtype === 'f32' ? { ...x, dtype } : x)),
})

/** The case's graph on placeholders, and its values. */
export function instantiate(
  row: OpCase,
  seed = 1,
): { inputs: Node[]; outputs: readonly Node[]; values: number[][] } {
  const random = seeded(seed * 7919 + [...row.name].reduce((h, c) => Math.imul(h, 31) + c.charCodeAt(0), 7))
  const inputs = row.inputs.map((x) => builder.placeholder(x.shape, x.dtype))
  const built = row.build(builder, inputs)
  return {
    inputs,
    outputs: Array.isArray(built) ? (built as readonly Node[]) : [built as Node],
    values: row.inputs.map((x) => x.values(random, sizeOf(x.shape))),
  }
}
