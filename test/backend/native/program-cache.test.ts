/** Programs from disk: the same bits as fresh ones, and never another program's. */
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Backend } from '../../../src/backend/backend.js'
import { FileCache } from '../../../src/backend/file-cache.js'
import { createNativeBackend, type NativeBackend } from '../../../src/backend/native/native.js'
import { Storage } from '../../../src/core/storage.js'
import {
  cholesky,
  compile,
  manualSeed,
  Parameter,
  rand,
  randint,
  type Tensor,
  tensor,
  useDevice,
} from '../../../src/index.js'
import * as b from '../../../src/ir/build.js'
import { graphIdentity } from '../../../src/ir/graph-identity.js'
import type { HostKernel, Node } from '../../../src/ir/node.js'
import { crossEntropy } from '../../../src/losses/cross-entropy.js'
import { mseLoss } from '../../../src/losses/mse-loss.js'
import { LeNet5 } from '../../../src/models/lenet5.js'
import * as nn from '../../../src/nn/index.js'
import { AdamW } from '../../../src/optim/adamw.js'
import { SGD } from '../../../src/optim/sgd.js'
import { currentBackend, currentDevice } from '../../../src/runtime/devices.js'
import { runGraph, storageFrom } from '../../helpers/run-graph.js'

const before = currentDevice().name
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainrule-program-cache-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})
afterAll(() => useDevice(before))

interface Training {
  readonly parameters: readonly Tensor[]
  readonly step: () => Tensor
}

/** Trainings with what programs consist of: shared kernels, loops, random bits, C functions on doubles, host kernels. */
const trainings: Record<string, () => Training> = {
  'LeNet-5 with momentum'() {
    const model = new LeNet5()
    const parameters = model.parameters()
    const optimizer = new SGD(parameters, { lr: 0.05, momentum: 0.9 })
    const [x, y] = [rand([8, 1, 28, 28]), randint(10, [8])]
    return { parameters, step: stepOf(optimizer, x, (input) => crossEntropy(model.forward(input), y)) }
  },
  'convolution, batch norm, dropout, AdamW'() {
    const model = nn.sequential(
      new nn.Conv2d(3, 8, 3, { padding: 1 }),
      new nn.BatchNorm2d(8),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Dropout(0.3),
      new nn.Flatten(),
      new nn.Linear(8 * 4 * 4, 5),
    )
    const parameters = model.parameters()
    const optimizer = new AdamW(parameters, { lr: 1e-3 })
    const [x, y] = [rand([4, 3, 8, 8]), randint(5, [4])]
    return {
      parameters,
      step: stepOf(optimizer, x, (input) => crossEntropy(model.forward(input) as Tensor, y)),
    }
  },
  'a recurrent network'() {
    const model = new nn.LSTM(5, 7, { batchFirst: true })
    const parameters = model.parameters()
    const optimizer = new AdamW(parameters, { lr: 1e-2 })
    const [x, y] = [rand([3, 6, 5]), rand([3, 6, 7])]
    return { parameters, step: stepOf(optimizer, x, (input) => mseLoss(model.forward(input)[0], y)) }
  },
  'functions on doubles, a factorization'() {
    const weight = new Parameter(rand([4, 4], { dtype: 'f64' }))
    const optimizer = new SGD([weight], { lr: 1e-2 })
    const identity = tensor(
      [...new Array(4).keys()].map((i) => [...new Array(4).keys()].map((k) => (i === k ? 1 : 0))),
    )
    const lossOf = (x: Tensor): Tensor => {
      const h = x.matmul(weight).tanh().exp()
      return cholesky(h.T.matmul(h).add(identity.to('f64'))).sum()
    }
    return { parameters: [weight], step: stepOf(optimizer, rand([6, 4], { dtype: 'f64' }), lossOf) }
  },
}

function stepOf(
  optimizer: { zeroGrad(): void; step(): void },
  x: Tensor,
  lossOf: (x: Tensor) => Tensor,
): () => Tensor {
  const step = compile((input: Tensor) => {
    const loss = lossOf(input)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss
  })
  return () => step(x)
}

/** Losses of some steps and all parameters after them, as bits. */
async function train(make: () => Training): Promise<string[]> {
  // Another backend has compiled nothing yet.
  await useDevice('native', { threads: 2 })
  manualSeed(3)
  const { parameters, step } = make()
  const bits = async (t: Tensor): Promise<string> => {
    const { buffer, byteOffset, byteLength } = await t.data()
    return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
  }
  const found: string[] = []
  for (let i = 0; i < 4; i++) found.push(await bits(step()))
  for (const p of parameters) found.push(await bits(p))
  return found
}

const programsOf = (backend: Backend): FileCache => (backend as NativeBackend).programs!

describe('a training from cached programs', () => {
  for (const [name, make] of Object.entries(trainings)) {
    it(`has the bits of a fresh one: ${name}`, async () => {
      vi.stubEnv('CHAINRULE_CACHE', 'off')
      const plain = await train(make)
      expect((currentBackend() as NativeBackend).programs).toBeNull()

      vi.stubEnv('CHAINRULE_CACHE', folder)
      const first = await train(make)
      const written = programsOf(currentBackend())
      expect(written.misses).toBeGreaterThan(0)
      expect(written.files().length).toBeGreaterThan(0)

      const files = written.files().length
      const second = await train(make)
      // Every program that was worth a file came from it.
      expect(programsOf(currentBackend()).hits).toBe(files)
      expect(first).toEqual(plain)
      expect(second).toEqual(plain)
    })
  }
})

/** A backend of its own on the test's folder. */
const backendOn = (options: Parameters<typeof createNativeBackend>[0] = {}): Promise<NativeBackend> =>
  createNativeBackend({ threads: 2, programs: new FileCache(folder), ...options })

/** Work enough to be worth a file. */
function work(by = 0.5): { inputs: Node[]; outputs: Node[] } {
  const x = b.placeholder([40, 30], 'f32')
  const y = b.placeholder([30, 20], 'f32')
  const product = b.contract(x, y, { batch: [[], []], contracting: [[1], [0]], accumulate: 'f32' })
  const scaled = b.mul(b.exp(product), b.expand(b.reshape(b.constant(by, 'f32'), [1, 1]), [40, 20]))
  return { inputs: [x, y], outputs: [b.reduceSum(scaled, [0]), b.cumSum(scaled, 1, false)] }
}

const ones = (n: number): number[] => new Array<number>(n).fill(0.01)
const run = (backend: Backend, by?: number): number[][] => {
  const { inputs, outputs } = work(by)
  return runGraph(outputs, inputs, [ones(1200), ones(600)], backend)
}

describe('an entry', () => {
  it('is damaged: the program is compiled again, and its file is whole again', async () => {
    const backend = await backendOn()
    const result = run(backend)
    const [{ path: file }] = backend.programs!.files()
    const whole = readFileSync(file)
    for (const bytes of [whole.subarray(0, 100), Buffer.alloc(0), Buffer.from(whole).fill(0xcc, 2000)]) {
      writeFileSync(file, bytes)
      const again = await backendOn()
      expect(run(again)).toEqual(result)
      expect([again.programs!.hits, again.programs!.misses]).toEqual([0, 1])
      expect(readFileSync(file).equals(whole)).toBe(true)
    }
    const last = await backendOn()
    expect(run(last)).toEqual(result)
    expect(last.programs!.hits).toBe(1)
  })
})

describe('another program', () => {
  const changes: Record<string, Parameters<typeof createNativeBackend>[0]> = {
    'for another number of threads': { threads: 1 },
    'for another instruction set': { instructionSet: 'avx2' },
    'without fused multiply-add': { fusedMultiplyAdd: false },
    'for other caches': { target: { l2: 2 ** 18 } },
  }
  for (const [name, options] of Object.entries(changes)) {
    it(`is one ${name}`, async () => {
      run(await backendOn())
      const other = await backendOn(options)
      const result = run(other)
      expect(other.programs!.hits).toBe(0)
      expect(result).toEqual(run(await createNativeBackend({ threads: 2, programs: null, ...options })))
    })
  }

  it('is one with another constant', async () => {
    run(await backendOn(), 0.5)
    const other = await backendOn()
    const doubled = run(other, 1)
    expect(other.programs!.hits).toBe(0)
    expect(doubled).not.toEqual(run(await backendOn(), 0.5))
  })

  it('is one that is profiled: it says what its kernels do', async () => {
    run(await backendOn())
    const { inputs, outputs } = work()
    const backend = await backendOn()
    const executable = backend.compile({ inputs, outputs, donations: new Map() }, { profile: true })
    expect(executable.profiler).toBeDefined()
    expect(backend.programs!.hits + backend.programs!.misses).toBe(0)
  })
})

it('an index out of range names its kernel, from disk too', async () => {
  const lookUp = (backend: Backend): string => {
    const x = b.placeholder([50, 8], 'f32')
    const index = b.placeholder([6, 8], 'i64')
    const outputs = [b.gather(b.exp(x), index, 0)]
    const graph = { inputs: [x, index], outputs, donations: new Map() }
    try {
      const given = [storageFrom('f32', ones(400)), storageFrom('i64', new Array<number>(48).fill(50))]
      backend.compile(graph).run(given, [new Storage('f32', 48)])
    } catch (error) {
      return String(error)
    }
    return 'no error'
  }
  const message = lookUp(await backendOn())
  expect(message).toMatch(/gather/)
  // Fast programs have no file: this one's is as old as its first compilation.
  const again = await backendOn()
  expect(lookUp(again)).toBe(message)
})

it('host kernels are this process’s own', async () => {
  const results = (kernel: HostKernel, backend: Backend): number[] => {
    const x = b.placeholder([64, 64], 'f32')
    const outputs = b.call(
      [b.exp(b.contract(x, x, { batch: [[], []], contracting: [[1], [1]], accumulate: 'f32' }))],
      {
        kernel,
        outputs: [{ shape: [2], dtype: 'f32' }],
        vjp: null,
      },
    )
    return runGraph(
      outputs.map((o) => b.cumSum(o, 0, false)),
      [x],
      [ones(64 * 64)],
      backend,
    )[0]
  }
  const kernel = (first: number): HostKernel => ({
    name: 'pick',
    run: (inputs, outputs) => {
      outputs[0].data[0] = first
      outputs[0].data[1] = Number(inputs[0].data[5])
    },
  })
  const before = results(kernel(1), await backendOn())
  const backend = await backendOn()
  const after = results(kernel(2), backend)
  expect(backend.programs!.hits).toBe(1)
  expect(after[0]).toBe(2)
  expect(after[1] - 2).toBeCloseTo(before[1] - 1, 5)
})

describe('a graph as text', () => {
  const text = (outputs: Node[], inputs: Node[] = [], donations: [number, number][] = []): string =>
    graphIdentity({ inputs, outputs, donations: new Map(donations) }).text
  const x = b.placeholder([3], 'f32')
  const y = b.placeholder([3], 'f32')
  const c = (value: number): string => text([b.constant(value, 'f32')])
  const host = (name: string): HostKernel => ({ name, run: () => {} })
  const calls = (...kernels: HostKernel[]): string =>
    text(
      kernels.flatMap((kernel) =>
        b.call([x], { kernel, outputs: [{ shape: [1], dtype: 'f32' }], vjp: null }),
      ),
      [x],
    )
  const loop = (length: number, by: number): string => {
    const p = b.placeholder([3], 'f32')
    const body = { params: [p], results: [b.mul(p, b.expand(b.reshape(b.constant(by, 'f32'), [1]), [3]))] }
    return text(b.scan(body, { consts: [], carry: [x], xs: [] }, { length }), [x])
  }
  const [a1, a2] = [host('a'), host('a')]

  it('is the same for the same program, whoever built it', () => {
    expect(text([b.add(x, y)], [x, y])).toBe(text([b.add(x, y)], [x, y]))
    expect(text([b.sub(x, y)], [y, x])).toBe(text([b.sub(y, x)], [x, y]))
    expect(loop(3, 2)).toBe(loop(3, 2))
    expect(calls(a1, a1)).toBe(calls(a2, a2))
  })

  it('differs wherever programs do', () => {
    const wide = b.placeholder([4], 'f32')
    const half = b.placeholder([3], 'bf16')
    const texts = [
      text([b.sub(x, y)], [x, y]),
      text([b.sub(y, x)], [x, y]),
      text([b.sub(x, y), b.sub(x, y)], [x, y]),
      text([b.sub(x, y)], [x, y], [[0, 0]]),
      text([b.sub(x, y)], [x, y], [[0, 1]]),
      text([b.exp(x)], [x]),
      text([b.exp(wide)], [wide]),
      text([b.exp(half)], [half]),
      text([b.exp(x)], [x, y]),
      ...[0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, 0.1, 0.1 + 2 ** -56].map(c),
      text([b.constant(1, 'f64')]),
      text([b.cumSum(x, 0, false)], [x]),
      text([b.cumSum(x, 0, true)], [x]),
      loop(3, 2),
      loop(4, 2),
      loop(3, 3),
      calls(a1),
      calls(a1, a1),
      calls(a1, a2),
      calls(host('b')),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })
})

it('a use is written down', async () => {
  run(await backendOn())
  const cache = new FileCache(folder)
  const [{ path: file }] = cache.files()
  utimesSync(file, 1e9, 1e9)
  run(await backendOn())
  expect(Date.now() - statSync(file).mtimeMs).toBeLessThan(60_000)
})
