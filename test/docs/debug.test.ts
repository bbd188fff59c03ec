/** Each value of DEBUG that docs/architecture.md names prints its form to stderr, and nothing else does. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { compiledBackends } from '../helpers/compiled-backends.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

const forms: Record<string, RegExp> = {
  graph: /^graph \d+\n%0 = /m,
  schedule: /^schedule of \d+ kernels\n {2}1: map /m,
  loops: /^kernel \w+\n {2}(read|write) /m,
  code: /^(func \d+ main |; main$)/m,
}

const { absent } = (await compiledBackends()).find(({ name }) => name === 'native avx2')!
const devices = absent === null ? ['wasm', 'native'] : ['wasm']

async function run(value: string, device: string): Promise<string> {
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'scripts/docs/training-step.ts'],
    { cwd: root, env: { ...process.env, DEBUG: value, CHAINRULE_DEVICE: device }, maxBuffer: 2 ** 26 },
  )
  return stderr
}

for (const device of devices) {
  it.each(Object.keys(forms))(`DEBUG=%s on ${device}`, async (name) => {
    const text = await run(name, device)
    for (const [form, pattern] of Object.entries(forms)) {
      expect(pattern.test(text), `${form} in the output of DEBUG=${name}`).toBe(form === name)
    }
  })
}

it('DEBUG takes a list', async () => {
  const text = await run('graph,code', 'wasm')
  expect(forms.graph.test(text) && forms.code.test(text)).toBe(true)
  expect(forms.loops.test(text)).toBe(false)
})
