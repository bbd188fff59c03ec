/** Cotangents of slices are put together, not added. */
import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { sumCotangents } from '../../src/ir/sum-cotangents.js'
import { realize } from '../../src/runtime/realize.js'

const value = (...shape: number[]): Node => b.placeholder(shape, 'f32')
const pad = (x: Node, low: number, high: number, fill = 0): Node =>
  b.pad(x, [0, low], [0, high], [0, 0], fill)
const sum = (...list: Node[]): Node => sumCotangents(b, list)!

describe('sums of cotangents', () => {
  const [p, q, r] = [value(2, 3), value(2, 4), value(2, 5)]

  it('of pieces that make up the whole, in any order, are a concatenation', () => {
    for (const list of [
      [pad(p, 0, 9), pad(q, 3, 5), pad(r, 7, 0)],
      [pad(q, 3, 5), pad(r, 7, 0), pad(p, 0, 9)],
    ]) {
      const whole = sum(...list)
      expect(whole.op).toBe('concat')
      expect(whole.inputs).toEqual([p, q, r])
    }
  })

  it('of neighbours are padded once', () => {
    const some = sum(pad(r, 7, 0), pad(q, 3, 5))
    expect(some.op).toBe('pad')
    expect(some.attrs).toMatchObject({ low: [0, 3], high: [0, 0] })
    expect(some.inputs[0].inputs).toEqual([q, r])
  })

  it('are added where pieces overlap, lie apart, are filled otherwise or lie along another axis', () => {
    const whole = value(2, 12)
    expect(sum(pad(p, 0, 9), pad(p, 0, 9)).op).toBe('add')
    expect(sum(pad(p, 0, 9), pad(r, 7, 0)).op).toBe('add')
    expect(sum(pad(p, 0, 9, 1), pad(q, 3, 5)).op).toBe('add')
    expect(sum(b.pad(value(1, 12), [0, 0], [1, 0], [0, 0], 0), pad(p, 0, 9)).op).toBe('add')
    const added = sum(pad(p, 0, 9), whole, pad(q, 3, 5))
    expect(added.op).toBe('add')
    expect(added.inputs[0]).toBe(whole)
  })

  it('that are computed already are added as they are', () => {
    const seed = b.pad(b.literal(p, 1), [0, 0], [0, 9], [0, 0], 0)
    realize([seed])
    expect(sum(seed, pad(q, 3, 5)).op).toBe('add')
    const lone = pad(q, 3, 5)
    expect(sum(value(2, 12), lone).inputs[1]).toBe(lone)
  })

  it('of one is itself, of none is none', () => {
    expect(sum(p)).toBe(p)
    expect(sumCotangents(b, [])).toBeNull()
  })
})
