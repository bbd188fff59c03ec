/**
 * Compiled steps keep what they know of state from call to call. Whatever happens to the state in between, the next call
 * must see it: random interventions, against the same training run eagerly.
 */
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import {
  compile,
  currentDevice,
  listDevices,
  manualSeed,
  noGrad,
  randn,
  type Tensor,
  tensor,
  useDevice,
} from '../../src/index.js'
import { mseLoss } from '../../src/losses/mse-loss.js'
import * as nn from '../../src/nn/index.js'
import { SGD } from '../../src/optim/sgd.js'
import { StepTables } from '../../src/runtime/step-tables.js'
import { forEachDevice } from '../helpers/devices.js'
import { seeded } from '../helpers/random.js'

const before = currentDevice().name
afterEach(() => void vi.restoreAllMocks())
afterAll(() => useDevice(before))

interface Twin {
  readonly model: nn.Sequential
  readonly optimizer: SGD
  readonly step: (x: Tensor, y: Tensor) => Tensor
  /** Tensors that somebody holds on to. */
  readonly held: Tensor[]
  undo: (() => void)[]
}

function twin(compiled: boolean): Twin {
  manualSeed(2)
  const model = nn.sequential(new nn.Linear(4, 6), new nn.Tanh(), new nn.BatchNorm1d(6), new nn.Linear(6, 3))
  const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 })
  const step = (x: Tensor, y: Tensor): Tensor => {
    const loss = mseLoss(model.forward(x) as Tensor, y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss
  }
  return { model, optimizer, step: compiled ? compile(step) : step, held: [], undo: [] }
}

/** What may happen between two steps. Each does the same to both twins. */
const interventions: Record<string, (t: Twin, n: number, device: string) => void | Promise<void>> = {
  nothing() {},
  'assign a parameter': ({ model }, n) => {
    const p = model.parameters()[n % 6]
    noGrad(() => p.assign(p.mul(0.5)))
  },
  'load a state': ({ model }) => {
    const state = Object.entries(model.stateDict()).map(([key, t]) => [key, t.detach().mul(0.9)] as const)
    model.loadStateDict(Object.fromEntries(state))
  },
  'hold a parameter': ({ model, held }, n) => void held.push(model.parameters()[n % 6].detach()),
  'hold a function of a parameter': ({ model, held }, n) =>
    void held.push(model.parameters()[n % 6].mul(2).detach()),
  'hold a gradient': ({ model, held }, n) => {
    const { grad } = model.parameters()[n % 6]
    if (grad !== null) held.push(grad.mul(1))
  },
  'change a gradient': ({ model }, n) => {
    const { grad } = model.parameters()[n % 6]
    if (grad !== null) noGrad(() => grad.assign(grad.mul(3)))
  },
  'clear gradients': ({ optimizer }) => optimizer.zeroGrad(),
  'clear one gradient': ({ model }, n) => {
    model.parameters()[n % 6].grad = null
  },
  'freeze or thaw': ({ model }, n) => {
    const p = model.parameters()[n % 6]
    p.requiresGrad = !p.requiresGrad
  },
  'change the mode': ({ model }, n) => void model.train(n % 2 === 0),
  'change the learning rate': ({ optimizer }, n) => {
    optimizer.paramGroups[0].lr = 0.01 * (1 + (n % 5))
  },
  'add a hook': ({ model, undo }, n) => {
    const p = model.parameters()[n % 6]
    if (!p.requiresGrad) return
    const handle = p.registerHook((g) => g.mul(0.5))
    undo.push(() => handle.remove())
  },
  'compute elsewhere': async ({ model }, n, device) => {
    const other = listDevices().find((name) => name !== device && name !== 'reference')
    if (other === undefined) return
    await useDevice(other)
    const p = model.parameters()[n % 6]
    // In place: the version stays, its bytes move to the other device.
    compile(() => noGrad(() => p.assign(p.add(0.25))))()
    await useDevice(device)
  },
  'step eagerly': ({ model, optimizer }) => {
    optimizer.zeroGrad()
    ;(
      model.forward(
        tensor(
          [
            [1, 2, 3, 4],
            [4, 3, 2, 1],
          ],
          { dtype: 'f32' },
        ),
      ) as Tensor
    )
      .sum()
      .backward()
    optimizer.step()
  },
  'fail in the middle': ({ step }) => {
    expect(() => step(tensor([1, 2]), tensor([1, 2]))).toThrow()
  },
}

const bits = async (t: Tensor): Promise<string> => {
  const { buffer, byteOffset, byteLength } = await t.data()
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
}

forEachDevice('a compiled step', (device) => {
  it('sees what happens to its state between calls', async () => {
    // Many signatures are the point here.
    vi.spyOn(console, 'warn').mockReturnValue()
    const looks = vi.spyOn(StepTables.prototype, 'unchanged')
    const [compiled, eager] = [twin(true), twin(false)]
    const random = seeded(9)
    const batches: Tensor[][] = []
    for (let i = 0; i < 3; i++) {
      manualSeed(50 + i)
      batches.push([randn([5, 4]), randn([5, 3])])
      for (const t of batches[i]) await t.data()
    }
    const compare = async (at: string): Promise<void> => {
      const [mine, theirs] = [compiled, eager].map(({ model }) => [...model.parameters(), ...model.buffers()])
      for (let i = 0; i < mine.length; i++)
        expect(await bits(mine[i]), `${at}: state ${i}`).toBe(await bits(theirs[i]))
      for (let i = 0; i < compiled.held.length; i++)
        expect(await bits(compiled.held[i]), `${at}: held ${i}`).toBe(await bits(eager.held[i]))
    }
    let step = 0
    for (const name of Object.keys(interventions)) {
      const number = random.integer(0, 60)
      // Four quiet calls, what happens, two more.
      for (let call = 0; call < 6; call++) {
        if (call === 4) for (const t of [compiled, eager]) await interventions[name](t, number, device)
        const [x, y] = batches[step++ % 3]
        const at = `call ${call} around '${name}'`
        const [a, b] = [compiled, eager].map((t) => t.step(x, y))
        expect(await bits(a), at).toBe(await bits(b))
        await compare(at)
        if (call === 3) expect(looks.mock.results.at(-1), at).toEqual({ type: 'return', value: true })
      }
      for (const t of [compiled, eager]) {
        // Gradients are looked at rarely: who has one may keep it.
        const all = t.model.parameters().map(({ grad }) => grad)
        t.held.length = 0
        t.held.push(...all.map((g) => g?.detach() ?? tensor(0)))
        for (const p of t.model.parameters()) p.requiresGrad = true
        for (const undo of t.undo.splice(0)) undo()
        t.model.train()
      }
      await compare(`after '${name}'`)
      for (const { held } of [compiled, eager]) held.length = 0
    }
  })
})
