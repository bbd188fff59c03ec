/**
 * Stores that go past the caches. A store to a line that no cache holds reads the line first; a result that is larger
 * than the caches is read from memory again whoever wrote it, so that read, a third of a copy's traffic, is for nothing.
 */
import { byteSize } from '../core/dtype.js'
import { alignedFrom } from '../core/storage.js'
import { lineBytes } from '../core/take-line.js'
import type { Kernel, Stmt } from './loop-ir.js'
import { type Place, type Program, walkCommands } from './program.js'
import type { Target } from './target.js'
import { withBodies } from './walk.js'

type Store = Extract<Stmt, { kind: 'store' }>

/** The program with `streams` set on the stores that gain by it and that are known to fill whole lines. */
export function streamStores(program: Program, { streamFrom }: Target): Program {
  if (streamFrom === undefined) return program
  // Smaller results may lie anywhere.
  const least = Math.max(streamFrom, alignedFrom)
  const places = new Map<number, (readonly Place[])[]>()
  walkCommands(program.commands, (command) => {
    if (command.kind !== 'kernel') return
    const { kernel, arguments: list } = command
    places.set(kernel, [...(places.get(kernel) ?? []), list])
  })
  const kernels = program.kernels.map((kernel, i) => {
    const calls = places.get(i) ?? []
    const args = kernel.buffers.flatMap((b, n) => (b.kind === 'argument' ? [n] : []))
    const buffers = new Set<number>()
    args.forEach((n, at) => {
      const { access, size, dtype } = kernel.buffers[n]
      if (access !== 'write' || size * byteSize(dtype) < least) return
      if (calls.every((places) => isAligned(places[at], program) && !isRead(places, at))) buffers.add(n)
    })
    return buffers.size === 0 ? kernel : { ...kernel, body: streamed(kernel, kernel.body, buffers) }
  })
  return { ...program, kernels }
}

/** The arena and new large results begin at lines; inputs, and outputs that overwrite one, lie where they lie. */
function isAligned({ base, index, offset, steps }: Place, { donations }: Program): boolean {
  if (base === 'input' || (base === 'output' && donations.has(index))) return false
  return [offset, ...steps.map(({ bytes }) => bytes)].every((bytes) => bytes % lineBytes === 0)
}

/** Whether the kernel reads what it overwrites: those lines are in the cache already. */
const isRead = (places: readonly Place[], at: number): boolean =>
  places.some(
    (p, i) =>
      i !== at &&
      p.base === places[at].base &&
      p.index === places[at].index &&
      p.offset === places[at].offset,
  )

const streamed = (kernel: Kernel, body: readonly Stmt[], buffers: ReadonlySet<number>): readonly Stmt[] =>
  body.flatMap((stmt): readonly Stmt[] => {
    // Lines that are not to be read are not asked for.
    if (stmt.kind === 'prefetch') return stmt.write && buffers.has(stmt.buffer) ? [] : [stmt]
    if (stmt.kind !== 'store') return [withBodies(stmt, (inner) => streamed(kernel, inner, buffers))]
    const wide = stmt.value.lanes * byteSize(kernel.buffers[stmt.buffer].dtype) >= lineBytes / 2
    return [
      wide && buffers.has(stmt.buffer) && startsAtVector(kernel, stmt) ? { ...stmt, streams: true } : stmt,
    ]
  })

/** Whether a store writes whole vectors of its own width, counted from the start of its buffer. */
export function startsAtVector(kernel: Kernel, { buffer, index, stride, value, active }: Store): boolean {
  const { dtype } = kernel.buffers[buffer]
  const { lanes } = value
  return (
    (dtype === 'f32' || dtype === 'i32') &&
    stride === 1 &&
    (active ?? lanes) === lanes &&
    index.offset % lanes === 0 &&
    index.terms.every(({ coefficient }) => coefficient % lanes === 0)
  )
}
