/** Which values get memory, which kernels join, and in which order they stand. */
import { describe, expect, it } from 'vitest'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { body } from '../ir/op-cases/bodies.js'
import { cut } from './cut.js'

const f32 = (...shape: number[]): Node => b.placeholder(shape, 'f32')
const product = (l: Node, r: Node): Node =>
  b.contract(l, r, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
const rows = (v: Node, shape: number[]): Node => b.expand(b.reshape(v, [1, shape[1]]), shape)

describe('memory', () => {
  it('none for element-wise chains, broadcasts and movement', () => {
    const [x, y] = [f32(8, 16), f32(16)]
    const z = b.flip(b.permute(b.mul(b.add(x, rows(y, [8, 16])), x), [1, 0]), [0])
    expect(cut([x, y], [z])).toMatchInlineSnapshot(`"map flip[16,8] <- in0 in1"`)
  })
  it('for what several kernels need, unless it is cheap', () => {
    const x = f32(8, 16)
    const costly = b.exp(x)
    expect(cut([x], [b.reduceSum(costly, [0]), b.reduceSum(costly, [1])])).toMatchInlineSnapshot(`
      "map exp[8,16] <- in0
      map reduceSum[16] <- exp[8,16]
      map reduceSum[8] <- exp[8,16]"
    `)
    const cheap = b.neg(x)
    expect(cut([x], [b.reduceSum(cheap, [0]), b.reduceSum(cheap, [1])])).toMatchInlineSnapshot(`
      "map reduceSum[16] <- in0
      map reduceSum[8] <- in0"
    `)
  })
  it('none for what costs less to compute again than to read: a masked gradient where its readers read the mask’s source', () => {
    const [z, g, w] = [f32(64, 256), f32(64, 256), f32(256)]
    const mask = b.le(b.add(b.mul(z, rows(w, [64, 256])), rows(w, [64, 256])), b.literal(z, 0))
    const dy = b.where(mask, b.literal(g, 0), g)
    const sum = b.reduceSum(dy, [0])
    const dx = b.sub(b.mul(dy, z), rows(sum, [64, 256]))
    expect(cut([z, g, w], [sum, b.reduceSum(b.mul(dy, z), [0]), dx])).toMatchInlineSnapshot(`
      "map reduceSum[256] <- in0 in2 in1
      map mul[64,256] sub[64,256] <- in0 in2 in1 reduceSum[256]
      map reduceSum[256] <- mul[64,256]"
    `)
    // Where they read the source for the mask alone, or the operations are many, it is kept.
    expect(cut([z, g, w], [sum, b.sub(b.tanh(dy), rows(sum, [64, 256]))])).toMatchInlineSnapshot(`
      "map where[64,256] <- in0 in2 in1
      map reduceSum[256] <- where[64,256]
      map sub[64,256] <- where[64,256] reduceSum[256]"
    `)
    const heavy = b.where(mask, b.literal(g, 0), b.tanh(b.exp(g)))
    expect(cut([z, g, w], [b.reduceSum(heavy, [0]), b.reduceSum(heavy, [1])])).toMatchInlineSnapshot(`
      "map where[64,256] reduceSum[64] <- in0 in2 in1
      map reduceSum[256] <- where[64,256]"
    `)
  })
  it('padded rows of one length only in one kernel', () => {
    const x = f32(8, 16)
    const [wide, tall] = [b.pad(x, [0, 0], [0, 16], [0, 0], 0), b.pad(x, [0, 0], [8, 0], [0, 0], 0)]
    expect(cut([x], [wide, b.neg(wide), tall])).toMatchInlineSnapshot(`
      "map pad[8,32] neg[8,32] <- in0
      map pad[16,16] <- in0"
    `)
  })
  it('for what a broadcast or windows would compute many times', () => {
    const [x, y] = [f32(16), f32(8, 16)]
    expect(cut([x, y], [b.add(y, rows(b.exp(x), [8, 16]))])).toMatchInlineSnapshot(`
      "map exp[16] <- in0
      map add[8,16] <- in1 exp[16]"
    `)
    expect(cut([x, y], [b.add(y, rows(b.neg(x), [8, 16]))])).toMatchInlineSnapshot(
      `"map add[8,16] <- in1 in0"`,
    )
    const windows = b.window(b.pad(x, [1], [1], [0], 0), { size: [3], stride: [1], dilation: [1] })
    expect(cut([x], [b.reduceMax(windows, [1])])).toMatchInlineSnapshot(`
      "map pad[18] <- in0
      map reduceMax[16] <- pad[18]"
    `)
  })
  it('for operands and results of structured primitives', () => {
    const x = f32(8, 16)
    expect(cut([x], b.sort([b.neg(x), x], 1, true))).toMatchInlineSnapshot(`
      "map neg[8,16] <- in0
      structured sort.0[8,16] sort.1[8,16] <- neg[8,16] in0"
    `)
  })
  it('for gathered values under padding, and as the left side of a contraction, which is padded to whole tiles', () => {
    const [x, index] = [f32(9, 16), b.placeholder([5], 'i64')]
    const wide = b.expand(b.reshape(index, [5, 1]), [5, 16])
    const taken = b.gather(x, wide, 0)
    expect(cut([x, index], [b.pad(taken, [1, 0], [0, 0], [0, 0], 0)])).toMatchInlineSnapshot(`
      "map gather[5,16] <- in0 in1
      map pad[6,16] <- gather[5,16]"
    `)
    expect(cut([x, index], [product(taken, b.permute(x, [1, 0]))])).toMatchInlineSnapshot(`
      "map gather[5,16] <- in0 in1
      contract contract[5,9] <- gather[5,16] in0"
    `)
  })
  it('a scatter reads what its index was stretched from, and no literal', () => {
    const [updates, index] = [f32(5, 16), b.placeholder([5], 'i64')]
    const wide = b.expand(b.reshape(index, [5, 1]), [5, 16])
    const zeros = b.expand(b.reshape(b.constant(0, 'f32'), [1, 1]), [9, 16])
    expect(cut([updates, index], [b.scatter(zeros, wide, updates, 0, 'add')])).toMatchInlineSnapshot(
      `"structured scatter[9,16] <- in1 in0"`,
    )
    const ones = b.literal(updates, 1)
    expect(cut([updates, index], [b.scatter(b.exp(updates), wide, ones, 0, 'add')])).toMatchInlineSnapshot(`
      "map exp[5,16] <- in0
      structured scatter[5,16] <- exp[5,16] in1"
    `)
  })
  it('messages along edges are computed where they are added, but for what else is stored', () => {
    const [x, weight, source, to] = [f32(9, 16), f32(5), b.placeholder([5], 'i64'), b.placeholder([5], 'i64')]
    const wide = (n: Node): Node => b.expand(b.reshape(n, [5, 1]), [5, 16])
    const zeros = b.full([9, 16], 0, 'f32')
    const messages = b.mul(b.gather(x, wide(source), 0), wide(weight))
    const inputs = [x, weight, source, to]
    expect(cut(inputs, [b.scatter(zeros, wide(to), messages, 0, 'add')])).toMatchInlineSnapshot(
      `"structured scatter[9,16] <- in3 in0 in2 in1"`,
    )
    // Another kernel reads them too; they are transposed; each element has its own index.
    expect(
      cut(inputs, [b.scatter(zeros, wide(to), messages, 0, 'add'), b.reduceSum(messages, [0])]),
    ).toMatchInlineSnapshot(`
      "map mul[5,16] <- in0 in2 in1
      structured scatter[9,16] <- in3 mul[5,16]
      map reduceSum[16] <- mul[5,16]"
    `)
    const turned = b.permute(b.reshape(b.exp(f32(80)), [16, 5]), [1, 0])
    expect(cut([to], [b.scatter(zeros, wide(to), turned, 0, 'add')])).toMatchInlineSnapshot(`
      "map permute[5,16] <-
      structured scatter[9,16] <- in0 permute[5,16]"
    `)
    const each = b.placeholder([5, 16], 'i64')
    expect(cut([...inputs, each], [b.scatter(zeros, each, messages, 0, 'add')])).toMatchInlineSnapshot(`
      "map mul[5,16] <- in0 in2 in1
      structured scatter[9,16] <- in4 mul[5,16]"
    `)
  })
})

describe('joining', () => {
  it('bias and activation join their contraction', () => {
    const [x, w, bias] = [f32(8, 16), f32(16, 12), f32(12)]
    const y = b.maximum(b.add(product(x, w), rows(bias, [8, 12])), b.literal(f32(8, 12), 0))
    expect(cut([x, w, bias], [y])).toMatchInlineSnapshot(`"contract maximum[8,12] <- in0 in1 in2"`)
    // A softmax's sum runs along rows, which a tile does not hold.
    expect(cut([x, w, bias], [b.reduceSum(b.exp(y), [1])])).toMatchInlineSnapshot(`
      "contract contract[8,12] <- in0 in1
      map reduceSum[8] <- contract[8,12] in2"
    `)
  })
  it("a parameter's next value joins the contraction that is its gradient", () => {
    const [x, g, w, lr] = [f32(8, 16), f32(8, 12), f32(16, 12), f32()]
    const gradient = b.contract(x, g, { batch: [[], []], contracting: [[0], [0]], accumulate: 'f32' })
    const next = b.sub(w, b.mul(b.expand(b.reshape(lr, [1, 1]), [16, 12]), gradient))
    expect(cut([x, g, w, lr], [next], { 0: 2 })).toMatchInlineSnapshot(`
      "map packed <- in0
      contract sub[16,12] <- packed in1 in2 in3"
    `)
  })
  it('maps that read the same join; those of other sizes, or that read nothing in common, do not', () => {
    const [x, y] = [f32(8, 16), f32(8, 16)]
    expect(cut([x, y], [b.exp(x), b.sin(x)])).toMatchInlineSnapshot(`"map exp[8,16] sin[8,16] <- in0"`)
    expect(cut([x, y], [b.exp(x), b.sin(y)])).toMatchInlineSnapshot(`
      "map exp[8,16] <- in0
      map sin[8,16] <- in1"
    `)
    expect(cut([x, y], [b.exp(x), b.slice(x, [0, 0], [4, 16])])).toMatchInlineSnapshot(`
      "map exp[8,16] <- in0
      map slice[4,16] <- in0"
    `)
  })
  it('contractions with a left side in common share its copy', () => {
    const [x, y, z] = [f32(6, 8), f32(6, 9), f32(6, 10)]
    const over = (right: Node): Node =>
      b.contract(x, right, { batch: [[], []], contracting: [[0], [0]], accumulate: 'f32' })
    expect(cut([x, y, z], [over(y), over(z)])).toMatchInlineSnapshot(`
      "map packed <- in0
      contract contract[8,9] <- packed in1
      contract contract[8,10] <- packed in2"
    `)
  })
  it('what is made of equal parts of a product’s columns is made by its kernel', () => {
    const [x, w, state] = [f32(8, 24), f32(24, 64), f32(8, 32)]
    const made = product(x, w)
    const part = (i: number, columns = 32): Node => b.sliceAxis(made, 1, i, i + columns)
    const gated = b.add(b.mul(part(0), b.sigmoid(part(32))), state)
    expect(cut([x, w, state], [gated])).toMatchInlineSnapshot(`"contract add[8,32] <- in0 in1 in2"`)
    expect(cut([x, w, state], [gated, b.tanh(gated), b.neg(made)])).toMatchInlineSnapshot(
      `"contract add[8,32] tanh[8,32] neg[8,64] <- in0 in1 in2"`,
    )
    // Not where parts begin anywhere, or are narrower than a vector.
    expect(cut([x, w, state], [b.mul(part(0), b.add(part(16), state))])).toMatchInlineSnapshot(`
      "contract contract[8,64] <- in0 in1
      map mul[8,32] <- contract[8,64] in2"
    `)
    expect(cut([x, w], [b.mul(part(0, 8), part(8, 8))])).toMatchInlineSnapshot(`
      "contract contract[8,64] <- in0 in1
      map mul[8,8] <- contract[8,64]"
    `)
  })
  it('reductions of one value along the same axes share a pass', () => {
    const x = f32(8, 16)
    expect(cut([x], [b.reduceSum(x, [1]), b.reduceMax(x, [1])])).toMatchInlineSnapshot(
      `"map reduceSum[8] reduceMax[8] <- in0"`,
    )
    expect(cut([x], [b.reduceSum(x, [1]), b.reduceMax(b.reshape(x, [16, 8]), [0])])).toMatchInlineSnapshot(`
      "map reduceSum[8] <- in0
      map reduceMax[8] <- in0"
    `)
  })
  it('reductions of many elements to a few are two, unless the first would be rounded', () => {
    const [x, half] = [f32(3, 1000, 200), b.placeholder([200_000], 'f16')]
    expect(cut([x], [b.reduceSum(x, [1, 2])])).toMatchInlineSnapshot(`
      "map reduceSum[3,50] <- in0
      map reduceSum[3] <- reduceSum[3,50]"
    `)
    expect(cut([x], [b.reduceSum(x, [1])])).toMatchInlineSnapshot(`"map reduceSum[3,200] <- in0"`)
    // Runs stay long: the first axis is cut, not the one with the most divisors.
    const wide = f32(1000, 768)
    expect(cut([wide], [b.reduceSum(b.mul(wide, wide), [0, 1])])).toMatchInlineSnapshot(`
      "map reduceSum[50] <- in0
      map reduceSum[] <- reduceSum[50]"
    `)
    // A factor of ones is gone before the sum is looked at.
    const [long, image] = [f32(262_144), f32(4, 8, 8)]
    expect(cut([long], [b.sumProducts(long, b.literal(long, 1), [0])])).toMatchInlineSnapshot(`
      "map reduceSum[64] <- in0
      map reduceSum[] <- reduceSum[64]"
    `)
    expect(cut([image], [b.sumProducts(image, b.literal(image, 1), [1, 2])])).toMatchInlineSnapshot(
      `"map reduceSum[4] <- in0"`,
    )
    expect(cut([half], [b.reduceSum(half, [0])])).toMatchInlineSnapshot(`"map reduceSum[] <- in0"`)
    expect(cut([half], [b.reduceMax(half, [0])])).toMatchInlineSnapshot(`
      "map reduceMax[64] <- in0
      map reduceMax[] <- reduceMax[64]"
    `)
  })
  it('neighbours that read no value in common join where they are small', () => {
    const both = (size: number): string => {
      const [x, y, rate] = [f32(size), f32(size), f32(1)]
      const scaled = (v: Node): Node => b.mul(v, b.expand(rate, [size]))
      return cut([x, y, rate], [scaled(x), scaled(y)])
    }
    expect(both(1000)).toMatchInlineSnapshot(`"map mul[1000] mul[1000] <- in0 in2 in1"`)
    expect(both(100_000)).toMatchInlineSnapshot(`
      "map mul[100000] <- in0 in2
      map mul[100000] <- in1 in2"
    `)
  })
  it('none across a third kernel that stands between', () => {
    // exp(x) and its share of the row's sum have the same size, but the sum needs all of exp(x) first.
    const x = f32(8, 16)
    const e = b.exp(x)
    const total = b.expand(b.reshape(b.reduceSum(e, [1]), [8, 1]), [8, 16])
    expect(cut([x], [e, b.div(e, total)])).toMatchInlineSnapshot(`
      "map exp[8,16] <- in0
      map reduceSum[8] <- exp[8,16]
      map div[8,16] <- exp[8,16] reduceSum[8]"
    `)
  })
  it('none where one reads other elements of the other', () => {
    const x = f32(16)
    const e = b.exp(x)
    expect(cut([x], [e, b.add(b.flip(e, [0]), x)])).toMatchInlineSnapshot(`
      "map exp[16] <- in0
      map add[16] <- exp[16] in0"
    `)
  })
  it('readers of a value stand before the kernel that overwrites it', () => {
    const [p, x] = [f32(16), f32(4, 16)]
    const next = b.mul(p, p)
    const use = b.reduceSum(b.mul(x, rows(p, [4, 16])), [0, 1])
    expect(cut([p, x], [next, use])).toMatchInlineSnapshot(`
      "map mul[16] <- in0
      map reduceSum[] <- in1 in0"
    `)
    expect(cut([p, x], [next, use], { 0: 0 })).toMatchInlineSnapshot(`
      "map reduceSum[] <- in1 in0
      map mul[16] <- in0"
    `)
  })
  it('a loop is one kernel to its surroundings', () => {
    const [h, xs] = [f32(3), f32(5, 3)]
    const round = body(
      b,
      [
        [[3], 'f32'],
        [[3], 'f32'],
      ],
      ([c, row]) => [b.add(c, row), b.exp(row)],
    )
    const [last, all] = b.scan(round, { consts: [], carry: [b.neg(h)], xs: [xs] }, { length: 5 })
    expect(cut([h, xs], [b.exp(last), b.neg(all)])).toMatchInlineSnapshot(`
      "map neg[3] <- in0
      structured scan.0[3] scan.1[5,3] <- neg[3] in1
      map exp[3] <- scan.0[3]
      map neg[5,3] <- scan.1[5,3]"
    `)
  })
})
