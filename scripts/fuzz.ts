/**
 * `npm run fuzz -- --cases 20000 [--seed S]`: random graphs on all backends, which must agree (see
 * test/helpers/differential.ts). Cases run in a process of their own: where machine code leaves its buffers, that
 * process dies, and this one names the case.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    /** Where the running case is written; makes this the process that runs them. */
    progress: { type: 'string' },
  },
})
const cases = Number(values.cases)
const seed = Number(values.seed)
if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed) || seed < 0) {
  console.error(`Expected --cases above 0 and --seed from 0, got ${values.cases} and ${values.seed}.`)
  process.exit(2)
}

/** Cases that have found something: they run first, every time. */
const known: readonly number[] = [20_885, 891, 20_262_730, 20_264_048, 20_277_739]

async function runCases(progress: string): Promise<number> {
  const { Differential } = await import('../test/helpers/differential.js')
  const all = await Differential.create()
  const file = openSync(progress, 'w')
  const start = performance.now()
  let failures = 0
  for (let i = -known.length; i < cases; i++) {
    const number = i < 0 ? known[i + known.length] : seed + i
    writeSync(file, String(number).padEnd(12), 0)
    try {
      all.check(number)
    } catch (error) {
      failures++
      console.error(error instanceof Error ? error.message : error)
    }
    if (i > 0 && i % 1000 === 0) console.log(`${i} cases, ${failures} failures`)
  }
  const seconds = (performance.now() - start) / 1000
  console.log(
    `${cases} cases from ${seed} on ${all.names.join('; ')}: ${failures} failures, ${seconds.toFixed(1)} s`,
  )
  return failures === 0 ? 0 : 1
}

if (values.progress !== undefined) process.exit(await runCases(values.progress))

const folder = mkdtempSync(join(tmpdir(), 'chainrule-fuzz-'))
const progress = join(folder, 'case')
const child = spawn(
  process.execPath,
  [
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    '--cases',
    `${cases}`,
    '--seed',
    `${seed}`,
    '--progress',
    progress,
  ],
  { stdio: 'inherit' },
)
child.on('close', (code, signal) => {
  if (signal !== null) {
    console.error(
      `The process died of ${signal} in case ${readFileSync(progress, 'utf8').trim()}: code left its buffers, or memory was exhausted.`,
    )
  }
  rmSync(folder, { recursive: true, force: true })
  process.exitCode = code ?? 1
})
