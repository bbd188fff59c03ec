/** Some of the cases of `npm run fuzz`: random graphs on all backends, machine code between guard pages. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))

it('every backend agrees on random graphs', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'scripts/fuzz.ts', '--cases', '120', '--seed', '1'],
    { cwd: root },
  )
  expect(stdout).toMatch(/120 cases .*: 0 failures/)
})
