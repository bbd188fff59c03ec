// Where the time of our own step goes: npx tsx bench/profile.ts MODEL [--device D] [--threads N] [--steps N]
//   [--seconds S] [--precision f32|bf16] [--rows N] [--trace FILE] [--json]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { precisions } from '../src/core/precision.js'
import { Random } from './data/random.js'
import { specs } from './specs/specs.js'

const text = { type: 'string' } as const
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { ...text, default: 'native' },
    threads: text,
    steps: { ...text, default: '50' },
    seconds: { ...text, default: '0' },
    precision: { ...text, default: 'f32' },
    rows: text,
    trace: text,
    json: { type: 'boolean', default: false },
  },
})

function fail(message: string): never {
  console.error(`profile: ${message}`)
  process.exit(2)
}

const names = specs.map(({ name }) => name)
for (const name of positionals) {
  if (!names.includes(name)) fail(`expected models out of ${names.join(', ')}, got '${name}'.`)
}
const precision = precisions.find((p) => p === values.precision)
if (precision === undefined)
  fail(`--precision: expected ${precisions.join(' or ')}, got '${values.precision}'.`)
const steps = Number(values.steps)
if (!Number.isInteger(steps) || steps < 1)
  fail(`--steps: expected a whole number of 1 or more, got '${values.steps}'.`)
const budget = 1000 * Number(values.seconds)
if (!(budget >= 0)) fail(`--seconds: expected a number of 0 or more, got '${values.seconds}'.`)

process.env.CHAINRULE_DEVICE = values.device
if (values.threads !== undefined) process.env.CHAINRULE_THREADS = values.threads
// Loaded after the device is chosen.
const { prepareModel } = await import('./models/prepare.js')

for (const spec of specs.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const settings = {
    model: spec.name,
    learningRate: spec.learningRate,
    momentum: 0.9,
    inference: spec.inference,
  }
  const { step, x, y } = await prepareModel(settings, spec.arrays(new Random(1)), {
    profile: true,
    precision,
  })
  const begin = performance.now()
  await step(x, y).item()
  const compiled = performance.now() - begin
  for (let i = 0; i < 4; i++) await step(x, y).item()
  // Half of the time goes by before what is told: V8 compiles what runs often.
  const runFor = async (least: number, milliseconds: number): Promise<void> => {
    const start = performance.now()
    for (let i = 0; i < least || performance.now() - start < milliseconds; i++) await step(x, y).item()
  }
  await runFor(0, budget / 2)
  step.profile({ reset: true })
  await runFor(steps, budget / 2)
  const report = step.profile()
  if (values.json) console.log(JSON.stringify({ model: spec.name, ...report.toJSON() }))
  else {
    console.log(`${spec.name}: ${spec.description}. Compiled in ${compiled.toFixed(0)} ms.`)
    console.log(report.toString({ limit: values.rows === undefined ? undefined : Number(values.rows) }))
  }
  if (values.trace !== undefined) writeFileSync(values.trace, JSON.stringify(report.chromeTrace()))
}
