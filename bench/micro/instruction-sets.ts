// Our code for AVX2 beside our code for AVX-512: matrix products and the steps of the benchmark's models. Each
// instruction set has a process of its own, and they take turns in every row.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from '../measurement.js'
import type { TimeReply, TimeRequest } from './instruction-set-times.js'
import { microOptions, print, type Row } from './timing.js'

const options = microOptions(
  "Usage: npm run bench -- instruction-sets [options]\n\nMatrix products and training steps with CHAINRULE_ISA=avx2 beside avx512: ratio is AVX-512's time divided by AVX2's.\nModels are measured with the last of the thread counts.",
)
const program = fileURLToPath(new URL('instruction-set-times.ts', import.meta.url))
const most = options.threads[options.threads.length - 1]
/** Turns a row, and the seconds that a model's step is timed for at least. */
const turns = 3
const modelSeconds = 1.5

/** The next thing that a process says. */
const said = <T>(child: ChildProcess): Promise<T> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`bench: expected a time from ${program}, got its end (status ${code}).`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as T)
    })
  })

const rows: Row[] = []
for (const threads of options.threads) {
  const children = ['avx512', 'avx2'].map((set) =>
    fork(program, [String(threads)], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, CHAINRULE_ISA: set },
    }),
  )
  const [names] = await Promise.all(children.map((child) => said<readonly string[]>(child)))
  for (const name of names) {
    const isProduct = name.includes('×')
    if (!isProduct && threads !== most) continue
    const seconds = (isProduct ? options.seconds : Math.max(modelSeconds, options.seconds)) / turns
    const times: [TimeReply[], TimeReply[]] = [[], []]
    for (let turn = 0; turn < turns; turn++) {
      for (const [i, child] of children.entries()) {
        child.send({ name, seconds } satisfies TimeRequest)
        times[i].push(await said<TimeReply>(child))
      }
    }
    const [wide, narrow] = times.map((of) => 1000 * median(of.map((time) => time.median)))
    const [fastWide, fastNarrow] = times.map((of) => Math.min(...of.map(({ best }) => best)))
    const figures = {
      threads,
      'AVX-512 ms': wide,
      'AVX2 ms': narrow,
      ratio: wide / narrow,
      'of the fastest calls': fastWide / fastNarrow,
    }
    rows.push(isProduct ? { 'm×n×k': name, ...figures } : { step: name, ...figures })
  }
  for (const child of children) child.kill()
}
const products = rows.filter((row) => row.step === undefined)
print(products, options.json)
if (!options.json) console.log()
print(
  rows.filter((row) => row.step !== undefined),
  options.json,
)
