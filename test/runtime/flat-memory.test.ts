/** Long loops hold no more than short ones, however they yield and whatever nobody reads. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, expect, it } from 'vitest'
import type { BackendOptions } from '../../src/backend/backend.js'
import { currentBackend, useDevice } from '../../src/runtime/devices.js'
import { cachedExecutables } from '../../src/runtime/executables.js'
import { flushPending } from '../../src/runtime/realize.js'
import { nextTask } from '../../src/runtime/yield.js'
import { compile } from '../../src/tensor/compile.js'
import { tensor, zeros } from '../../src/tensor/creation.js'
import { batchNorm } from '../../src/tensor/functional.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import { Buffer, Parameter } from '../../src/tensor/parameter.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { forEachDevice } from '../helpers/devices.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are still reachable: heap and array buffers, after a collection. */
function heldBytes(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

type Yield = 'never' | 'microtask' | 'macrotask'

/** Runs `body` many times and returns by how many bytes the second half of the run grew. */
async function growth(count: number, how: Yield, body: (i: number) => void): Promise<number> {
  const warm = Math.floor(count / 2)
  let start = 0
  for (let i = 0; i < count; i++) {
    if (i === warm) start = heldBytes()
    body(i)
    if (how === 'microtask') await null
    if (how === 'macrotask' && i % 8 === 0) await nextTask()
  }
  return heldBytes() - start
}

/** Less than a few bytes a step would show, more than what collections leave behind. */
const limit = 1.5e6
const batch = new Float32Array(4096).map((_, i) => Math.sin(i))

forEachDevice('flat memory', (device) => {
  // A small pool, so that what it keeps until it is full does not count.
  beforeAll(() => useDevice(device, { threads: 1, poolBytes: 2 ** 20 } as BackendOptions))

  // The interpreter is slow; what is held does not depend on the number of steps.
  const eagerSteps = device === 'reference' ? 200 : 1000
  const compiledSteps = device === 'reference' ? 600 : 10_000

  for (const how of ['never', 'microtask', 'macrotask'] as const) {
    it(`eager training, yielding ${how}, with a running sum and an unread metric`, async () => {
      const w = new Parameter(zeros([16, 4]))
      let sum: Tensor = tensor(0)
      const grown = await growth(eagerSteps, how, (i) => {
        const x = tensor(batch, { shape: [256, 16] })
        const loss = x
          .matmul(w)
          .sub(1 + (i % 3))
          .square()
          .mean()
        w.grad = null
        loss.backward()
        noGrad(() => w.assign(w.sub(w.grad!.mul(0.01 / (1 + i)))))
        flushPending()
        sum = sum.add(loss)
        // Nobody reads this one.
        x.matmul(w).argmax(1)
      })
      expect(grown).toBeLessThan(limit)
      expect(Number.isFinite(await sum.item())).toBe(true)
      expect(cachedExecutables(currentBackend())).toBeLessThanOrEqual(256)
    }, 60_000)

    it(`compiled training, yielding ${how}, with a running sum`, async () => {
      const w = new Parameter(zeros([16, 4]))
      let sum: Tensor = tensor(0)
      const x = tensor(batch.subarray(0, 128), { shape: [8, 16] })
      const step = compile((input: Tensor) => {
        const loss = input.matmul(w).sub(1).square().mean()
        w.grad = null
        loss.backward()
        noGrad(() => w.assign(w.sub(w.grad!.mul(0.01))))
        return loss
      })
      const grown = await growth(compiledSteps, how, () => {
        sum = sum.add(step(x))
      })
      expect(grown).toBeLessThan(limit)
      expect(step.stats.compilations).toBe(1)
      expect(Number.isFinite(await sum.item())).toBe(true)
    }, 60_000)
  }

  it('train-mode forwards without a step, and metrics without gradients', async () => {
    const mean = new Buffer(zeros([16]))
    const variance = new Buffer(zeros([16]))
    let sum: Tensor = tensor(0)
    const grown = await growth(eagerSteps, 'never', () => {
      const x = tensor(batch, { shape: [256, 16] })
      const y = batchNorm(x, mean, variance, null, null, { training: true })
      sum = sum.add(noGrad(() => y.mean()))
    })
    // 64 MB of inputs may be pending at either end, which is far less than all of them would be on a long run.
    expect(grown).toBeLessThan(limit + 64 * 2 ** 20)
    await sum.item()
    await mean.data()
    const some = (): void => {
      for (let i = 0; i < 100; i++) {
        batchNorm(tensor(batch, { shape: [256, 16] }), mean, variance, null, null, { training: true })
      }
      flushPending()
    }
    // The first time leaves a program behind.
    some()
    const before = heldBytes()
    some()
    expect(heldBytes() - before).toBeLessThan(limit)
  }, 60_000)

  it('a chain of 50,000 nodes, with and without a gradient', async () => {
    const x = tensor([1], { requiresGrad: true })
    let y: Tensor = x.mul(1)
    for (let i = 0; i < 50_000; i++) y = y.add(1)
    expect(await y.item()).toBe(50_001)
    y.sum().backward()
    expect(await x.grad!.item()).toBe(1)
    let z: Tensor = tensor([0])
    for (let i = 0; i < 50_000; i++) z = z.add(1)
    expect(await z.item()).toBe(50_000)
  }, 60_000)
})
