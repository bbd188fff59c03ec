/**
 * Transforms of transforms: each pair (and some triples) against the same derivative made another way. What is exact in
 * f32 is compared exactly.
 */
import { describe, expect, it } from 'vitest'
import { checkpoint } from '../../src/tensor/checkpoint.js'
import { compile } from '../../src/tensor/compile.js'
import { cond, scan, whileLoop } from '../../src/tensor/control-flow.js'
import { tensor } from '../../src/tensor/creation.js'
import { dropout } from '../../src/tensor/functional.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import { gradients, valueAndGrad } from '../../src/tensor/gradients.js'
import { hessian, hvp } from '../../src/tensor/hessian.js'
import { jacobian } from '../../src/tensor/jacobian.js'
import { jvp } from '../../src/tensor/jvp.js'
import { Parameter } from '../../src/tensor/parameter.js'
import { Generator } from '../../src/tensor/random.js'
import { rand } from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { stack } from '../../src/tensor/tensor-functions.js'
import { vjp } from '../../src/tensor/vjp.js'
import { vmap } from '../../src/tensor/vmap.js'
import { forEachDevice } from '../helpers/devices.js'

const x = (): Tensor => tensor([1, 2, 3])
const rows = (): Tensor =>
  tensor([
    [1, 2, 3],
    [2, 0, -1],
  ])
const v = (): Tensor => tensor([1, -1, 2])
/** Σ t³ + Π t: gradient 3t² + Π/t, Hessian 6·diag(t) + the product's. */
const f = (t: Tensor): Tensor =>
  t
    .mul(t)
    .mul(t)
    .sum()
    .add(t.select(0, 0).mul(t.select(0, 1)).mul(t.select(0, 2)))
const gradientAt = ([a, b, c]: number[]): number[] => [
  3 * a * a + b * c,
  3 * b * b + a * c,
  3 * c * c + a * b,
]
const hessianAt = ([a, b, c]: number[]): number[][] => [
  [6 * a, c, b],
  [c, 6 * b, a],
  [b, a, 6 * c],
]
const times = (m: number[][], u: number[]): number[] => m.map((r) => r.reduce((s, w, i) => s + w * u[i], 0))
const values = async (t: Tensor): Promise<unknown> => t.toArray()
const point = [1, 2, 3]
const points = [point, [2, 0, -1]]
const direction = [1, -1, 2]

/** Π (t_i + 1) by a loop. */
const looped = (t: Tensor): Tensor =>
  scan((c: Tensor, s: Tensor): [Tensor, null] => [c.mul(s.add(1)), null], tensor(1), t)[0]
const loopedGradient = ([a, b, c]: number[]): number[] => [
  (b + 1) * (c + 1),
  (a + 1) * (c + 1),
  (a + 1) * (b + 1),
]

forEachDevice('transforms of transforms', () => {
  it('hvp is the Hessian times v, three ways, compiled and of a compiled function', async () => {
    const expected = times(hessianAt(point), direction)
    const [value, [product]] = hvp(f, [x()], [v()])
    expect(await value.item()).toBe(42)
    expect(await values(product)).toEqual(expected)
    expect(await values(hessian(f)(x()).matmul(v()))).toEqual(expected)
    const backward = gradients((t: Tensor) => gradients(f)(t).mul(v()).sum())
    expect(await values(backward(x()))).toEqual(expected)
    const compiled = compile(f)
    expect(await compiled(x()).item()).toBe(42)
    expect(await values(hessian(compiled)(x()))).toEqual(hessianAt(point))
    expect(await values(hvp(compiled, [x()], [v()])[1][0])).toEqual(expected)
    const inside = compile((t: Tensor, u: Tensor) => hvp(f, [t], [u])[1][0])
    for (let i = 0; i < 2; i++) expect(await values(inside(x(), v()))).toEqual(expected)
    const trees = (p: { a: Tensor; b: Tensor[] }): Tensor => p.a.mul(p.a).mul(p.b[0]).sum()
    const [, [tree]] = hvp(trees, [{ a: x(), b: [tensor(2)] }], [{ a: v(), b: [tensor(1)] }])
    expect(await values(tree.a)).toEqual([6, 0, 14])
    expect(await tree.b[0].item()).toBe(2 * (1 - 2 + 6))
  })

  it('Jacobians in both modes agree, by default by size, and nest', async () => {
    const g = (t: Tensor): Tensor => stack([t.mul(t).sum(), t.select(0, 0).mul(t.select(0, 2))], 0)
    const expected = [
      [2, 4, 6],
      [3, 0, 1],
    ]
    for (const mode of ['auto', 'forward', 'reverse'] as const) {
      expect(await values(jacobian(g, 0, { mode })(x()))).toEqual(expected)
      expect(await values(jacobian(jacobian(g, 0, { mode }), 0, { mode })(x()))).toEqual([
        [
          [2, 0, 0],
          [0, 2, 0],
          [0, 0, 2],
        ],
        [
          [0, 0, 1],
          [0, 0, 0],
          [1, 0, 0],
        ],
      ])
      expect(await values(compile(jacobian(g, 0, { mode }))(x()))).toEqual(expected)
      expect(await values(vmap(jacobian(g, 0, { mode }))(stack([x(), x()])))).toEqual([expected, expected])
      expect(await values(hessian(f, 0, { mode })(x()))).toEqual(hessianAt(point))
    }
    // Loops of unknown length have forward mode only, functions that reduce much are cheaper in reverse.
    const grow = (t: Tensor): Tensor =>
      whileLoop(
        (u: Tensor) => u.sum().lt(20),
        (u: Tensor) => u.mul(2),
        t,
      )
    expect(await values(jacobian((t: Tensor) => grow(t).sum())(x()))).toEqual([4, 4, 4])
    expect(() => jacobian(g, 0, { mode: 'both' as never })).toThrow(/'auto', 'forward' or 'reverse'/)
  })

  it('grad of vmap of jvp, vmap of grad, of vjp, of hessian, of hvp', async () => {
    const slopes = vmap((t: Tensor) => jvp(f, [t], [v()])[1])
    expect(await values(slopes(rows()))).toEqual(points.map((p) => times([gradientAt(p)], direction)[0]))
    expect(await values(gradients((t: Tensor) => slopes(t).sum())(rows()))).toEqual(
      points.map((p) => times(hessianAt(p), direction)),
    )
    expect(await values(vmap(gradients(f))(rows()))).toEqual(points.map(gradientAt))
    expect(await values(vmap((t: Tensor) => vjp(f, t)[1](tensor(2))[0])(rows()))).toEqual(
      points.map((p) => gradientAt(p).map((g) => 2 * g)),
    )
    expect(await values(vmap(hessian(f))(rows()))).toEqual(points.map(hessianAt))
    expect(await values(vmap((t: Tensor) => hvp(f, [t], [v()])[1][0])(rows()))).toEqual(
      points.map((p) => times(hessianAt(p), direction)),
    )
    const both = vmap(valueAndGrad(f))(rows())
    expect(await values(both[0])).toEqual([42, 7])
    expect(await values(both[1])).toEqual(points.map(gradientAt))
    expect(await values(jvp(vmap(gradients(f)), [rows()], [stack([v(), v()])])[1])).toEqual(
      points.map((p) => times(hessianAt(p), direction)),
    )
  })

  it('vmap of grad of scan, scan of vmap of grad, hessian of scan, checkpointed too', async () => {
    expect(await values(vmap(gradients(looped))(rows()))).toEqual(points.map(loopedGradient))
    for (const wrapped of [looped, checkpoint(looped), compile(looped)]) {
      expect(await values(vmap(gradients(wrapped))(rows()))).toEqual(points.map(loopedGradient))
      expect(await values(hessian(wrapped)(x()))).toEqual([
        [0, 4, 3],
        [4, 0, 2],
        [3, 2, 0],
      ])
      expect(await jvp(wrapped, [x()], [v()])[1].item()).toBe(times([loopedGradient(point)], direction)[0])
    }
    const [, steps] = scan(
      (c: Tensor, t: Tensor): [Tensor, Tensor] => [c, vmap(gradients((s: Tensor) => s.mul(s).mul(c)))(t)],
      tensor(3),
      rows(),
    )
    expect(await values(steps)).toEqual([
      [6, 12, 18],
      [12, 0, -6],
    ])
  })

  it('cond and whileLoop under vmap, jvp and gradients', async () => {
    const piecewise = (t: Tensor): Tensor =>
      cond(
        t.sum().gt(2),
        (u: Tensor) => u.mul(u).sum(),
        (u: Tensor) => u.mul(3).sum(),
        t,
      )
    expect(await values(vmap(gradients(piecewise))(rows()))).toEqual([
      [2, 4, 6],
      [3, 3, 3],
    ])
    expect(await values(vmap((t: Tensor) => jvp(piecewise, [t], [v()])[1])(rows()))).toEqual([10, 6])
    expect(await values(compile(vmap(gradients(piecewise)))(rows()))).toEqual([
      [2, 4, 6],
      [3, 3, 3],
    ])
    const doubled = (t: Tensor): Tensor =>
      whileLoop(
        (u: Tensor) => u.lt(10),
        (u: Tensor) => u.mul(2),
        t,
      )
    expect(await values(vmap((t: Tensor) => jvp(doubled, [t], [tensor(1)])[1])(x()))).toEqual([16, 8, 4])
    expect(await values(gradients((t: Tensor) => vmap(piecewise)(t).sum())(rows()))).toEqual([
      [2, 4, 6],
      [3, 3, 3],
    ])
  })

  it('checkpoint inside vmap, vmap inside checkpoint, nested', async () => {
    for (const wrapped of [
      vmap(gradients(checkpoint(f))),
      checkpoint(vmap(gradients(f))),
      vmap(checkpoint(gradients(checkpoint(f)))),
    ]) {
      expect(await values(wrapped(rows()))).toEqual(points.map(gradientAt))
      expect(await values(compile(wrapped)(rows()))).toEqual(points.map(gradientAt))
    }
  })

  it('compile around each transform, and each around a compiled function', async () => {
    const inner = compile(f)
    const cases: [string, (t: Tensor) => Tensor, (t: Tensor) => Tensor, unknown][] = [
      ['gradients', gradients(f), gradients(inner), gradientAt(point)],
      ['valueAndGrad', (t) => valueAndGrad(f)(t)[1], (t) => valueAndGrad(inner)(t)[1], gradientAt(point)],
      ['vjp', (t) => vjp(f, t)[1](tensor(1))[0], (t) => vjp(inner, t)[1](tensor(1))[0], gradientAt(point)],
      ['jvp', (t) => jvp(f, [t], [v()])[1], (t) => jvp(inner, [t], [v()])[1], 52],
      ['jacobian', jacobian(f), jacobian(inner), gradientAt(point)],
      ['hessian', hessian(f), hessian(inner), hessianAt(point)],
      ['checkpoint', checkpoint(f), checkpoint(inner), 42],
      ['noGrad', (t) => noGrad(() => f(t)), (t) => noGrad(() => inner(t)), 42],
      ['detach', (t) => f(t.detach()), (t) => inner(t.detach()), 42],
    ]
    for (const [name, plain, around, expected] of cases) {
      expect(await values(plain(x())), name).toEqual(expected)
      expect(await values(around(x())), `${name} of compile`).toEqual(expected)
      const compiled = compile(plain)
      expect(await values(compiled(x())), `compile of ${name}`).toEqual(expected)
      expect(await values(compiled(x())), `compile of ${name}, replayed`).toEqual(expected)
    }
  })

  it('a training step with gradients by transforms of parameters', async () => {
    const w = new Parameter(tensor([0.5, -0.5]))
    const loss = (p: Tensor): Tensor =>
      p
        .mul(tensor([1, 2]))
        .sum()
        .sub(1)
        .square()
    const step = compile(() => {
      const [value, g] = valueAndGrad(loss)(w)
      const [, [curvature]] = hvp(loss, [w as Tensor], [g])
      // The exact step along the gradient: gᵀg / gᵀHg.
      w.assign(w.sub(g.mul(g.square().sum().div(g.mul(curvature).sum()))))
      return value
    })
    expect(await step().item()).toBe(2.25)
    expect(await step().item()).toBeLessThan(1e-10)
  })

  it('vmap takes trees of axes and gives trees of results', async () => {
    const g = (p: { w: Tensor; b: Tensor }, t: Tensor): { y: Tensor; same: Tensor } => ({
      y: p.w.mul(t).add(p.b),
      same: p.b.mul(2),
    })
    const w = tensor([
      [1, 10],
      [2, 20],
      [3, 30],
    ])
    const out = vmap(g, [{ w: 0, b: null }, null], { y: 1, same: null })({ w, b: tensor(1) }, tensor([1, 2]))
    expect(await values(out.y)).toEqual([
      [2, 3, 4],
      [21, 41, 61],
    ])
    expect(await out.same.item()).toBe(2)
    expect(() => vmap(g, [{ w: 0 } as never, null])({ w, b: tensor(1) }, tensor(1))).toThrow(/an axis for b/)
    expect(() => vmap(g, [{ w: 0, b: null, c: 0 }, null])({ w, b: tensor(1) }, tensor(1))).toThrow(
      /keys w, b/,
    )
    expect(() => vmap(g, 0, { y: null, same: null })({ w, b: w }, w)).toThrow(/outAxes says null/)
    expect(() => vmap((t: Tensor) => t, [[0, 0]])(w)).toThrow(/inAxes\[0\]/)
  })

  it('vmap draws for each example, for all, or not at all', async () => {
    const draw = (t: Tensor): Tensor => rand([4], { generator }).add(t.mul(0))
    const generator = new Generator(7)
    expect(() => vmap(draw)(x())).toThrow(/randomness: 'different'/)
    const same = (await values(vmap(draw, 0, 0, { randomness: 'same' })(x()))) as number[][]
    expect(same[0]).toEqual(same[2])
    const batched = vmap(draw, 0, 0, { randomness: 'different' })
    const [first, second] = [await values(batched(x())), await values(batched(x()))] as number[][][]
    expect(new Set([...first.flat(), ...second.flat()]).size).toBe(24)
    // Example i takes the draw that i draws one after the other would.
    const again = new Generator(7)
    rand([4], { generator: again })
    for (const row of first) expect(await values(rand([4], { generator: again }))).toEqual(row)
    const nested = vmap(vmap(draw, 0, 0, { randomness: 'different' }), 0, 0, { randomness: 'different' })
    expect(new Set(((await values(nested(rows()))) as number[][][]).flat(2)).size).toBe(24)
    const compiled = compile(batched)
    const [third, fourth] = [await values(compiled(x())), await values(compiled(x()))] as number[][][]
    expect(new Set([...third.flat(), ...fourth.flat()]).size).toBe(24)
    const masks = vmap((t: Tensor) => dropout(t, 0.5, true, generator), 0, 0, { randomness: 'different' })
    const dropped = (await values(
      masks(tensor(new Float32Array(4 * 64).fill(1), { shape: [4, 64] })),
    )) as number[][]
    expect(new Set(dropped.map((r) => r.join())).size).toBe(4)
  })
})

describe('transforms refuse', () => {
  it('reverse mode of a loop of unknown length', () => {
    const grow = (t: Tensor): Tensor =>
      whileLoop(
        (u: Tensor) => u.lt(10),
        (u: Tensor) => u.mul(2),
        t,
      )
    const t = tensor(1, { requiresGrad: true })
    expect(() => grow(t).backward()).toThrow(/does not require a gradient/)
  })
})
