/** Hooks on the gradients of tensors and on modules, eagerly, compiled, and under transforms. */
import { describe, expect, it } from 'vitest'
import * as nn from '../../src/nn/index.js'
import { checkpoint } from '../../src/tensor/checkpoint.js'
import { compile } from '../../src/tensor/compile.js'
import { tensor } from '../../src/tensor/creation.js'
import { gradients } from '../../src/tensor/gradients.js'
import { jvp } from '../../src/tensor/jvp.js'
import { Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { vmap } from '../../src/tensor/vmap.js'
import { forEachDevice } from '../helpers/devices.js'

const leafOf = (values: number[]): Tensor => tensor(values, { requiresGrad: true })

forEachDevice('hooks of tensors', () => {
  it('see and replace gradients of results and leaves, until removed', async () => {
    const x = leafOf([1, 2])
    const seen: Tensor[] = []
    const y = x.mul(3)
    const handles = [
      y.registerHook((g) => {
        seen.push(g)
      }),
      y.registerHook((g) => g.mul(2)),
      x.registerHook((g) => g.add(1)),
    ]
    y.mul(y).sum().backward()
    expect(await seen[0].toArray()).toEqual([6, 12])
    expect(await x.grad!.toArray()).toEqual([37, 73])
    for (const handle of handles) handle.remove()
    handles[0].remove()
    x.grad = null
    x.mul(3).sum().backward()
    expect(await x.grad!.toArray()).toEqual([3, 3])
    expect(seen).toHaveLength(1)
  })

  it('of a parameter stay through assigns and are called once for accumulated uses', async () => {
    const w = new Parameter(tensor([2, 3]))
    let calls = 0
    w.registerHook((g) => {
      calls++
      return g.clamp(-1, 1)
    })
    for (let i = 1; i <= 2; i++) {
      w.mul(w).sum().add(w.sum()).backward()
      expect(await w.grad!.toArray()).toEqual([i, i])
      w.assign(w.detach().add(1))
    }
    expect(calls).toBe(2)
  })

  it('in compiled steps: a new hook means a new trace', async () => {
    const w = new Parameter(tensor([2, 3]))
    const step = compile((x: Tensor) => {
      w.grad = null
      const y = w.mul(x)
      y.registerHook((g) => g.mul(10))
      y.sum().backward()
      return y.sum()
    })
    const x = tensor([1, 2])
    for (let i = 0; i < 2; i++) step(x)
    expect(await w.grad!.toArray()).toEqual([10, 20])
    const handle = w.registerHook((g) => g.neg())
    for (let i = 0; i < 2; i++) step(x)
    expect(await w.grad!.toArray()).toEqual([-10, -20])
    handle.remove()
    step(x)
    expect(await w.grad!.toArray()).toEqual([10, 20])
    expect(step.stats.compilations).toBe(2)
    const outside = compile(() => {
      w.registerHook((g) => g)
      return w.sum()
    })
    expect(() => outside()).toThrow(/Register it before the step/)
    const hooked = leafOf([1])
    hooked.registerHook((g) => g)
    expect(() => compile((t: Tensor) => t.sum())(hooked)).toThrow(/gradient hook as an argument/)
  })

  it('under gradients, vmap and checkpoint', async () => {
    const f = (t: Tensor): Tensor => {
      const y = t.mul(t)
      y.registerHook((g) => g.mul(5))
      return y.sum()
    }
    expect(await gradients(f)(tensor([1, 2])).toArray()).toEqual([10, 20])
    expect(await gradients(checkpoint(f))(tensor([1, 2])).toArray()).toEqual([10, 20])
    expect(
      await vmap(gradients(f))(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).toArray(),
    ).toEqual([
      [10, 20],
      [30, 40],
    ])
  })
})

forEachDevice('hooks of modules', () => {
  it('before and after forward, in order', async () => {
    const net = nn.sequential(new nn.Identity())
    const log: string[] = []
    const handles = [
      net.registerForwardPreHook((_, [x]) => {
        log.push('pre 1')
        return (x as Tensor).add(1)
      }),
      net.registerForwardPreHook((_, [x]) => {
        log.push('pre 2')
        return [(x as Tensor).mul(10)]
      }),
      net.registerForwardHook((_, [x], y) => {
        log.push('post')
        return (y as Tensor).sub(x as Tensor).add(7)
      }),
    ]
    expect(await net.forward(tensor([1, 2])).toArray()).toEqual([7, 7])
    handles[2].remove()
    expect(await net.forward(tensor([1, 2])).toArray()).toEqual([20, 30])
    expect(log).toEqual(['pre 1', 'pre 2', 'post', 'pre 1', 'pre 2'])
    for (const handle of handles) handle.remove()
    expect(Object.keys(net)).not.toContain('forward')
    expect(await net.forward(tensor([1, 2])).toArray()).toEqual([1, 2])
  })

  it('on the gradients of inputs and outputs, which they may replace', async () => {
    const layer = new nn.Linear(2, 1, { bias: false })
    layer.weight.assign(tensor([[2, 3]]))
    const seen: (readonly (Tensor | null)[])[] = []
    const handles = [
      layer.registerFullBackwardPreHook((_, [g]) => [g!.mul(4)]),
      layer.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
        seen.push(gradInputs, gradOutputs)
        return [gradInputs[0]?.add(1) ?? null]
      }),
    ]
    const x = tensor([[1, 2]], { requiresGrad: true })
    layer.forward(x).sum().backward()
    expect(await seen[0][0]!.toArray()).toEqual([[8, 12]])
    expect(await seen[1][0]!.toArray()).toEqual([[4]])
    expect(await x.grad!.toArray()).toEqual([[9, 13]])
    expect(await layer.weight.grad!.toArray()).toEqual([[4, 8]])
    // Inputs without gradients: the hook still runs, with null for them.
    layer
      .forward(tensor([[1, 2]]))
      .sum()
      .backward()
    expect(seen[2]).toEqual([null])
    for (const handle of handles) handle.remove()
    layer.weight.grad = null
    layer.forward(x).sum().backward()
    expect(await layer.weight.grad!.toArray()).toEqual([[1, 2]])
    const short = layer.registerFullBackwardHook(() => [])
    expect(() => layer.forward(x).sum().backward()).toThrow(/a list of 1 gradients/)
    short.remove()
  })

  it('see layers with several inputs and results, and pass forward mode through', async () => {
    class Two extends nn.Module {
      override forward(a: Tensor, b: Tensor): [Tensor, Tensor] {
        return [a.mul(b), a.add(b)]
      }
    }
    const two = new Two()
    let shapes: unknown
    const handle = two.registerFullBackwardHook((_, gradInputs, gradOutputs) => {
      shapes = [gradInputs.map((g) => g?.shape ?? null), gradOutputs.map((g) => g?.shape ?? null)]
    })
    const [a, b] = [leafOf([1, 2]), leafOf([3, 4])]
    two.forward(a, b)[0].sum().backward()
    expect(shapes).toEqual([
      [[2], [2]],
      [[2], null],
    ])
    expect(await a.grad!.toArray()).toEqual([3, 4])
    const [, [tangent]] = jvp((t: Tensor) => two.forward(t, t), [tensor([1, 2])], [tensor([1, 1])])
    expect(await tangent.toArray()).toEqual([2, 4])
    handle.remove()
  })

  it('are part of compiled steps', async () => {
    const layer = new nn.Linear(2, 1, { bias: false })
    layer.weight.assign(tensor([[2, 3]]))
    const step = compile((t: Tensor) => {
      layer.zeroGrad()
      const y = layer.forward(t).sum()
      y.backward()
      return y
    })
    const x = tensor([[1, 2]])
    expect(await step(x).item()).toBe(8)
    const forward = layer.registerForwardHook((_, __, y) => (y as Tensor).mul(2))
    const backward = layer.registerFullBackwardPreHook((_, [g]) => [g!.mul(3)])
    for (let i = 0; i < 2; i++) expect(await step(x).item()).toBe(16)
    expect(await layer.weight.grad!.toArray()).toEqual([[6, 12]])
    forward.remove()
    backward.remove()
    expect(await step(x).item()).toBe(8)
    expect(await layer.weight.grad!.toArray()).toEqual([[1, 2]])
    expect(step.stats.compilations).toBe(2)
  })
})

describe('hooks refuse', () => {
  it('tensors without gradients and gradients of other shapes', () => {
    expect(() => tensor([1]).registerHook((g) => g)).toThrow(/requires a gradient/)
    const x = leafOf([1, 2])
    x.registerHook((g) => g.sum())
    expect(() => x.mul(2).sum().backward()).toThrow(/to return a gradient f32 \[2\], got f32 \[\]/)
  })
})
