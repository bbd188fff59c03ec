// Our code for AVX2 beside our code for AVX-512: matrix products and the steps of the benchmark's models, each in turns in
// processes of their own.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { microOptions, print, type Row } from './timing.js'

const options = microOptions(
  "Usage: npm run bench -- instruction-sets [options]\n\nMatrix products and training steps with CHAINRULE_ISA=avx2 beside avx512: ratio is AVX-512's time divided by AVX2's.\nModels are measured with the last of the thread counts.",
)
const program = fileURLToPath(new URL('instruction-set-times.ts', import.meta.url))
const most = options.threads[options.threads.length - 1]

/** Milliseconds by name of what the process of one instruction set measured. */
function timesOf(instructionSet: string, threads: number): Record<string, number> {
  const list = [
    '--import',
    'tsx',
    program,
    String(threads),
    String(options.seconds),
    String(threads === most),
  ]
  const text = execFileSync(process.execPath, list, {
    env: { ...process.env, CHAINRULE_ISA: instructionSet },
    encoding: 'utf8',
  })
  return JSON.parse(text.trim().split('\n').at(-1)!) as Record<string, number>
}

const rows: Row[] = []
for (const threads of options.threads) {
  const [wide, narrow] = [timesOf('avx512', threads), timesOf('avx2', threads)]
  for (const [name, ms] of Object.entries(wide)) {
    const figures = { threads, 'AVX-512 ms': ms, 'AVX2 ms': narrow[name], ratio: ms / narrow[name] }
    rows.push(name.includes('×') ? { 'm×n×k': name, ...figures } : { step: name, ...figures })
  }
}
const products = rows.filter((row) => row.step === undefined)
print(products, options.json)
if (!options.json) console.log()
print(
  rows.filter((row) => row.step !== undefined),
  options.json,
)
