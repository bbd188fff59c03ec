/** Strided views: what a broadcast or a reshape reads, as strides over the value behind it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sizeOf } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { stridedView } from '../../src/schedule/operands.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'

it('reads the elements that the node has', () => {
  let through = 0
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const r = seeded(seed)
      const x = b.placeholder(
        Array.from({ length: r.integer(0, 3) }, () => r.integer(1, 4)),
        'f32',
      )
      let y: Node = x
      for (let i = r.integer(0, 5); i > 0; i--) {
        const at = r.integer(0, y.shape.length + 1)
        const inserted = [...y.shape.slice(0, at), 1, ...y.shape.slice(at)]
        const kind = r.integer(0, 6)
        if (kind === 0) y = b.reshape(y, inserted)
        else if (kind === 1) y = b.reshape(y, [sizeOf(y.shape)])
        else if (kind === 2)
          y = b.expand(
            b.reshape(y, inserted),
            inserted.map((n, a) => (a === at ? r.integer(1, 4) : n)),
          )
        else if (kind === 3) {
          y = b.reshape(
            y,
            y.shape.filter((n) => n !== 1),
          )
        } else if (y.shape.length > 0) {
          const axis = r.integer(0, y.shape.length)
          const [n, next] = y.shape.slice(axis)
          const cut = [4, 3, 2].find((by) => n % by === 0) ?? 1
          const instead = kind === 4 ? [n / cut, cut] : [n * (next ?? 1)]
          y = b.reshape(y, [
            ...y.shape.slice(0, axis),
            ...instead,
            ...y.shape.slice(axis + (kind === 4 ? 1 : 2)),
          ])
        }
      }
      const { base, strides } = stridedView(y)
      if (base === x && y !== x) through++
      const values = Array.from({ length: sizeOf(x.shape) }, (_, i) => i)
      const [whole, behind] = runGraph([y, base], [x], [values])
      const at = (p: number): number => {
        let rest = p
        let address = 0
        for (let a = y.shape.length - 1; a >= 0; a--) {
          address += (rest % y.shape[a]) * strides[a]
          rest = Math.floor(rest / y.shape[a])
        }
        return address
      }
      expect(whole.map((_, p) => behind[at(p)])).toEqual(whole)
    }),
    { seed: 5, numRuns: 500 },
  )
  expect(through).toBeGreaterThan(200)
})

it('finds one index a row behind an embedding gradient', () => {
  const index = b.placeholder([5], 'i64')
  const view = stridedView(b.expand(b.reshape(index, [5, 1]), [5, 16]))
  expect(view).toEqual({ base: index, strides: [1, 0] })
})
