/** A process that trains on the native device and does what its argument says; run by processes.test.ts. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { createNativeBackend } from '../../../src/backend/native/native.js'
import { Storage } from '../../../src/core/storage.js'
import * as b from '../../../src/ir/build.js'
import type { HostKernel } from '../../../src/ir/node.js'
import { currentDevice, useDevice } from '../../../src/runtime/devices.js'
import { compile } from '../../../src/tensor/compile.js'
import { tensor } from '../../../src/tensor/creation.js'
import { noGrad } from '../../../src/tensor/grad-mode.js'
import { Parameter } from '../../../src/tensor/parameter.js'
import type { Tensor } from '../../../src/tensor/tensor.js'

const mode: string = isMainThread ? process.argv[2] : (workerData as string)
const size = 128

/** A training whose kernels are shared by threads; returns the bits of its losses. */
function train(steps: number): string {
  const values = (n: number, by: number): Float32Array =>
    Float32Array.from({ length: n }, (_, i) => Math.sin(i * by))
  const w = new Parameter(tensor(values(size * size, 0.37), { shape: [size, size] }).mul(0.05))
  const x = tensor(values(size * size, 0.11), { shape: [size, size] })
  const step = compile((input: Tensor) => {
    const loss = input.matmul(w).tanh().sub(input).square().mean()
    w.grad = null
    loss.backward()
    noGrad(() => w.assign(w.sub(w.grad!.mul(0.1))))
    return loss
  })
  const losses: number[] = []
  for (let i = 0; i < steps; i++) losses.push(step(x).itemSync())
  return losses.map((loss) => loss.toString()).join()
}

const worker = (what: string): Worker => new Worker(new URL(import.meta.url), { workerData: what })

const message = (w: Worker): Promise<string> =>
  new Promise((resolve, reject) => {
    w.once('message', resolve)
    w.once('error', reject)
  })

/** Mappings that are ours: code without a file, and reserved address space. The engine's heaps come and go. */
const mappings = (): number =>
  readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => {
      const [range, access, , , , path] = line.split(/ +/)
      const [from, to] = range.split('-').map((text) => Number.parseInt(text, 16))
      return (access?.startsWith('r-x') && path === '') || to - from >= 2 ** 32
    }).length
const threadsOfProcess = (): number => readdirSync('/proc/self/task').length

/** A graph with one host function, `inside`, between two kernels; each call runs it. */
async function compileInside(inside: () => void): Promise<() => number> {
  const backend = await createNativeBackend({ threads: 2, target: { serialWork: 1 } })
  const x = b.placeholder([4096], 'f32')
  const y = b.add(x, b.literal(x, 1))
  const kernel: HostKernel = {
    name: 'host',
    run([from], [to]) {
      inside()
      to.data.set(from.data as never)
    },
  }
  const [z] = b.call([y], { kernel, outputs: [{ shape: [4096], dtype: 'f32' }], vjp: null })
  const out = b.mul(z, b.literal(z, 2))
  const executable = backend.compile({ inputs: [x], outputs: [out], donations: new Map() })
  const given = new Storage('f32', 4096)
  given.write().fill(3 as never)
  const result = new Storage('f32', 4096)
  return () => {
    executable.run([given], [result])
    return Number(result.array()[4095])
  }
}

const callInside = async (inside: () => void): Promise<number> => (await compileInside(inside))()

const say = (text: string): void => {
  console.log(text)
}

if (!isMainThread) {
  if (mode === 'forever') {
    parentPort!.postMessage(train(8))
    train(Number.POSITIVE_INFINITY)
  } else if (mode === 'host') {
    // Compiled once: an isolate that is terminated while the FFI package makes a function of an address aborts.
    const run = await compileInside(() => {})
    parentPort!.postMessage('started')
    for (;;) run()
  } else parentPort!.postMessage(train(Number(mode)))
} else await main()

async function main(): Promise<void> {
  switch (mode) {
    case 'isolates': {
      // Main and three workers at once.
      const workers = [30, 30, 30].map((steps) => worker(String(steps)))
      const others = workers.map(message)
      const own = train(30)
      say(`equal ${(await Promise.all(others)).every((text) => text === own)}`)
      say(`threads ${threadsOfProcess() < 40}`)
      return
    }
    case 'terminate': {
      const own = train(8)
      let before = 0
      for (let round = 0; round < 3; round++) {
        const w = worker('forever')
        if ((await message(w)) !== own) say('wrong numbers in a worker')
        await new Promise((resolve) => setTimeout(resolve, 20))
        await w.terminate()
        if (train(8) !== own) say('wrong numbers after a termination')
        if (round === 1) before = mappings()
        if (mappings() === 0) say('no mapping is ours')
      }
      // What the first ones left, later ones use.
      say(`grown by ${mappings() - before < 4 ? 'little' : mappings() - before}`)
      return
    }
    case 'terminate-host': {
      for (let round = 0; round < 3; round++) {
        const w = worker('host')
        await message(w)
        await new Promise((resolve) => setTimeout(resolve, 50))
        await w.terminate()
      }
      say(`after ${await callInside(() => {})}`)
      return
    }
    case 'exit': {
      const workers = [worker('forever'), worker('forever')]
      await Promise.all(workers.map(message))
      train(5)
      say('ready')
      process.exit(3)
      return
    }
    case 'exit-inside':
      say('ready')
      await callInside(() => process.exit(4))
      return
    case 'throw-inside': {
      const error = await callInside(() => {
        throw new RangeError('on purpose')
      }).catch((e: unknown) => e)
      say(`${error instanceof RangeError} ${(error as Error).message}`)
      say(`after ${await callInside(() => {})}`)
      const nested = await callInside(() => void train(1)).catch((e: unknown) => e)
      say(String((nested as Error).message))
      say(`after ${await callInside(() => {})}`)
      return
    }
    case 'throw':
      train(5)
      throw new Error('on purpose')
    case 'children': {
      const own = train(5)
      const child = spawnSync(process.execPath, [process.argv[1], 'losses'], {
        encoding: 'utf8',
      })
      say(`equal ${child.stdout.trim() === own && train(5) === own}${child.stderr}`)
      return
    }
    case 'device':
      say(currentDevice().name)
      say(train(3))
      return
    case 'losses':
      say(train(5))
      return
    case 'threads': {
      await useDevice('native', { threads: 16 })
      say(train(5))
      return
    }
    case 'forever':
      train(5)
      say('ready')
      train(Number.POSITIVE_INFINITY)
  }
}
