/**
 * Sums over images that lie apart, taken image by image: loops
 *
 *     for c { sum = 0; for n { sum += row (n, c) }; finish }
 *
 * read a row of each image and jump to the next one. Where they come from far away they are interchanged,
 *
 *     for c { partial[c] = 0 }; for n { for c { partial[c] += row (n, c) } }; for c { finish }
 *
 * and memory is read in its order. Each sum adds the same elements in the same order. All that the inner rounds set is
 * taken for their own, apart from the sums: so the lowering of reductions writes them.
 */
import { byteSize, type DType } from '../../core/dtype.js'
import { atomIndex, type Index, type LoopVar, scaleIndex, shiftIndex, stepOf } from '../index-expression.js'
import {
  type BufferParam,
  type Expr,
  ExprBuilder,
  type Kernel,
  type Register,
  type Stmt,
} from '../loop-ir.js'
import type { Target } from '../target.js'
import { accessesOf, effectsOf, registersOf, walkStmts, withBodies } from '../walk.js'
import type { ReduceNode } from './reduce.js'

type For = Extract<Stmt, { kind: 'for' }>
type Assignment = Extract<Stmt, { kind: 'set' }>

/** Rows of so many elements are long enough to be read one by one. */
const longRow = 8192
/** The part of the L2 cache that the sums may take while they wait. */
const waitingShare = 0.25

/** Whether the last level of the cache that a thread has for itself is too small for a value. */
export const leavesCache = (size: number, dtype: DType, { l2 }: Target): boolean =>
  byteSize(dtype) * size > l2

/** Whether an axis that is summed stands outside of one that is kept. */
export function sumsApart({ inputs: [x], attrs: { axes } }: ReduceNode): boolean {
  const outermost = axes.find((a) => x.shape[a] > 1)
  return outermost !== undefined && x.shape.some((n, a) => n > 1 && a > outermost && !axes.includes(a))
}

/** The kernel with the loops around such sums interchanged; the same kernel where there are none. */
export function interchangeSums(kernel: Kernel, target: Target): Kernel {
  const buffers = [...kernel.buffers]
  const e = new ExprBuilder()
  const isLarge = (buffer: number): boolean =>
    leavesCache(kernel.buffers[buffer].size, kernel.buffers[buffer].dtype, target)
  const visit = (stmts: readonly Stmt[]): readonly Stmt[] =>
    stmts.flatMap((stmt) => {
      const sums = stmt.kind === 'for' ? sumsOf(stmt, isLarge) : null
      if (sums === null || waitingBytes(sums) > waitingShare * target.l2) return [withBodies(stmt, visit)]
      return interchanged(sums, e, (partials) => buffers.push(partials) - 1)
    })
  const body = visit(kernel.body)
  return buffers.length === kernel.buffers.length ? kernel : { ...kernel, buffers, body }
}

/** A loop over kept indices with, for each, what its sums start from, the loop that adds to them, and what follows. */
interface Sums {
  readonly kept: For
  readonly starts: readonly Assignment[]
  readonly summed: For
  readonly rest: readonly Stmt[]
}

/** The parts of a loop that is better interchanged; null for any other one. */
function sumsOf(kept: For, isLarge: (buffer: number) => boolean): Sums | null {
  const { body, variable } = kept
  const at = body.findIndex((s) => s.kind !== 'set' || !isConstant(s.value))
  const starts = body.slice(0, at).filter((s) => s.kind === 'set')
  const summed = body[at]
  if (at < 1 || summed.kind !== 'for' || variable.low === variable.high) return null
  const rest = body.slice(at + 1)
  // More loops: further sums, which find in the cache what the first ones have read.
  if (rest.some((s) => s.kind === 'for')) return null
  const { registers, buffers } = effectsOf(summed.body)
  const known = new Set(starts.map(({ register }) => register.id))
  // What the rounds leave behind is in the sums.
  const left = [...registersOf(rest).keys()].some((id) => registers.has(id) && !known.has(id))
  if (buffers.size > 0 || left || known.size !== starts.length) return null
  if (starts.some(({ register }) => register.type === 'bool')) return null
  return jumps(kept.variable, summed, isLarge) ? { kept, starts, summed, rest } : null
}

const isConstant = (e: Expr): boolean => e.kind === 'const' || (e.kind === 'splat' && isConstant(e.value))

const roundsOf = ({ variable: { low, high } }: For): number => high - low + 1

const waitingBytes = ({ kept, starts }: Sums): number =>
  starts.reduce((bytes, { register: { type, lanes } }) => bytes + byteSize(type) * lanes * roundsOf(kept), 0)

/** Whether the summed loop takes what it reads far away in every round, and the kept one to what lies beside it. */
function jumps(kept: LoopVar, summed: For, isLarge: (buffer: number) => boolean): boolean {
  let far = false
  let near = true
  walkStmts(summed.body, (s) => {
    for (const { buffer, index } of accessesOf(s)) {
      const along = stepOf(index, summed.variable)
      const across = stepOf(index, kept)
      if (along === null || across === null || across > longRow) near = false
      else if (isLarge(buffer) && across > 0 && along > across) far = true
    }
  })
  return far && near
}

function interchanged(
  { kept, starts, summed, rest }: Sums,
  e: ExprBuilder,
  scratch: (partials: BufferParam) => number,
): Stmt[] {
  const { low } = kept.variable
  const partials = starts.map(({ register }) => {
    const { type, lanes } = register
    const buffer = scratch({
      name: 'partial',
      dtype: type,
      size: roundsOf(kept) * lanes,
      access: 'readwrite',
      kind: 'scratch',
    })
    const index: Index = shiftIndex(scaleIndex(atomIndex(kept.variable), lanes), -low * lanes)
    return { register, buffer, index, read: e.load(buffer, type, index, lanes) }
  })
  const store = (register: Register, value: Expr): Stmt => {
    const { buffer, index } = partials.find((p) => p.register === register)!
    return { kind: 'store', buffer, index, stride: 1, value }
  }
  const read = (): Stmt[] => partials.map(({ register, read }) => ({ kind: 'set', register, value: read }))
  const write = partials.map(({ register }) => store(register, e.register(register)))
  const over = (body: readonly Stmt[]): Stmt => ({ ...kept, body })
  return [
    over(starts.map(({ register, value }) => store(register, value))),
    { ...summed, body: [over([...read(), ...summed.body, ...write])] },
    over([...read(), ...rest]),
  ]
}
