/**
 * Chooses the register tile of contractions: which shape is fastest depends on the engine's register allocator, so a few
 * candidates multiply two small matrices once a process, for about 20 ms. `CHAINRULE_TILE` (for example `4x3` or `4x3x2`)
 * decides without measuring.
 */
import { emitWasm, lowReserve } from '../../codegen/emit/wasm/emit-wasm.js'
import {
  addIndex,
  atomIndex,
  type Index,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../../codegen/index-expression.js'
import { type BufferParam, ExprBuilder, type Kernel, register, type Stmt } from '../../codegen/loop-ir.js'
import type { Target } from '../../codegen/target.js'
import { ValueError } from '../../core/errors.js'
import { hasRelaxedSimd } from './features.js'

export type Tile = Target['tile']

const candidates: readonly Tile[] = [
  { rows: 4, vectors: 3, unroll: 1 },
  { rows: 4, vectors: 2, unroll: 2 },
  { rows: 6, vectors: 2, unroll: 1 },
  { rows: 3, vectors: 4, unroll: 1 },
  { rows: 2, vectors: 4, unroll: 2 },
  { rows: 8, vectors: 1, unroll: 2 },
]

/** The inner loop of a packed matrix product: C[rows × 4·vectors] tiles of A (k, rows) and B (k, 4·vectors) panels. */
export function tileKernel(tile: Tile, rowTiles: number, columnTiles: number, depth: number): Kernel {
  const { rows, vectors, unroll } = tile
  const width = 4 * vectors
  const b = new ExprBuilder()
  const i = loopVar('i', 0, rowTiles - 1)
  const j = loopVar('j', 0, columnTiles - 1)
  const k = loopVar('k', 0, Math.floor(depth / unroll) - 1)
  const accumulators = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: vectors }, (_, v) => register(`c${r}_${v}`, 'f32', 4)),
  )
  const body: Stmt[] = accumulators
    .flat()
    .map((target) => ({ kind: 'set', register: target, value: b.const(0, 'f32', 4) }))
  const inner: Stmt[] = []
  const step = (panel: Index, size: number, u: number, at: number): Index =>
    shiftIndex(
      addIndex(scaleIndex(panel, depth * size), scaleIndex(atomIndex(k), unroll * size)),
      u * size + at,
    )
  for (let u = 0; u < unroll; u++) {
    accumulators.forEach((row, r) => {
      row.forEach((target, v) => {
        const left = b.splat(b.load(0, 'f32', step(atomIndex(i), rows, u, r)), 4)
        const right = b.load(1, 'f32', step(atomIndex(j), width, u, 4 * v), 4)
        inner.push({ kind: 'set', register: target, value: b.mulAdd(left, right, b.register(target)) })
      })
    })
  }
  body.push({ kind: 'for', variable: k, step: 1, body: inner })
  const columns = columnTiles * width
  accumulators.forEach((row, r) => {
    row.forEach((target, v) => {
      const tileStart = addIndex(scaleIndex(atomIndex(i), rows * columns), scaleIndex(atomIndex(j), width))
      const index = shiftIndex(tileStart, r * columns + 4 * v)
      body.push({ kind: 'store', buffer: 2, index, stride: 1, value: b.register(target) })
    })
  })
  const buffer = (name: string, size: number, access: 'read' | 'write'): BufferParam => ({
    name,
    dtype: 'f32',
    size,
    access,
    kind: 'argument',
  })
  return {
    name: `tile_${rows}x${vectors}x${unroll}`,
    buffers: [
      buffer('a', rowTiles * rows * depth, 'read'),
      buffer('b', columns * depth, 'read'),
      buffer('c', rowTiles * rows * columns, 'write'),
    ],
    body: [{ kind: 'for', variable: j, step: 1, body: [{ kind: 'for', variable: i, step: 1, body }] }],
  }
}

function forced(): Tile | null {
  const text = typeof process === 'undefined' ? undefined : process.env.CHAINRULE_TILE
  if (text === undefined || text === '') return null
  const match = /^(\d+)x(\d+)(?:x(\d+))?$/.exec(text)
  const tile = match && { rows: Number(match[1]), vectors: Number(match[2]), unroll: Number(match[3] ?? 1) }
  if (tile && tile.rows >= 1 && tile.vectors >= 1 && tile.unroll >= 1 && tile.rows * tile.vectors <= 64)
    return tile
  throw new ValueError(
    `CHAINRULE_TILE: expected rows x vectors (x unroll) such as '4x3' or '4x3x2', got '${text}'.`,
  )
}

const warmMilliseconds = 10
const measureMilliseconds = 10
/** A tile must be this much faster than the first candidate to be taken. */
const clearGain = 1.05

let chosen: Tile | null = null

/** The tile of this process, measured when first asked for. */
export function wasmTile(): Tile {
  chosen ??= forced() ?? measureTiles()
  return chosen
}

/** Runs every candidate and returns the fastest. */
export function measureTiles(): Tile {
  const depth = 128
  const kernels = candidates.map((tile) =>
    tileKernel(tile, Math.ceil(24 / tile.rows), Math.ceil(48 / (4 * tile.vectors)), depth),
  )
  const program = {
    kernels,
    commands: [],
    arenaBytes: 0,
    inputs: [],
    outputs: [],
    donations: new Map<number, number>(),
  }
  const { bytes } = emitWasm(program, { shared: false, relaxed: hasRelaxedSimd() })
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory, call: () => {} },
    host: {},
  })
  const runs = kernels.map(({ buffers }, n) => {
    const run = instance.exports[`k${n}`] as (...args: number[]) => void
    const a = lowReserve
    const b = a + buffers[0].size * 4
    const c = b + buffers[1].size * 4
    return { work: buffers[2].size * depth, run: () => run(0, 1, a, b, c) }
  })
  // The engine compiles hot functions anew while they run: all of them get warm before any is measured.
  const warmUntil = performance.now() + warmMilliseconds
  while (performance.now() < warmUntil) for (const { run } of runs) for (let n = 0; n < 4; n++) run()
  const rates = runs.map(() => 0)
  const until = performance.now() + measureMilliseconds
  do {
    runs.forEach(({ run, work }, n) => {
      const start = performance.now()
      for (let round = 0; round < 8; round++) run()
      const rate = work / Math.max(1e-6, performance.now() - start)
      if (rate > rates[n]) rates[n] = rate
    })
  } while (performance.now() < until)
  let best = 0
  rates.forEach((rate, n) => {
    if (rate > rates[best] * (best === 0 ? clearGain : 1)) best = n
  })
  return candidates[best]
}
