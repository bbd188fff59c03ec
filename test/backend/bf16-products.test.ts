/**
 * Products with operands rounded to bf16 on every compiled backend against the reference: with the processor's
 * instruction, without it, and on instruction sets that have none. Whole numbers are exact in every order of
 * summation: there the bits are equal. EFFORT=n tries n times as many.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { lowerGraph } from '../../src/codegen/lower.js'
import { printKernel } from '../../src/codegen/print.js'
import { sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import type { Node } from '../../src/ir/node.js'
import { roundProducts } from '../../src/ir/round-products.js'
import { type CompiledBackend, compiledBackends } from '../helpers/compiled-backends.js'
import { type Random, seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'
import { allOpCases, instantiate } from '../ir/op-cases.js'

/** How many times as many cases as in every run. */
const effort = Number(process.env.EFFORT ?? 1)

const products = allOpCases
  .filter(({ op }) => op === 'contract' || op === 'conv')
  .filter((_, i) => i % 4 === 0 || effort > 1)

const rounded = (outputs: readonly Node[], inputs: readonly Node[]): readonly Node[] =>
  roundProducts({ inputs, outputs, donations: new Map() }).outputs

interface Case {
  readonly inputs: readonly Node[]
  readonly outputs: readonly Node[]
  readonly values: readonly number[][]
}

const sizes = [1, 2, 3, 4, 5, 7, 13, 16, 17, 31, 33, 65]

/** A value of the given shape whose axes lie in another order in memory, and perhaps are a part of something larger. */
function viewOf(r: Random, shape: readonly number[], inputs: Node[]): Node {
  const order = r.shuffle([...shape.keys()])
  const stored = order.map((a) => shape[a])
  const extra = stored.map(() => (r.next() < 0.15 ? r.integer(0, 3) : 0))
  const x = b.placeholder(
    stored.map((n, a) => n + extra[a]),
    'f32',
  )
  inputs.push(x)
  const part = b.slice(
    x,
    extra.map((e) => (e > 1 ? 1 : 0)),
    stored.map((n, a) => n + (extra[a] > 1 ? 1 : 0)),
  )
  const value = b.permute(part, b.inverse(order))
  return r.next() < 0.3 ? b.mul(value, b.literal(value, 2)) : value
}

/** Whole numbers of up to three bits: products and their sums are exact. */
const whole = (r: Random, n: Node): number[] =>
  Array.from({ length: sizeOf(n.shape) }, () => r.integer(-7, 8))

function randomContract(seed: number): Case {
  const r = seeded(seed)
  const pick = (most: number): number[] => {
    const shape = Array.from({ length: r.integer(1, most + 1) }, () => r.pick(sizes))
    while (sizeOf(shape) > 400) shape.pop()
    return shape.length === 0 ? [65] : shape
  }
  const [rows, columns, inner] = [pick(2), pick(2), pick(3)]
  const batch = r.next() < 0.3 ? [r.integer(1, 4)] : []
  const count = (list: readonly number[], from: number): number[] => list.map((_, i) => from + i)
  const inputs: Node[] = []
  const left = viewOf(r, [...batch, ...rows, ...inner], inputs)
  const order = r.shuffle([...inner.keys()])
  const right = viewOf(r, [...batch, ...order.map((a) => inner[a]), ...columns], inputs)
  const product = b.contract(left, right, {
    batch: [count(batch, 0), count(batch, 0)],
    contracting: [order.map((a) => batch.length + rows.length + a), order.map((_, i) => batch.length + i)],
    accumulate: 'f32',
  })
  const [y] = rounded([r.next() < 0.3 ? b.neg(product) : product], inputs)
  return { inputs, outputs: [y], values: inputs.map((n) => whole(r, n)) }
}

/** A convolution and both its gradients. */
function randomConv(seed: number): Case {
  const r = seeded(seed)
  const groups = r.pick([1, 1, 1, 2])
  const [n, c, o] = [r.pick([1, 2, 9]), r.pick([1, 2, 3, 8, 17]), r.pick([1, 4, 5, 16])]
  const taps = r.pick([1, 2, 3, 5])
  const side = taps + r.integer(0, 9)
  const padding = r.integer(0, 3)
  const x = b.placeholder([n, c * groups, side, side + 1], 'f32')
  const w = b.placeholder([o * groups, c, taps, taps], 'f32')
  const stride = r.pick([1, 1, 2])
  const y = b.conv(x, w, {
    stride: [stride, stride],
    padding: [
      [padding, padding],
      [padding, 0],
    ],
    dilation: [1, 1],
    inputDilation: [1, 1],
    groups,
  })
  const g = b.placeholder(y.shape, 'f32')
  const gradients = pullback(b, [y], [g], [x, w])
  const inputs = [x, w, g]
  const outputs = rounded([y, ...gradients.map((d) => d!)], inputs)
  return { inputs, outputs, values: inputs.map((node) => whole(r, node)) }
}

describe.each(await compiledBackends())('products of bf16 on $name', ({ name, make, absent }) => {
  const made: CompiledBackend[] = []
  afterAll(() => {
    for (const backend of made) backend.close()
  })
  const backends = async (): Promise<CompiledBackend[]> => {
    if (made.length === 0) {
      made.push(await make({ threads: 1 }), await make({ threads: 2, target: { serialWork: 1 } }))
      if (made[0].target.bf16Products === true)
        made.push(await make({ threads: 1, target: { bf16Products: false } }))
    }
    return made
  }
  const check = ({ inputs, outputs, values }: Case, on: readonly CompiledBackend[], what: string): void => {
    const expected = runGraph(outputs, inputs, values)
    for (const backend of on) expect(runGraph(outputs, inputs, values, backend), what).toEqual(expected)
  }

  test.skipIf(absent !== null)('the cases of contractions and convolutions', async () => {
    const on = await backends()
    for (const row of products) {
      const { outputs, inputs, values } = instantiate(row, 1)
      const products = rounded(outputs, inputs)
      const expected = runGraph(products, inputs, values)
      for (const backend of on) {
        const got = runGraph(products, inputs, values, backend)
        for (const [i, o] of outputs.entries())
          expectClose(got[i], expected[i], toleranceOf(o.dtype, row.tolerance), `${row.name} on ${name}`)
      }
    }
  })

  test.skipIf(absent !== null)('contractions of all layouts, exactly', async () => {
    const on = await backends()
    for (let seed = 0; seed < 20 * effort; seed++) check(randomContract(seed), on, `contraction ${seed}`)
  })

  test.skipIf(absent !== null)('convolutions and their gradients, exactly', async () => {
    const on = await backends()
    for (let seed = 0; seed < 6 * effort; seed++) check(randomConv(seed), on, `convolution ${seed}`)
  })

  test.skipIf(absent !== null)('the instruction is used where there is one, and nowhere else', async () => {
    const [x, y] = [b.placeholder([40, 50], 'f32'), b.placeholder([50, 60], 'f32')]
    const attrs = { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' } as const
    const text = (outputs: readonly Node[], backend: CompiledBackend): string =>
      lowerGraph({ inputs: [x, y], outputs, donations: new Map() }, backend.target)
        .kernels.map(printKernel)
        .join('\n')
    for (const backend of await backends()) {
      const product = b.contract(x, y, attrs)
      const uses = backend.target.bf16Products === true
      expect(text(rounded([product], [x, y]), backend).includes('dotPairs')).toBe(uses)
      expect(text([product], backend)).not.toContain('dotPairs')
      // A contraction of bf16 is summed in f32 as well.
      const half = b.contract(b.cast(x, 'bf16'), b.cast(y, 'bf16'), attrs)
      expect(text([half], backend).includes('dotPairs')).toBe(uses)
    }
  })
})
