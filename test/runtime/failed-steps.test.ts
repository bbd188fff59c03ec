/** A step that finds a bad index throws, and the state of the training is what it was: the batch can be left out. */
import { describe, expect, it } from 'vitest'
import {
  Buffer,
  compile,
  functional,
  manualSeed,
  ones,
  Parameter,
  randint,
  randn,
  type Tensor,
  tensor,
} from '../../src/index.js'
import { Embedding, Linear } from '../../src/nn/index.js'
import { Adam, SGD } from '../../src/optim/index.js'
import { useDevice } from '../../src/runtime/devices.js'
import { forEachDevice } from '../helpers/devices.js'

const indices = (...list: number[]): Tensor => tensor(list, { dtype: 'i64' })

forEachDevice('after a bad index', () => {
  it('nothing has moved that the step assigns before it looks', async () => {
    const a = new Parameter(ones([3]))
    const b = new Parameter(ones([3]))
    const step = compile((i: Tensor) => {
      a.assign(a.detach().mul(2))
      const found = b.detach().gather(0, i)
      b.assign(found.cumsum(0).mul(2))
      return found.sum()
    })
    step(indices(0, 1, 2))
    step(indices(0, 1, 2))
    expect(() => step(indices(0, 1, 9))).toThrow(/out of range/)
    expect(await a.toArray()).toEqual([4, 4, 4])
    expect(await b.toArray()).toEqual([4, 12, 24])
    step(indices(0, 1, 2))
    expect(await a.toArray()).toEqual([8, 8, 8])
    expect(await b.toArray()).toEqual([8, 32, 80])
  })

  it('nor what is computed in the kernel that looks', async () => {
    const state = new Buffer(ones([100]))
    const step = compile((table: Tensor, i: Tensor) => {
      state.assign(state.mul(2).add(table.gather(0, i)))
    })
    const table = tensor([1, 2, 3])
    const good = indices(...Array.from({ length: 100 }, (_, i) => i % 3))
    const bad = indices(...Array.from({ length: 100 }, (_, i) => (i === 77 ? 3 : i % 3)))
    step(table, good)
    step(table, good)
    const before = await state.toArray()
    expect(() => step(table, bad)).toThrow(/out of range/)
    expect(await state.toArray()).toEqual(before)
  })

  it.each(['label', 'token'])(
    'a training with a bad %s goes on as if the batch had not been',
    async (what) => {
      const train = async (batches: readonly (readonly [Tensor, Tensor])[]): Promise<unknown[]> => {
        manualSeed(1)
        const embedding = new Embedding(50, 40)
        const linear = new Linear(40, 7)
        const optimizer = new Adam([...embedding.parameters(), ...linear.parameters()], { lr: 0.01 })
        const step = compile((x: Tensor, y: Tensor) => {
          const loss = functional.crossEntropy(linear.forward(embedding.forward(x)), y)
          loss.backward()
          optimizer.step()
          optimizer.zeroGrad()
          return loss
        })
        for (const [x, y] of batches) {
          try {
            step(x, y)
          } catch (error) {
            expect(String(error)).toMatch(/out of range/)
          }
        }
        const state = [...embedding.parameters(), ...linear.parameters()]
        return Promise.all([...state.map((p) => p.data()), step(...batches[0]).item()])
      }
      manualSeed(2)
      const batch = (): [Tensor, Tensor] => [
        randint(0, 50, [30], { dtype: 'i64' }),
        randint(0, 7, [30], { dtype: 'i64' }),
      ]
      const good = [batch(), batch(), batch(), batch()]
      const [x, y] = batch()
      const wrong = indices(...Array.from({ length: 30 }, (_, i) => (i === 17 ? 60 : i % 7)))
      const bad: [Tensor, Tensor] = what === 'label' ? [x, wrong] : [wrong, y]
      expect(await train([...good.slice(0, 3), bad, good[3]])).toEqual(await train(good))
    },
  )
})

it('a training that looks up labels still updates its parameters where they lie', async () => {
  await useDevice('native')
  const linear = new Linear(64, 64)
  const optimizer = new SGD(linear.parameters(), { lr: 0.1, momentum: 0.9 })
  const step = compile(
    (x: Tensor, y: Tensor) => {
      const loss = functional.crossEntropy(linear.forward(x), y)
      loss.backward()
      optimizer.step()
      optimizer.zeroGrad()
      return loss
    },
    { profile: true },
  )
  for (let i = 0; i < 3; i++) step(randn([32, 64]), randint(0, 64, [32], { dtype: 'i64' }))
  const [{ kernels }] = step.profile().programs
  expect(kernels.map(({ name }) => name)).not.toContain('copy')
})

describe('what is looked at', () => {
  it('is the value at the time of the call, also where other tasks have a turn first', async () => {
    await useDevice('wasm')
    const w = new Parameter(tensor([1, 2]))
    const step = compile(() => {
      w.assign(w.detach().add(1))
    })
    for (let i = 0; i < 5; i++) {
      // A turn is due.
      const end = performance.now() + 12
      while (performance.now() < end);
      const looks = [w.data(), w.toArray(), w.sum().item(), w.equal(tensor([1 + i, 2 + i]))] as const
      step()
      const [data, array, sum, same] = await Promise.all(looks)
      expect([...data]).toEqual([1 + i, 2 + i])
      expect(array).toEqual([1 + i, 2 + i])
      expect(sum).toBe(3 + 2 * i)
      expect(same).toBe(true)
    }
  })
})
