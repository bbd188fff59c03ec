// How long the first call of ResNet-18's training step takes beyond its run: in a new process, and in another one that
// finds the program on disk.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtProgram } from '../built-program.js'
import { microOptions, print, type Row } from './timing.js'

const options = microOptions(
  'Usage: npm run bench -- compile-time [options]\n\nSeconds to trace, schedule and compile the training step of ResNet-18 (CIFAR stem, batch 32): the first time, and in\nanother process, from the cache of programs.',
)
const program = await builtProgram(fileURLToPath(new URL('first-call.ts', import.meta.url)))
const rows: Row[] = []
for (const threads of options.threads) {
  const cache = mkdtempSync(join(tmpdir(), 'chainrule-bench-'))
  try {
    let expected = ''
    for (const time of ['first', 'from the cache']) {
      const text = execFileSync(process.execPath, [program, String(threads)], {
        env: { ...process.env, CHAINRULE_CACHE: cache },
        encoding: 'utf8',
      })
      const { row, losses } = JSON.parse(text.trim().split('\n').at(-1)!) as { row: Row; losses: number[] }
      expected ||= losses.join()
      if (losses.join() !== expected) throw new Error('A program from the cache gives other losses.')
      rows.push({ step: 'resnet18-cifar', threads, time, ...row })
    }
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}
print(rows, options.json)
