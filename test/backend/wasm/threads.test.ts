/** Workers of the WebAssembly backend: falling back, and processes that end while workers are there. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { erf as referenceErf } from '../../../src/backend/reference/scalar.js'
import { Allocator } from '../../../src/backend/wasm/allocator.js'
import { erf } from '../../../src/backend/wasm/erf.js'
import { LinearMemory } from '../../../src/backend/wasm/memory.js'
import { ThreadPool } from '../../../src/backend/wasm/threads.js'

const fixture = fileURLToPath(new URL('./process-fixture.ts', import.meta.url))

function child(mode: string): Promise<{ code: number | null; milliseconds: number; output: string }> {
  return new Promise((resolve) => {
    let output = ''
    let start = 0
    const run = spawn(process.execPath, ['--import', 'tsx', fixture, mode], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [run.stdout, run.stderr]) {
      stream.on('data', (text) => {
        output += String(text)
        if (start === 0 && output.includes('ready')) start = performance.now()
      })
    }
    run.on('close', (code) => resolve({ code, milliseconds: performance.now() - start, output }))
  })
}

describe('processes end', () => {
  it('by reaching the end, by process.exit, by an error, and inside a worker that is terminated', async () => {
    for (const [mode, code] of [
      ['end', 0],
      ['exit', 3],
      ['throw', 1],
      ['terminate', 0],
    ] as const) {
      const result = await child(mode)
      expect(result.output, mode).toContain('ready with 3 threads')
      expect(result.code, `${mode}: ${result.output}`).toBe(code)
      expect(result.milliseconds, mode).toBeLessThan(10_000)
    }
  }, 120_000)
})

describe('ThreadPool', () => {
  it('goes on with fewer threads when a worker cannot load a program, and says so once', () => {
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const memory = new LinearMemory(true)
    const pool = new ThreadPool(memory, new Allocator(65536, (end) => memory.reach(end)), 2)
    expect(pool.waitUntilReady(20_000)).toBe(true)
    expect(pool.ready).toBe(2)
    const calls: number[][] = []
    const main = (...args: number[]): void => void calls.push(args)
    pool.run(Uint8Array.of(1, 2, 3), 1, main, 64, 128)
    expect(calls).toEqual([[0, 1, 64, 128]])
    expect(pool.ready).toBe(0)
    expect(warnings).toHaveBeenCalledTimes(2)
    expect(warnings.mock.calls[1][0]).toMatch(/worker thread stopped .*going on with 1 threads/)
    pool.run(Uint8Array.of(1, 2, 3), 1, main, 64, 128)
    expect(calls).toHaveLength(2)
    warnings.mockRestore()
    pool.close()
  })
})

describe('erf', () => {
  it('agrees with the reference to a few units in the last place', () => {
    for (let x = -7; x <= 7; x += 0.0137) {
      expect(Math.abs(erf(x) - referenceErf(x))).toBeLessThanOrEqual(6e-16 * Math.max(Math.abs(erf(x)), 1e-3))
    }
    expect([erf(0), erf(-0), erf(Infinity), erf(-Infinity)]).toEqual([0, -0, 1, -1])
    expect(erf(Number.NaN)).toBeNaN()
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15)
    expect(erf(2)).toBeCloseTo(0.9953222650189527, 15)
    expect(erf(3)).toBeCloseTo(0.9999779095030014, 15)
  })
})
