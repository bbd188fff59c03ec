/**
 * `npm run conformance:onnx`: runs the ONNX project's backend test cases and prints what passed, failed and was refused.
 *
 *     npm run conformance:onnx -- [--backend wasm] [--filter conv] [--data DIR] [--json]
 *
 * With --json one JSON object a case, and the totals as the last line. The exit code is 1 where something failed or
 * there are no cases.
 */
import { parseArgs } from 'node:util'
import { currentDevice, useDevice } from '../../src/index.js'
import { defaultRoot, onnxCases, runCase } from './onnx-cases.js'

const { values } = parseArgs({
  options: {
    backend: { type: 'string' },
    filter: { type: 'string' },
    data: { type: 'string', default: defaultRoot },
    json: { type: 'boolean', default: false },
  },
})

if (values.backend !== undefined) await useDevice(values.backend)

const cases = onnxCases(values.data).filter(({ name }) => name.includes(values.filter ?? ''))
const totals = { passed: 0, failed: 0, refused: 0 }

for (const one of cases) {
  const outcome = await runCase(one)
  totals[outcome.status]++
  if (values.json) console.log(JSON.stringify(outcome))
  else console.log(`${outcome.status.padEnd(8)}${outcome.name}${outcome.reason ? `: ${outcome.reason}` : ''}`)
}

if (values.json) console.log(JSON.stringify(totals))
else {
  console.log(
    `${totals.passed} passed, ${totals.failed} failed, ${totals.refused} refused on ${currentDevice().name}`,
  )
}
if (cases.length === 0) {
  console.error(
    `No cases in ${values.data}. They come with Debian's libonnx-testdata (apt-get install), or set --data.`,
  )
}
process.exit(cases.length === 0 || totals.failed > 0 ? 1 : 0)
