/** The contract of compiled steps, sentence by sentence. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ShapeError, TraceError } from '../../src/core/errors.js'
import { Dropout } from '../../src/nn/dropout.js'
import { compile } from '../../src/tensor/compile.js'
import { arange, ones, tensor, zeros } from '../../src/tensor/creation.js'
import { dropout } from '../../src/tensor/functional.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import { observe } from '../../src/tensor/observe.js'
import { Buffer, Parameter } from '../../src/tensor/parameter.js'
import { Generator, manualSeed } from '../../src/tensor/random.js'
import { bernoulli, rand } from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { gradients, vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'

const messageOf = (fn: () => unknown): string => {
  try {
    fn()
  } catch (error) {
    if (error instanceof TraceError) return error.message
    throw error
  }
  throw new Error('Expected a TraceError, but nothing was thrown.')
}

forEachDevice('compile', () => {
  afterEach(() => vi.restoreAllMocks())

  it('reads parameters and buffers by reference at each call', async () => {
    const p = new Parameter(tensor([1, 2]))
    const b = new Buffer(tensor(10))
    const f = compile((x: Tensor) => x.mul(p).add(b))
    const x = tensor([1, 1])
    expect(await f(x).toArray()).toEqual([11, 12])
    p.assign(tensor([5, 6]))
    b.assign(tensor(0))
    expect(await f(x).toArray()).toEqual([5, 6])
    noGrad(() => p.assign(p.mul(2)))
    expect(await f(x).toArray()).toEqual([10, 12])
    expect(f.stats).toEqual({ compilations: 1, signatures: 1 })
  })

  it('trains like eager code: gradients, updates and state', async () => {
    const run = async (compiled: boolean): Promise<unknown> => {
      const w = new Parameter(
        tensor([
          [0.5, -0.25],
          [0.125, 1],
        ]),
      )
      const momentum = new Buffer(zeros([2, 2]))
      const step = (x: Tensor, y: Tensor): Tensor => {
        const loss = x.matmul(w).tanh().sub(y).square().mean()
        w.grad = null
        loss.backward()
        noGrad(() => {
          momentum.assign(momentum.mul(0.5).add(w.grad!))
          w.assign(w.sub(momentum.mul(0.125)))
        })
        return loss
      }
      const call = compiled ? compile(step) : step
      const losses: number[] = []
      for (let i = 0; i < 6; i++) {
        losses.push(
          await call(
            tensor([
              [1, 2],
              [3, 4 + i],
            ]),
            tensor([
              [1, 0],
              [0, 1],
            ]),
          ).item(),
        )
      }
      return [losses, await w.toArray(), await momentum.toArray(), await w.grad!.toArray()]
    }
    expect(await run(true)).toEqual(await run(false))
  })

  it('a bare counter is an error that names the line, at the second call', async () => {
    let count = 0
    const p = new Buffer(tensor(0))
    const f = compile((x: Tensor) => {
      count++
      p.assign(p.add(1))
      return x.mul(count)
    })
    f(tensor(1))
    const message = messageOf(() => f(tensor(1)))
    expect(message).toMatch(/compile\.test\.ts:\d+:\d+/)
    expect(message).toMatch(/was 1 .* is 2 now/)
    expect(message).toMatch(/Buffer/)
    // A call that failed changed nothing.
    expect(await p.item()).toBe(1)
  })

  it('a plain value that changes the structure, or a tensor made from plain values, is an error too', () => {
    let n = 1
    const structure = compile((x: Tensor) => x.slice(0, 0, n++))
    structure(tensor([1, 2, 3]))
    expect(messageOf(() => structure(tensor([1, 2, 3])))).toMatch(
      /something else at its second call at .*compile\.test\.ts/,
    )
    let k = 1
    const values = compile((x: Tensor) => x.add(tensor([k++, 0])))
    values(tensor([1, 2]))
    expect(messageOf(() => values(tensor([1, 2])))).toMatch(/from plain values at .*compile\.test\.ts/)
    let r = 1
    const result = compile((x: Tensor) => [x, r++])
    result(tensor(1))
    expect(messageOf(() => result(tensor(1)))).toMatch(/returned the plain value 1 .* 2 now/)
    const others = [new Buffer(tensor(1)), new Buffer(tensor(2))]
    let i = 0
    const other = compile((x: Tensor) => x.add(others[i++]))
    other(tensor(1))
    expect(messageOf(() => other(tensor(1)))).toMatch(/another tensor/)
    let j = 0
    const writes = compile((x: Tensor) => others[j++].assign(x))
    writes(tensor(1))
    expect(messageOf(() => writes(tensor(1)))).toMatch(/assigned to other/)
  })

  it('number arguments are baked and checked; strings and booleans are part of the signature', async () => {
    const f = compile((x: Tensor, k: number, epoch: number) => (epoch < 0 ? x : x.mul(k)))
    const x = tensor(2)
    expect(await f(x, 3, 0).item()).toBe(6)
    // `epoch` changes nothing.
    expect(await f(x, 3, 1).item()).toBe(6)
    expect(await f(x, 3, 2).item()).toBe(6)
    expect(messageOf(() => f(x, 4, 3))).toMatch(/was 3 .* is 4 now/)
    const g = compile((x: Tensor, mode: string, flag: boolean) => (mode === 'double' && flag ? x.mul(2) : x))
    expect(await g(x, 'double', true).item()).toBe(4)
    expect(await g(x, 'double', false).item()).toBe(2)
    expect(await g(x, 'same', true).item()).toBe(2)
    expect(await g(x, 'double', true).item()).toBe(4)
    expect(g.stats.signatures).toBe(3)
    expect(() => compile((a: Float32Array) => tensor(a))(new Float32Array(2))).toThrow(/Pass tensor\(array\)/)
  })

  it('traces anew for other shapes, dtypes and grad modes, once each', async () => {
    const f = compile((x: Tensor) => x.mul(2))
    for (let i = 0; i < 3; i++) {
      expect(await f(ones([2])).toArray()).toEqual([2, 2])
      expect(await f(ones([3])).toArray()).toEqual([2, 2, 2])
      expect(f(ones([2], { dtype: 'f64' })).dtype).toBe('f64')
      noGrad(() => f(ones([2])))
    }
    expect(f.stats).toEqual({ compilations: 4, signatures: 4 })
  })

  it('traces anew when an observed property changes', async () => {
    const module = {
      mode: true,
      get training(): boolean {
        observe(this, 'training', this.mode)
        return this.mode
      },
    }
    const f = compile((x: Tensor) => (module.training ? x.mul(2) : x))
    const x = tensor(3)
    expect(await f(x).item()).toBe(6)
    module.mode = false
    expect(await f(x).item()).toBe(3)
    module.mode = true
    expect(await f(x).item()).toBe(6)
    module.mode = false
    expect(await f(x).item()).toBe(3)
    expect(f.stats.signatures).toBe(2)
  })

  it('a step that sets a property sets it at each call, and depends on nothing outside for it', async () => {
    const module = new Dropout(0.5)
    const f = compile((x: Tensor) => {
      module.eval()
      const y = module.forward(x)
      module.train()
      return y
    })
    const x = tensor([3])
    for (let i = 0; i < 4; i++) {
      module.train(i % 2 === 0)
      expect(await f(x).toArray()).toEqual([3])
      expect(module.training).toBe(true)
    }
    expect(f.stats.signatures).toBe(1)
  })

  it('observes requiresGrad and whether a gradient is there', async () => {
    const p = new Parameter(tensor([1, 2]))
    const f = compile(() => {
      const loss = p.mul(3).sum()
      if (p.requiresGrad) loss.backward()
      return loss
    })
    await f().item()
    expect(await p.grad!.toArray()).toEqual([3, 3])
    f()
    expect(await p.grad!.toArray()).toEqual([6, 6])
    p.requiresGrad = false
    f()
    expect(await p.grad!.toArray()).toEqual([6, 6])
    p.requiresGrad = true
    p.grad = null
    f()
    expect(await p.grad!.toArray()).toEqual([3, 3])
    expect(f.stats.signatures).toBe(3)
  })

  it('warns once after more than 8 signatures and says what changed', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const f = compile((x: Tensor) => x.add(1))
    for (let n = 1; n <= 8; n++) f(ones([n]))
    expect(warn).not.toHaveBeenCalled()
    for (let n = 9; n <= 12; n++) f(ones([n]))
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0][0]).toMatch(/f32 \[8\] before, f32 \[9\] now/)
  })

  it('results are fresh: a thousand of them stay distinct', async () => {
    const count = new Buffer(tensor(0))
    const f = compile((x: Tensor) => {
      count.assign(count.add(1))
      return count.add(x)
    })
    const all: Tensor[] = []
    for (let i = 0; i < 1000; i++) all.push(f(tensor(0.5)))
    for (let i = 0; i < 1000; i += 37) expect(await all[i].item()).toBe(i + 1.5)
  })

  it('the same tensor twice, a parameter as an argument, the last output as input', async () => {
    const f = compile((x: Tensor, y: Tensor) => x.mul(2).add(y))
    const x = tensor([1, 2])
    expect(await f(x, x).toArray()).toEqual([3, 6])
    expect(await f(x, tensor([10, 20])).toArray()).toEqual([12, 24])
    expect(await f(x, x).toArray()).toEqual([3, 6])
    const p = new Parameter(tensor([5, 6]))
    expect(await f(p, x).toArray()).toEqual([11, 14])
    p.assign(tensor([0, 1]))
    expect(await f(p, x).toArray()).toEqual([1, 4])
    expect(await f(new Parameter(tensor([1, 1])), x).toArray()).toEqual([3, 4])
    let out: Tensor = x
    for (let i = 0; i < 5; i++) out = f(out, out)
    expect(await out.toArray()).toEqual([243, 486])
    expect(await x.toArray()).toEqual([1, 2])
  })

  it('a parameter both captured and passed is one parameter', async () => {
    const p = new Parameter(tensor([1, 2]))
    const f = compile((q: Parameter) => {
      noGrad(() => q.assign(q.add(p)))
      return p.mul(1)
    })
    expect(await f(p).toArray()).toEqual([2, 4])
    expect(await f(p).toArray()).toEqual([4, 8])
  })

  it('accumulates gradients left in .grad over four calls, and keeps those that somebody holds', async () => {
    const p = new Parameter(tensor([1, 2]))
    const f = compile((x: Tensor) => p.mul(x).sum().backward())
    const held: Tensor[] = []
    for (let i = 1; i <= 4; i++) {
      f(tensor([i, 1]))
      if (i % 2 === 0) held.push(p.grad!)
    }
    expect(await p.grad!.toArray()).toEqual([10, 4])
    expect(await held[0].toArray()).toEqual([3, 2])
    f(tensor([0, 0]))
    f(tensor([1, 0]))
    expect(await held[1].toArray()).toEqual([10, 4])
    expect(await p.grad!.toArray()).toEqual([11, 4])
  })

  it('gives arguments that require a gradient theirs', async () => {
    const f = compile((x: Tensor) => x.mul(x).sum().backward())
    const x = tensor([1, 2], { requiresGrad: true })
    f(x)
    f(x)
    expect(await x.grad!.toArray()).toEqual([4, 8])
  })

  it('returns trees, arguments themselves, parameters themselves, nothing, and empty tensors', async () => {
    const p = new Parameter(tensor([1]))
    const f = compile((x: Tensor, options: { scale: Tensor; name: string }) => ({
      list: [x.mul(options.scale), x],
      p,
      name: options.name,
      none: null,
      empty: x.slice(0, 0, 0).mul(2),
    }))
    const x = tensor([1, 2])
    for (let i = 0; i < 3; i++) {
      const out = f(x, { scale: tensor(3), name: 'a' })
      expect(await out.list[0].toArray()).toEqual([3, 6])
      expect(out.list[1]).toBe(x)
      expect(out.p).toBe(p)
      expect(out.name).toBe('a')
      expect(out.none).toBe(null)
      expect(out.empty.shape).toEqual([0])
      expect(await out.empty.toArray()).toEqual([])
    }
    expect(compile(() => undefined)()).toBe(undefined)
    expect(compile(() => {})()).toBe(undefined)
  })

  it('draws anew at each replay, as eager code would', async () => {
    const draws = async (compiled: boolean): Promise<unknown[]> => {
      const generator = new Generator(7)
      const draw = (): Tensor[] => [rand([3], { generator }), bernoulli(0.5, { shape: [4], generator })]
      const call = compiled ? compile(draw) : draw
      const all: unknown[] = []
      for (let i = 0; i < 4; i++) for (const t of call()) all.push(await t.toArray())
      return all
    }
    const eager = await draws(false)
    expect(await draws(true)).toEqual(eager)
    expect(new Set(eager.map((v) => JSON.stringify(v))).size).toBeGreaterThan(5)
    manualSeed(3)
    const f = compile((x: Tensor) => dropout(x, 0.5))
    const masks = new Set<string>()
    for (let i = 0; i < 8; i++) masks.add(JSON.stringify(await f(ones([16])).toArray()))
    expect(masks.size).toBe(8)
  })

  it('captured tensors and slots made at the first call work', async () => {
    const scale = tensor([2, 3])
    const pending = scale.mul(2)
    let slot: Buffer | null = null
    const f = compile((x: Tensor) => {
      slot ??= new Buffer(zeros([2]))
      slot.assign(slot.add(x))
      return slot.mul(scale).add(pending)
    })
    expect(await f(tensor([1, 1])).toArray()).toEqual([6, 9])
    expect(await f(tensor([1, 1])).toArray()).toEqual([8, 12])
    expect(await f(tensor([1, 1])).toArray()).toEqual([10, 15])
    expect(await slot!.toArray()).toEqual([3, 3])
    expect(() => compile((x: Tensor) => new Buffer(x.mul(2)))(scale)).toThrow(
      /made inside a compiled step from a value/,
    )
  })

  it('a compiled function inside another is inlined, and differentiated by transforms', async () => {
    const inner = compile((x: Tensor) => x.mul(x))
    const outer = compile((x: Tensor) => inner(x).add(1))
    expect(await outer(tensor([3])).toArray()).toEqual([10])
    expect(await outer(tensor([4])).toArray()).toEqual([17])
    expect(inner.stats.signatures).toBe(0)
    expect(await gradients((x: Tensor) => inner(x).sum())(tensor([3])).toArray()).toEqual([6])
    expect(await vmap(inner)(tensor([3, 4])).toArray()).toEqual([9, 16])
    const g = compile(gradients((x: Tensor) => x.pow(3).sum()))
    for (let i = 1; i < 4; i++) expect(await g(tensor([i])).toArray()).toEqual([3 * i * i])
  })
})

describe('mistakes in compiled steps', () => {
  it('looking at a value', () => {
    const looks: ((x: Tensor) => unknown)[] = [
      (x) => x.itemSync(),
      (x) => x.dataSync(),
      (x) => x.toArraySync(),
    ]
    for (const look of looks) expect(messageOf(() => compile(look)(tensor(1)))).toMatch(/no look at a value/)
    expect(compile((x: Tensor) => [`${x.add(1)}`])(tensor(1))[0]).toMatch(/traced/)
  })

  it('an async step', async () => {
    expect(messageOf(() => compile(async (x: Tensor) => x.add(1))(tensor(1)))).toMatch(/async/)
    const awaits = compile(async (x: Tensor) => (await x.item()) + 1)
    expect(messageOf(() => awaits(tensor(1)))).toMatch(/async/)
  })

  it('a tracer kept in a variable, used outside or in the next trace', () => {
    let kept: Tensor | null = null
    const f = compile((x: Tensor) => {
      kept ??= x.mul(2)
      return kept.add(1)
    })
    f(tensor(1))
    expect(messageOf(() => kept!.add(1))).toMatch(/kept in a variable/)
    expect(messageOf(() => kept!.itemSync())).toMatch(/kept in a variable/)
    expect(messageOf(() => f(tensor(1)))).toMatch(/kept in a variable/)
  })

  it('a captured tensor with a graph behind it', () => {
    const p = new Parameter(tensor(1))
    const y = p.mul(2)
    expect(messageOf(() => compile(() => y.mul(2))())).toMatch(/detach/)
    expect(() => compile(() => y.detach().mul(2))()).toThrow(TraceError)
    const z = y.detach()
    expect(compile(() => z.mul(2))().itemSync()).toBe(4)
  })

  it('a step that throws changes nothing and can be called again', async () => {
    const p = new Parameter(tensor([1, 2]))
    let broken = true
    const f = compile((x: Tensor) => {
      p.grad = null
      p.mul(x).sum().backward()
      noGrad(() => p.assign(p.add(1)))
      if (broken) throw new Error('oops')
      return p.mul(1)
    })
    p.grad = tensor([9, 9])
    expect(() => f(tensor([1, 1]))).toThrow('oops')
    expect(await p.toArray()).toEqual([1, 2])
    expect(await p.grad!.toArray()).toEqual([9, 9])
    expect(await p.add(1).toArray()).toEqual([2, 3])
    broken = false
    expect(await f(tensor([1, 1])).toArray()).toEqual([2, 3])
  })

  it('shape errors name the operation and the line, from inside a step too', () => {
    const f = compile((x: Tensor) => x.add(ones([3])))
    try {
      f(ones([2]))
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError)
      expect((error as Error).message).toMatch(/add: .*\[2\].*\[3\]/)
      expect((error as Error).message).toMatch(/compile\.test\.ts:\d+/)
    }
  })

  it('signatures of tensors alone and with numbers take turns', async () => {
    let runs = 0
    const f = compile((x: Tensor, y: Tensor, factor?: number) => {
      runs++
      return x.mul(factor ?? 2).sub(y)
    })
    const [x, y] = [tensor([3]), tensor([1])]
    for (let i = 0; i < 3; i++) {
      expect(await f(x, y).item()).toBe(5)
      expect(await f(x, y, 4).item()).toBe(11)
      expect(await f(x, x).item()).toBe(3)
    }
    expect(f.stats).toEqual({ compilations: 3, signatures: 3 })
    // Each is traced once more to be compared, and then only replayed.
    expect(runs).toBe(6)
  })

  it('replays cost little', () => {
    const p = new Parameter(arange(4).to('f32'))
    const f = compile((x: Tensor) => noGrad(() => p.assign(p.add(x))))
    const x = ones([4])
    for (let i = 0; i < 200; i++) f(x)
    const start = performance.now()
    for (let i = 0; i < 2000; i++) f(x)
    expect((performance.now() - start) / 2000).toBeLessThan(1)
  })
})
