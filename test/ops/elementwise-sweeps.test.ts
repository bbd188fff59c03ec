/**
 * Accuracy of the element-wise functions over the whole range of f32: the compiled devices' f32 results and the f64
 * results, in units in the last place, against true values (scripts/goldens/elementwise_sweeps.py).
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backend/backend.js'
import * as b from '../../src/ir/build.js'
import { currentBackend, listDevices, useDevice } from '../../src/runtime/devices.js'
import { readGolden } from '../helpers/goldens.js'
import { applyCase } from '../helpers/operation-cases.js'
import { reference, runGraph } from '../helpers/run-graph.js'

interface Sweep {
  readonly x: string
  readonly x2?: string
  readonly y: string
}

/** Allowed error in units in the last place of f32 and of f64. */
interface Limit {
  readonly f32: number
  readonly f64: number
}

const usual: Limit = { f32: 4, f64: 16 }
const limits: Record<string, Limit> = {
  digamma: { f32: 6, f64: 16 },
  erfc: { f32: 6, f64: 16 },
}

/** Near a root only the absolute error is small: relative to 1 where the result is smaller. */
const rooted = new Set(['lgamma', 'digamma'])

const bytes = (text: string): ArrayBuffer => new Uint8Array(Buffer.from(text, 'base64')).buffer

/** The distance of neighbouring floats at `value`. */
function unitOf(value: number, bits: number, least: number): number {
  const exponent = value === 0 ? least : Math.floor(Math.log2(Math.abs(value)))
  return 2 ** (Math.max(exponent, least) - bits)
}

function worst(name: string, got: readonly number[], sweep: Sweep, dtype: 'f32' | 'f64') {
  const x = new Float32Array(bytes(sweep.x))
  const y = new Float64Array(bytes(sweep.y))
  let error = 0
  let at = ''
  got.forEach((value, i) => {
    const truth = y[i]
    const size = rooted.has(name) ? Math.max(1, Math.abs(truth)) : truth
    const unit = dtype === 'f32' ? unitOf(size, 23, -126) : unitOf(size, 52, -1022)
    const rounded = dtype === 'f32' ? Math.fround(truth) : truth
    const units = value === rounded ? 0 : Math.abs(value - truth) / unit
    if (!(units <= error)) {
      error = units
      at = `${name}(${x[i]}) = ${truth}, got ${value}`
    }
  })
  return { error, at }
}

const sweeps = Object.entries(readGolden<Record<string, Sweep>>('elementwise-sweeps'))

function results(name: string, sweep: Sweep, dtype: 'f32' | 'f64', backend: Backend): number[] {
  const values = [sweep.x, ...(sweep.x2 === undefined ? [] : [sweep.x2])].map((t) => [
    ...new Float32Array(bytes(t)),
  ])
  const inputs = values.map((v) => b.placeholder([v.length], dtype))
  const call = { op: name, args: values.map((_, i) => `$${i}`), inputs: [], outputs: [null as never] }
  return runGraph(applyCase(call, inputs), inputs, values, backend)[0]
}

describe.each(listDevices().filter((d) => d !== 'reference'))('accuracy on %s', (device) => {
  let backend: Backend
  beforeAll(async () => {
    await useDevice(device)
    backend = currentBackend()
  })
  it.each(sweeps)('%s in f32', (name, sweep) => {
    const { error, at } = worst(name, results(name, sweep, 'f32', backend), sweep, 'f32')
    expect(error, at).toBeLessThanOrEqual((limits[name] ?? usual).f32)
  })
  it.each(sweeps)('%s in f64', (name, sweep) => {
    const { error, at } = worst(name, results(name, sweep, 'f64', backend), sweep, 'f64')
    expect(error, at).toBeLessThanOrEqual((limits[name] ?? usual).f64)
  })
})

describe('accuracy on reference', () => {
  it.each(sweeps)('%s in f64', (name, sweep) => {
    const { error, at } = worst(name, results(name, sweep, 'f64', reference), sweep, 'f64')
    expect(error, at).toBeLessThanOrEqual((limits[name] ?? usual).f64)
  })
})
