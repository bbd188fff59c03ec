/** A process that trains on workers and ends in the way its argument says; run by threads.test.ts. */
import { Worker } from 'node:worker_threads'
import { createWasmBackend } from '../../../src/backend/wasm/wasm.js'
import { atomIndex, loopVar } from '../../../src/codegen/index-expression.js'
import { ExprBuilder, type Kernel } from '../../../src/codegen/loop-ir.js'
import type { Place, Program } from '../../../src/codegen/program.js'
import { Storage } from '../../../src/core/storage.js'

const mode = process.argv[2]
const size = 4096
const b = new ExprBuilder()
const i = loopVar('i', 0, size - 1)
const value = b.binary('add', b.load(0, 'f32', atomIndex(i)), b.const(1, 'f32'))
const kernel: Kernel = {
  name: 'plus',
  buffers: [
    { name: 'x', dtype: 'f32', size, access: 'read', kind: 'argument' },
    { name: 'y', dtype: 'f32', size, access: 'write', kind: 'argument' },
  ],
  body: [
    {
      kind: 'parallel',
      variable: i,
      body: [{ kind: 'store', buffer: 1, index: atomIndex(i), stride: 1, value }],
    },
  ],
}
const place = (base: Place['base']): Place => ({ base, index: 0, offset: 0, steps: [] })
const program: Program = {
  kernels: [kernel],
  commands: [{ kind: 'kernel', kernel: 0, arguments: [place('input'), place('output')] }],
  arenaBytes: 0,
  donations: new Map(),
  inputs: [{ shape: [size], dtype: 'f32' }],
  outputs: [{ shape: [size], dtype: 'f32' }],
}

function train(steps: number): void {
  const backend = createWasmBackend({ threads: 3 })
  backend.waitForWorkers(20_000)
  const executable = backend.compileProgram(program)
  const state = new Storage('f32', size)
  state.write().fill(0 as never)
  for (let step = 0; step < 50; step++) executable.run([state], [state])
  if (state.array()[7] !== 50) throw new Error('wrong numbers')
  console.log(`ready with ${backend.activeThreads} threads`)
  for (let step = 0; step < steps; step++) executable.run([state], [state])
}

if (mode === 'terminate') {
  // The training runs in a worker of ours, which is ended in the middle of a step.
  const worker = new Worker(
    `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(import.meta.url)}) })`,
    { eval: true, argv: ['forever'] },
  )
  setTimeout(() => void worker.terminate().then(() => process.exit(0)), 6000)
} else {
  train(mode === 'forever' ? Number.POSITIVE_INFINITY : 10)
  if (mode === 'exit') setTimeout(() => process.exit(3), 5)
  if (mode === 'throw') throw new Error('on purpose')
}
