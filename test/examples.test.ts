/**
 * The programs in examples/, run as a user runs them: each in a process of its own, through the package's name.
 */
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))

/** What the example prints. */
async function run(name: string, environment: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `examples/${name}.ts`], {
    cwd: root,
    env: { ...process.env, ...environment },
  })
  return stdout
}

const accuracyIn = (text: string): number => Number(/test accuracy (\d\.\d+)/.exec(text)?.[1])

const checks: Record<string, () => Promise<void>> = {
  'linear-regression': async () => {
    const [, w, b] = /w = (-?[\d.]+), b = (-?[\d.]+)/.exec(await run('linear-regression'))!
    expect(Number(w)).toBeCloseTo(2, 2)
    expect(Number(b)).toBeCloseTo(0, 2)
  },
  xor: async () => {
    expect(await run('xor')).toBe('0 xor 0 = 0\n0 xor 1 = 1\n1 xor 0 = 1\n1 xor 1 = 0\n')
  },
  'second-derivative': async () => {
    const text = await run('second-derivative')
    for (const x of [1, 2, 3]) {
      expect(text).toContain(`x = ${x}: x³ = ${x ** 3}, 3x² = ${3 * x * x}, 6x = ${6 * x}\n`)
    }
    // (xy)²: 2y², 4xy, 2x² at (1, 2).
    expect(text).toContain('[[8,8],[8,2]]')
  },
  'mnist-compile': async () => {
    // 32 steps of a network that starts at 0.1.
    const small = await run('mnist-compile', { LIMIT: '2000' })
    expect(accuracyIn(small)).toBeGreaterThan(0.65)
    const twice = await run('mnist-compile', { LIMIT: '2000', EPOCHS: '2' })
    expect(accuracyIn(twice)).toBeGreaterThan(0.8)
  },
  'mnist-eager': async () => {
    const [eager, compiled] = [
      await run('mnist-eager', { LIMIT: '2000' }),
      await run('mnist-compile', { LIMIT: '2000' }),
    ]
    expect(accuracyIn(eager)).toBeGreaterThan(0.65)
    expect(accuracyIn(eager)).toBe(accuracyIn(compiled))
  },
}

describe('examples', () => {
  for (const [name, check] of Object.entries(checks)) it(name, check)

  it('every example has a check', () => {
    const names = readdirSync(`${root}examples`).map((file) => file.replace(/\.ts$/, ''))
    expect(names.sort()).toEqual(Object.keys(checks).sort())
  })
})
