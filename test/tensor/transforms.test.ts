/** Function transforms: values against formulas, composition to higher orders, loops and branches. */
import { describe, expect, it } from 'vitest'
import { ShapeError, TraceError, ValueError } from '../../src/core/errors.js'
import { compile } from '../../src/tensor/compile.js'
import { tensor } from '../../src/tensor/creation.js'
import { dropout } from '../../src/tensor/functional.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import { Buffer, Parameter } from '../../src/tensor/parameter.js'
import { Generator } from '../../src/tensor/random.js'
import { rand, randn } from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import {
  checkpoint,
  cond,
  gradients,
  hessian,
  jacobian,
  jvp,
  scan,
  valueAndGrad,
  vjp,
  vmap,
  whileLoop,
} from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'

const x = (): Tensor => tensor([1, 2, 3])
const cube = (t: Tensor): Tensor => t.mul(t).mul(t).sum()

forEachDevice('transforms', () => {
  it('gradients, of trees and of several arguments, to any order', async () => {
    expect(await gradients(cube)(x()).toArray()).toEqual([3, 12, 27])
    const second = gradients((t: Tensor) => gradients(cube)(t).sum())
    expect(await second(x()).toArray()).toEqual([6, 12, 18])
    expect(await gradients((t: Tensor) => second(t).sum())(x()).toArray()).toEqual([6, 6, 6])
    const f = (p: { w: Tensor; b: Tensor[] }, t: Tensor): Tensor => p.w.mul(t).add(p.b[0]).sum()
    const [value, grads] = valueAndGrad(f, [0, 1])({ w: tensor([2, 2, 2]), b: [tensor(1)] }, x())
    expect(await value.item()).toBe(15)
    expect(await grads[0].w.toArray()).toEqual([1, 2, 3])
    expect(await grads[0].b[0].item()).toBe(3)
    expect(await grads[1].toArray()).toEqual([2, 2, 2])
    expect(() => gradients((t: Tensor) => t)(x())).toThrow(ShapeError)
    expect(() => gradients(cube, 3)(x())).toThrow(ValueError)
  })

  it('keeps no graph of its own, and composes with backward() of what it captures', async () => {
    expect(gradients(cube)(x()).requiresGrad).toBe(false)
    const w = new Parameter(tensor(2))
    // d/dt Σ w t² = 2wt; its sum has the derivative 2 Σ t in w.
    const g = gradients((t: Tensor) => t.mul(t).mul(w).sum())(x())
    g.sum().backward()
    expect(await w.grad!.item()).toBe(12)
    expect(noGrad(() => gradients((t: Tensor) => t.mul(w).sum())(x())).requiresGrad).toBe(false)
    const t = tensor([1, 2], { requiresGrad: true })
    // The derivative of detach(u)·u is detach(u): no second derivative flows, whatever was built anew.
    expect(gradients((u: Tensor) => u.detach().mul(u).sum())(t).requiresGrad).toBe(false)
    expect(
      gradients((u: Tensor) =>
        noGrad(() => u.mul(1))
          .mul(u)
          .sum(),
      )(t).requiresGrad,
    ).toBe(false)
    expect(gradients((u: Tensor) => u.mul(u).sum())(t).requiresGrad).toBe(true)
  })

  it('vjp and jvp agree with the Jacobian', async () => {
    const f = (t: Tensor): Tensor => t.mul(t).add(t.sum())
    const j = await jacobian(f)(x()).toArray()
    expect(j).toEqual([
      [3, 1, 1],
      [1, 5, 1],
      [1, 1, 7],
    ])
    const [y, back] = vjp(f, x())
    expect(await y.toArray()).toEqual([7, 10, 15])
    expect(await back(tensor([1, 0, 0]))[0].toArray()).toEqual([3, 1, 1])
    expect(await back(tensor([0, 0, 2]))[0].toArray()).toEqual([2, 2, 14])
    const [, tangent] = jvp(f, [x()], [tensor([0, 1, 0])])
    expect(await tangent.toArray()).toEqual([1, 5, 1])
    expect(() => back(tensor([1, 2]))).toThrow(ShapeError)
    expect(() => jvp(f, [x()], [tensor([1])])).toThrow(ShapeError)
  })

  it('hessian, and jvp of gradients', async () => {
    const f = (t: Tensor): Tensor => t.pow(3).sum().add(t.prod())
    expect(await hessian(f)(x()).toArray()).toEqual([
      [6, 3, 2],
      [3, 12, 1],
      [2, 1, 18],
    ])
    const [, hv] = jvp(gradients(f), [x()], [tensor([1, 0, 0])])
    expect(await hv.toArray()).toEqual([6, 3, 2])
  })

  it('vmap: axes, shared arguments, gradients for each example, nested', async () => {
    const a = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ])
    expect(await vmap((r: Tensor) => r.sum())(a).toArray()).toEqual([3, 7, 11])
    expect(await vmap((c: Tensor) => c.sum(), 1)(a).toArray()).toEqual([9, 12])
    expect(await vmap((r: Tensor, w: Tensor) => r.mul(w), [0, null])(a, tensor([10, 1])).toArray()).toEqual([
      [10, 2],
      [30, 4],
      [50, 6],
    ])
    expect(await vmap((r: Tensor) => r.mul(1), 0, 1)(a).toArray()).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ])
    expect(await vmap(gradients(cube))(a).toArray()).toEqual([
      [3, 12],
      [27, 48],
      [75, 108],
    ])
    expect(await vmap(vmap((s: Tensor) => s.mul(s)))(a).toArray()).toEqual([
      [1, 4],
      [9, 16],
      [25, 36],
    ])
    const w = tensor([1, 2], { requiresGrad: true })
    vmap((r: Tensor) => r.mul(w).sum())(a)
      .sum()
      .backward()
    expect(await w.grad!.toArray()).toEqual([9, 12])
    expect(() => vmap((r: Tensor) => r, [0, 0])(a)).toThrow(ValueError)
    expect(() => vmap((p: Tensor, q: Tensor) => p.add(q))(a, tensor([1]))).toThrow(ShapeError)
    expect(() => vmap((r: Tensor) => tensor(r.sum().itemSync()))(a)).toThrow(TraceError)
    const kept = new Buffer(tensor(0))
    expect(() => vmap((r: Tensor) => kept.assign(r.sum()))(a)).toThrow(/assign/)
  })

  it('scan: carries, stacked results, captured tensors, gradients, checkpoints, reverse', async () => {
    for (const options of [{}, { checkpoint: 1 }, { checkpoint: 2 }]) {
      const w = new Parameter(tensor(0.5))
      const [last, all] = scan(
        (c: Tensor, t: Tensor): [Tensor, Tensor] => [c.mul(w).add(t), c.mul(2)],
        tensor(1),
        x(),
        options,
      )
      expect(await last.item()).toBe(4.375)
      expect(await all.toArray()).toEqual([2, 3, 5.5])
      last.backward()
      expect(await w.grad!.item()).toBe(3.75)
    }
    const [, reversed] = scan(
      (c: Tensor, t: Tensor): [Tensor, Tensor] => [c.add(t), c.add(t)],
      tensor(0),
      x(),
      { reverse: true },
    )
    expect(await reversed.toArray()).toEqual([6, 5, 3])
    const [power] = scan((c: Tensor, _: null): [Tensor, null] => [c.mul(2), null], tensor(1), null, {
      length: 10,
    })
    expect(await power.item()).toBe(1024)
    const perExample = vmap(
      gradients(
        (t: Tensor) => scan((c: Tensor, s: Tensor): [Tensor, null] => [c.mul(s), null], tensor(1), t)[0],
      ),
    )
    expect(
      await perExample(
        tensor([
          [1, 2, 3],
          [2, 2, 2],
        ]),
      ).toArray(),
    ).toEqual([
      [6, 3, 2],
      [4, 4, 4],
    ])
    expect(() =>
      scan((c: Tensor, s: Tensor): [Tensor, null] => [c.add(s), null], tensor(0), [
        x(),
        tensor([1]),
      ] as never),
    ).toThrow(ShapeError)
  })

  it('whileLoop and cond stay in the graph, compiled too', async () => {
    const limit = new Buffer(tensor(100))
    const grow = (t: Tensor): Tensor =>
      whileLoop(
        (v: Tensor) => v.lt(limit),
        (v: Tensor) => v.mul(2),
        t,
      )
    const compiled = compile(grow)
    for (const start of [3, 7, 200]) {
      const expected = start >= 100 ? start : start * 2 ** Math.ceil(Math.log2(100 / start))
      expect(await grow(tensor(start)).item()).toBe(expected)
      expect(await compiled(tensor(start)).item()).toBe(expected)
    }
    const w = new Parameter(tensor(2))
    const choose = compile((p: Tensor, t: Tensor) => {
      const y = cond(
        p,
        (a: Tensor) => a.mul(w),
        (a: Tensor) => a.add(1),
        t,
      )
      w.grad = null
      y.backward()
      return y
    })
    for (let i = 0; i < 2; i++) {
      expect(await choose(tensor(true), tensor(8)).item()).toBe(16)
      expect(await w.grad!.item()).toBe(8)
      expect(await choose(tensor(false), tensor(8)).item()).toBe(9)
      expect(await w.grad!.item()).toBe(0)
    }
  })

  it('random draws: refused where they would repeat, kept by checkpoint', async () => {
    expect(() => vmap((t: Tensor) => t.add(rand([])))(x())).toThrow(/Draw outside/)
    expect(() =>
      scan((c: Tensor, t: Tensor): [Tensor, null] => [c.add(dropout(t, 0.5)), null], tensor(0), x()),
    ).toThrow(/Draw outside/)
    const t = tensor(
      Float32Array.from({ length: 64 }, () => 1),
      { requiresGrad: true },
    )
    const y = checkpoint((u: Tensor) => dropout(u, 0.5))(t)
    y.sum().backward()
    // The gradient of a dropped element is 0, that of a kept one its scale: the same mask both times.
    expect(await t.grad!.toArray()).toEqual(await y.toArray())
  })

  it('checkpoint changes neither values nor gradients', async () => {
    const generator = new Generator(5)
    const w1 = new Parameter(randn([4, 8], { generator }))
    const w2 = new Parameter(randn([8, 2], { generator }))
    const input = randn([3, 4], { generator })
    const f = (t: Tensor): Tensor => t.matmul(w1).tanh().matmul(w2).square().mean()
    const checkpointed = (t: Tensor): void => checkpoint(f)(t).backward()
    const results: number[][] = []
    for (const step of [(t: Tensor) => f(t).backward(), checkpointed, compile(checkpointed)]) {
      w1.grad = null
      w2.grad = null
      step(input)
      results.push([...(await w1.grad!.data()), ...(await w2.grad!.data())].map(Number))
    }
    for (const r of results.slice(1)) {
      expect(r).toHaveLength(48)
      for (const [i, v] of r.entries()) expect(v).toBeCloseTo(results[0][i], 5)
    }
  })
})

describe('transforms and compile', () => {
  it('a whole functional training step compiles', async () => {
    let params: Tensor = tensor([0.5, -0.5])
    const step = compile((p: Tensor, t: Tensor) => {
      const [loss, g] = valueAndGrad((q: Tensor) => q.mul(t).sum().sub(1).square())(p)
      return { loss, params: p.sub(g.mul(0.05)) }
    })
    const losses: number[] = []
    for (let i = 0; i < 20; i++) {
      const out = step(params, tensor([1, 2]))
      params = out.params
      losses.push(await out.loss.item())
    }
    expect(losses[19]).toBeLessThan(losses[0] / 100)
    expect(step.stats.signatures).toBe(1)
  })
})
