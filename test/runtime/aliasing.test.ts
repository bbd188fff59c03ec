/** State has versions: what was built before an assign keeps the old value, and no buffer is overwritten too early. */
import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backend/backend.js'
import { currentBackend } from '../../src/runtime/devices.js'
import { compile } from '../../src/tensor/compile.js'
import { ones, tensor, zeros } from '../../src/tensor/creation.js'
import { customGradient } from '../../src/tensor/custom-gradient.js'
import { conv2d } from '../../src/tensor/functional.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import { Buffer, Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'

/** Counts how often a primitive stands in the graphs that the backend compiles while `fn` runs. */
async function countPrimitive(op: string, fn: () => Promise<void>): Promise<number> {
  const backend = currentBackend() as { compile: Backend['compile'] }
  const original = backend.compile
  let count = 0
  backend.compile = (graph) => {
    const seen = new Set<unknown>()
    const stack = [...graph.outputs]
    while (stack.length > 0) {
      const node = stack.pop()!
      if (seen.has(node)) continue
      seen.add(node)
      if (node.op === op) count++
      stack.push(...node.inputs)
    }
    return original.call(backend, graph)
  }
  try {
    await fn()
  } finally {
    backend.compile = original
  }
  return count
}

forEachDevice('aliasing', () => {
  it('a pending f(p) survives p.assign', async () => {
    const p = new Parameter(tensor([1, 2, 3]))
    const y = p.mul(10)
    noGrad(() => p.assign(p.add(100)))
    expect(await p.toArray()).toEqual([101, 102, 103])
    expect(await y.toArray()).toEqual([10, 20, 30])
  })

  it('a tensor that a step captures and gets as an argument is one value', async () => {
    const filled = (value: number): Tensor => {
      const t = tensor(new Float32Array(1000).fill(value))
      t.dataSync()
      return t
    }
    const made = (compiled: boolean) => {
      const [cache, other] = [filled(0), filled(1)]
      const f = (x: Tensor): Tensor => {
        const y = cache.mul(0.5).add(x)
        cache.assign(y)
        return y.sub(x).sum()
      }
      return { cache, other, step: compiled ? compile(f) : f }
    }
    const [compiled, eager] = [made(true), made(false)]
    for (const what of [
      'other',
      'other',
      'cache',
      'cache',
      'other',
      'other',
      'cache',
      'other',
      'cache',
    ] as const) {
      const [a, b] = [compiled, eager].map((m) => m.step(m[what]))
      expect(await a.item()).toBe(await b.item())
      expect(await compiled.cache.toArray()).toEqual(await eager.cache.toArray())
    }
  })

  it('an argument that a step assigns by capture shows its new value in the step', async () => {
    const run = async (compiled: boolean): Promise<number[]> => {
      const t = tensor([1, 2, 3])
      const f = (x: Tensor): Tensor => {
        t.assign(t.mul(2))
        return x.add(t.sum()).sum()
      }
      const step = compiled ? compile(f) : f
      const results: number[] = []
      for (let i = 0; i < 4; i++) results.push(await step(t).item())
      return results
    }
    expect(await run(true)).toEqual(await run(false))
  })

  it('a gradient that is passed to the step that overwrites it is read as it was', async () => {
    const run = async (compiled: boolean): Promise<number[]> => {
      const p = new Parameter(tensor([1, 2, 3]))
      const f = (x: Tensor): Tensor => {
        const loss = p.mul(p).mul(0.5).sum()
        p.grad = null
        loss.backward()
        noGrad(() => p.assign(p.sub(p.grad!.mul(0.5))))
        return x.sum().add(loss.detach())
      }
      const step = compiled ? compile(f) : f
      const results: number[] = []
      const one = tensor([1, 1, 1])
      for (let i = 0; i < 5; i++) results.push(await step(one).item())
      for (let i = 0; i < 3; i++) results.push(await step(p.grad!).item())
      return results
    }
    expect(await run(true)).toEqual(await run(false))
  })

  it('a pending f(p) survives a compiled step that overwrites p', async () => {
    const p = new Parameter(tensor([1, 2, 3]))
    const step = compile(() => noGrad(() => p.assign(p.add(1))))
    step()
    step()
    const y = p.mul(10)
    step()
    expect(await y.toArray()).toEqual([30, 40, 50])
    step()
    expect(await p.toArray()).toEqual([5, 6, 7])
    expect(await y.toArray()).toEqual([30, 40, 50])
  })

  it('detached and shared values survive a compiled step', async () => {
    const p = new Parameter(tensor([1, 2]))
    const q = new Buffer(zeros([2]))
    const step = compile(() => noGrad(() => p.assign(p.add(1))))
    step()
    const before = p.detach()
    q.assign(p)
    step()
    expect(await before.toArray()).toEqual([2, 3])
    expect(await q.toArray()).toEqual([2, 3])
    expect(await p.toArray()).toEqual([3, 4])
  })

  it('swaps two parameters, eagerly and compiled', async () => {
    const a = new Parameter(tensor([1, 2]))
    const b = new Parameter(tensor([3, 4]))
    const swap = (): void =>
      noGrad(() => {
        const [x, y] = [a.detach(), b.detach()]
        a.assign(y)
        b.assign(x)
      })
    swap()
    expect([await a.toArray(), await b.toArray()]).toEqual([
      [3, 4],
      [1, 2],
    ])
    const compiled = compile(swap)
    for (let i = 0; i < 4; i++) {
      compiled()
      const expected =
        i % 2 === 0
          ? [
              [1, 2],
              [3, 4],
            ]
          : [
              [3, 4],
              [1, 2],
            ]
      expect([await a.toArray(), await b.toArray()]).toEqual(expected)
    }
  })

  it('x.assign(x.T), eagerly and compiled', async () => {
    const x = new Buffer(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    )
    x.assign(x.T)
    expect(await x.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ])
    const step = compile(() => x.assign(x.T))
    step()
    expect(await x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ])
    step()
    step()
    expect(await x.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('a reused Float32Array is copied', async () => {
    const data = new Float32Array([1, 2])
    const x = tensor(data)
    const y = x.mul(2)
    data.fill(9)
    expect(await x.toArray()).toEqual([1, 2])
    expect(await y.toArray()).toEqual([2, 4])
    const out = (await x.data()) as Float32Array
    out.fill(7)
    expect(await x.toArray()).toEqual([1, 2])
  })

  it('two assigns before a flush: the last counts, readers in between see theirs', async () => {
    const p = new Buffer(tensor(1))
    p.assign(p.add(1))
    const between = p.mul(10)
    p.assign(p.mul(5))
    expect(await p.item()).toBe(10)
    expect(await between.item()).toBe(20)
  })

  it('item() before backward() runs each convolution once', async () => {
    const w = new Parameter(ones([2, 1, 3, 3]))
    const x = tensor(
      Float32Array.from({ length: 16 }, (_, i) => i / 16),
      { shape: [1, 1, 4, 4] },
    )
    const forward = await countPrimitive('conv', async () => {
      const loss = conv2d(x, w, null, { padding: 1 }).tanh().sum()
      await loss.item()
      loss.backward()
      await w.grad!.data()
    })
    // The forward convolution and the weight gradient.
    expect(forward).toBe(2)
  })

  it('item() before backward() runs a function with derivatives of its own once', async () => {
    const w = new Parameter(ones([1, 1, 1, 1]))
    const x = ones([1, 1, 4, 4])
    const scaled = customGradient(
      (image: Tensor, weight: Tensor) => conv2d(image, weight).mul(3),
      (g, _args, y) => [null, g.mul(y).sum().reshape([1, 1, 1, 1])],
    )
    const runs = await countPrimitive('conv', async () => {
      const loss = scaled(x, w).sum()
      expect(await loss.item()).toBe(48)
      loss.backward()
      expect(await w.grad!.item()).toBe(48)
    })
    expect(runs).toBe(1)
  })

  it('a failing flush undoes its assigns and does not poison the next', async () => {
    const p = new Buffer(tensor([1, 2]))
    p.assign(tensor([5, 6, 7]).indexSelect(0, tensor([0, 9], { dtype: 'i64' })))
    await expect(p.data()).rejects.toThrow()
    expect(await p.toArray()).toEqual([1, 2])
    p.assign(p.add(1))
    expect(await p.toArray()).toEqual([2, 3])
  })

  it('assign checks shape and dtype', () => {
    const p = new Buffer(zeros([2, 3]))
    expect(() => p.assign(zeros([3, 2]))).toThrow(/expected shape \[2, 3\], got \[3, 2\]/)
    expect(() => p.assign(zeros([2, 3], { dtype: 'f64' }))).toThrow(/dtype f32, got f64/)
  })
})

forEachDevice('gradients and graphs', () => {
  it('backward accumulates, and zeroed gradients start anew', async () => {
    const w = new Parameter(tensor([2, 3]))
    for (let i = 0; i < 3; i++) w.mul(w).sum().backward()
    expect(await w.grad!.toArray()).toEqual([12, 18])
    w.grad = null
    w.sum().backward()
    expect(await w.grad!.toArray()).toEqual([1, 1])
  })

  it('a second backward through a released graph says so; retainGraph allows it', async () => {
    const w = new Parameter(tensor([2, 3]))
    const loss = w.mul(w).sum()
    loss.backward(null, { retainGraph: true })
    loss.backward()
    expect(() => loss.backward()).toThrow(/second time/)
    expect(await w.grad!.toArray()).toEqual([8, 12])
    const shared = w.exp()
    shared.sum().backward()
    await shared.data()
    expect(() => shared.mean().backward()).toThrow(/second time/)
  })

  it('refuses vectors without a gradient, and tensors without a graph', () => {
    const w = new Parameter(tensor([2, 3]))
    expect(() => w.mul(2).backward()).toThrow(/outputs of one element/)
    expect(() => tensor(1).backward()).toThrow(/does not require a gradient/)
    expect(() => noGrad(() => w.sum()).backward()).toThrow(/does not require a gradient/)
  })

  it('createGraph gives second derivatives', async () => {
    const w = new Parameter(tensor(3))
    w.mul(w).mul(w).backward(null, { createGraph: true })
    const first = w.grad!
    expect(await first.item()).toBe(27)
    w.grad = null
    first.backward()
    expect(await w.grad!.item()).toBe(18)
  })

  it('leaves: requiresGrad on tensors, retainGrad on intermediates, detach cuts', async () => {
    const x = tensor([1, 2], { requiresGrad: true })
    const y = x.mul(3)
    y.retainGrad()
    y.mul(y.detach()).sum().backward()
    expect(await y.grad!.toArray()).toEqual([3, 6])
    expect(await x.grad!.toArray()).toEqual([9, 18])
    const z = tensor([1])
    z.requiresGrad = true
    z.mul(5).sum().backward()
    expect(await z.grad!.toArray()).toEqual([5])
    expect(() => {
      y.requiresGrad = false
    }).toThrow(/leaf/)
  })
})

describe('scalars of the user', () => {
  it('compile once whatever their value', async () => {
    const x = tensor([1, 2, 3])
    const run = async (value: number): Promise<unknown> => x.mul(value).add(value).toArray()
    await run(1)
    const count = await countPrimitive('mul', async () => {
      for (let i = 2; i < 6; i++) expect(await run(i)).toEqual([2 * i, 3 * i, 4 * i])
    })
    expect(count).toBe(0)
  })
})
