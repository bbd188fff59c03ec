/** Functions with derivatives of their own, under every transform. */
import { describe, expect, it } from 'vitest'
import { checkpoint } from '../../src/tensor/checkpoint.js'
import { compile } from '../../src/tensor/compile.js'
import { scan } from '../../src/tensor/control-flow.js'
import { tensor } from '../../src/tensor/creation.js'
import { customGradient } from '../../src/tensor/custom-gradient.js'
import { gradients } from '../../src/tensor/gradients.js'
import { hessian, hvp } from '../../src/tensor/hessian.js'
import { jacobian } from '../../src/tensor/jacobian.js'
import { jvp } from '../../src/tensor/jvp.js'
import { Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { vmap } from '../../src/tensor/vmap.js'
import { forEachDevice } from '../helpers/devices.js'

/** x² whose derivative is said to be 3x: what comes out shows whose rule was used. */
const square = customGradient(
  (x: Tensor) => x.mul(x),
  (g, [x]) => [g.mul(x).mul(3)],
)
const withTangent = customGradient(
  (x: Tensor) => x.mul(x),
  (g, [x]) => [g.mul(x).mul(3)],
  { jvp: ([t], [x]) => t.mul(x).mul(3) },
)
const x = (): Tensor => tensor([1, 2, 3])

forEachDevice('customGradient', () => {
  it('uses its own rule in backward, gradients, to second order, compiled', async () => {
    const leaf = tensor([1, 2, 3], { requiresGrad: true })
    const y = square(leaf)
    expect(await y.toArray()).toEqual([1, 4, 9])
    y.sum().backward()
    expect(await leaf.grad!.toArray()).toEqual([3, 6, 9])
    const slope = gradients((t: Tensor) => square(t).sum())
    expect(await slope(x()).toArray()).toEqual([3, 6, 9])
    expect(await gradients((t: Tensor) => slope(t).sum())(x()).toArray()).toEqual([3, 3, 3])
    const step = compile((t: Tensor) => slope(t))
    for (let i = 0; i < 3; i++) expect(await step(x()).toArray()).toEqual([3, 6, 9])
    expect(step.stats.compilations).toBe(1)
    const w = new Parameter(tensor(2))
    const train = compile((t: Tensor) => {
      w.grad = null
      const loss = square(t.mul(w)).sum()
      loss.backward()
      return loss
    })
    for (let i = 0; i < 2; i++) {
      expect(await train(x()).item()).toBe(56)
      // Σ 3(tw)·t
      expect(await w.grad!.item()).toBe(84)
    }
  })

  it('trees of arguments and results, arguments without gradient', async () => {
    const f = customGradient(
      (p: { a: Tensor; b: Tensor }, n: Tensor) => [p.a.mul(p.b), n.to('f32').mul(2)] as const,
      ([g, h], [p]) => [{ a: g.mul(p.b), b: g.mul(10).add(h.sum()) }, null],
    )
    const [a, b] = [tensor([1, 2], { requiresGrad: true }), tensor([3, 4], { requiresGrad: true })]
    const [product, twice] = f({ a, b }, tensor([1, 2], { dtype: 'i32' }))
    expect(await twice.toArray()).toEqual([2, 4])
    product.sum().add(twice.sum()).backward()
    expect(await a.grad!.toArray()).toEqual([3, 4])
    expect(await b.grad!.toArray()).toEqual([12, 12])
  })

  it('under vmap, inside and outside of the gradient; in scan and checkpoint', async () => {
    const rows = tensor([
      [1, 2],
      [3, 4],
    ])
    const total = (t: Tensor): Tensor => square(t).sum()
    expect(await vmap(gradients(total))(rows).toArray()).toEqual([
      [3, 6],
      [9, 12],
    ])
    expect(await gradients((t: Tensor) => vmap(total)(t).sum())(rows).toArray()).toEqual([
      [3, 6],
      [9, 12],
    ])
    expect(await vmap(vmap(gradients((s: Tensor) => square(s))))(rows).toArray()).toEqual([
      [3, 6],
      [9, 12],
    ])
    const looped = (t: Tensor): Tensor =>
      scan((c: Tensor, s: Tensor): [Tensor, null] => [c.add(square(s)), null], tensor(0), t)[0]
    expect(await looped(x()).item()).toBe(14)
    expect(await gradients(looped)(x()).toArray()).toEqual([3, 6, 9])
    expect(await gradients(checkpoint(total))(x()).toArray()).toEqual([3, 6, 9])
    expect(await vmap(gradients(checkpoint(total)))(rows).toArray()).toEqual([
      [3, 6],
      [9, 12],
    ])
    expect(await compile(vmap(gradients(checkpoint(total))))(rows).toArray()).toEqual([
      [3, 6],
      [9, 12],
    ])
  })

  it('forward mode takes the rule for tangents, and says that it needs one', async () => {
    const ones = tensor([1, 1, 1])
    expect(() => jvp(square, [x()], [ones])).toThrow(/customGradient: expected a rule for forward mode/)
    expect(() => hvp((t: Tensor) => square(t).sum(), [x()], [ones])).toThrow(/Pass \{ jvp \}/)
    expect(() => jacobian(square, 0, { mode: 'forward' })(x())).toThrow(/forward mode/)
    expect(await jvp(withTangent, [x()], [ones])[1].toArray()).toEqual([3, 6, 9])
    const rows = tensor([
      [1, 2],
      [3, 4],
    ])
    const along = (t: Tensor): Tensor => jvp(withTangent, [t], [t])[1]
    expect(await vmap(along)(rows).toArray()).toEqual([
      [3, 12],
      [27, 48],
    ])
    expect(await jvp(vmap(withTangent), [rows], [rows])[1].toArray()).toEqual([
      [3, 12],
      [27, 48],
    ])
    expect(await hessian((t: Tensor) => withTangent(t).sum())(tensor([5])).toArray()).toEqual([[3]])
    // A result larger than the argument would take forward mode; without its rule it takes reverse.
    const wide = (t: Tensor): Tensor => square(t.sum()).expand([4])
    expect(await jacobian(wide)(tensor([2])).toArray()).toEqual([[6], [6], [6], [6]])
  })
})

describe('customGradient refuses', () => {
  it('tensors from outside whose gradient would be lost, and results of another structure', () => {
    const w = new Parameter(tensor(2))
    const lost = customGradient(
      (t: Tensor) => t.mul(w),
      (g) => [g],
    )
    expect(() => lost(x())).toThrow(/Pass that tensor as an argument/)
    const short = customGradient(
      (t: Tensor, u: Tensor) => t.mul(u),
      (g) => [g] as never,
    )
    expect(() => gradients((t: Tensor) => short(t, t).sum())(x())).toThrow(
      /expected 2 gradients of arguments/,
    )
    const shaped = customGradient(
      (t: Tensor) => t.sum(),
      (g) => [g],
    )
    expect(() => gradients(shaped)(x())).toThrow(/should be f32 \[3\], got f32 \[\]/)
    const none = customGradient((() => 3) as unknown as (t: Tensor) => Tensor, (g) => [g])
    expect(() => none(x())).toThrow(/returns a tensor/)
  })
})
