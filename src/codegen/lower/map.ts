/**
 * Map kernels: every element of one or more outputs of equal size, computed by one loop nest (`mapExtents`) from stored
 * values.
 */
import { range, sizeOf, stridesOf } from '../../core/shape.js'
import { isOp, type Node } from '../../ir/node.js'
import { domainOf, hasBorder } from '../../schedule/parts.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  type LoopVar,
  loopVar,
  scaleIndex,
  shiftIndex,
  stepOf,
} from '../index-expression.js'
import { type Expr, type IndexRange, type Kernel, operandsOf } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { exprsOf, walkStmts } from '../walk.js'
import { ScalarOnly } from './inline.js'
import { interchangeSums, leavesCache, sumsApart } from './interchange-sums.js'
import { SameVariables } from './jam.js'
import { KernelBuilder } from './kernel-builder.js'
import { atLane, type Lanes, lanesFor, oneLane } from './lanes.js'
import { loopOrder } from './loop-order.js'
import { type Draft, draft, inlined, type MapKernelSpec, makeInliner } from './map-draft.js'
import { mapExtents } from './map-extents.js'
import { resultsOf } from './map-results.js'
import { type ReduceNode, reducesAlongLanes, siblingsAmong, sumsAtOnce } from './reduce.js'
import { TransposedTiles } from './transpose.js'

/** Buffers stand in the order: inputs, outputs. */
export function lowerMap(spec: MapKernelSpec, target: Target): Kernel {
  const width = lanesOf(target)
  const dims = mapExtents(spec, width, target)
  try {
    return (
      (sumsImages(spec, target) ? writeInterchanged(spec, dims, width, target) : null) ??
      write(spec, dims, width, target)
    )
  } catch (error) {
    if (error instanceof ScalarOnly) return write(spec, dims, 1, target)
    throw error
  }
}

/** Whether the kernel sums, along lanes, images that lie apart and outside of the cache. */
const sumsImages = (spec: MapKernelSpec, target: Target): boolean =>
  inlined(spec).some(
    (n) =>
      isReduce(n) &&
      reducesAlongLanes(n, lanesOf(target)) &&
      sumsApart(n) &&
      leavesCache(sizeOf(n.inputs[0].shape), n.inputs[0].dtype, target),
  )

/** The kernel that takes such images in their order, the outermost extent in blocks; null where that cannot be. */
function writeInterchanged(
  spec: MapKernelSpec,
  extents: readonly number[],
  width: number,
  target: Target,
): Kernel | null {
  const plain = write(spec, inBlocks(extents, target), width, target)
  const kernel = interchangeSums(plain, target)
  return kernel === plain ? null : kernel
}

/** Blocks of an axis that a thread has about: each is read in one piece, and threads may take each other's. */
const blocksOfThread = 2

/** The outermost extent in blocks of at least two, of which threads have about the same number. */
function inBlocks(extents: readonly number[], { threads }: Target): readonly number[] {
  const [outermost, ...inner] = extents
  const wanted = blocksOfThread * threads
  const shareOf = (blocks: number): number => Math.ceil(blocks / threads) / blocks
  const best = range(2 * wanted + 1)
    .reverse()
    .filter((blocks) => blocks >= Math.max(2, threads) && outermost % blocks === 0 && outermost >= 2 * blocks)
    .sort((p, q) => shareOf(p) - shareOf(q) || Math.abs(p - wanted) - Math.abs(q - wanted))[0]
  return best === undefined ? extents : [best, outermost / best, ...inner]
}

/** About one arithmetic operation an element and inlined node; transcendental ones count more. */
function workOf(nodes: readonly Node[], total: number): number {
  let each = 0
  let reductions = 0
  for (const n of nodes) {
    each += transcendental.has(n.op) ? 12 : 1
    if (isReduce(n)) reductions += sizeOf(n.inputs[0].shape)
  }
  return each * total + reductions
}

const transcendental = new Set<Node['op']>([
  'exp',
  'log',
  'expm1',
  'log1p',
  'sin',
  'cos',
  'tan',
  'atan',
  'tanh',
  'sigmoid',
  'erf',
  'pow',
  'atan2',
  'randomBits',
])

const isReduce = (n: Node): n is ReduceNode =>
  isOp(n, 'reduceSum') || isOp(n, 'reduceProd') || isOp(n, 'reduceMax') || isOp(n, 'reduceMin')

/** Vectors of columns that are summed at once: half the registers of instruction sets that have so many lanes. */
const mostColumns = (width: number): number => (width >= 16 ? 8 : 4)

/** Elements of one piece when threads share a single flat loop: few for reductions, whose elements are long. */
function blockSize(total: number, hasReduction: boolean, width: number, target: Target): number {
  const vectors = Math.ceil(total / width)
  const few = Math.max(
    Math.ceil(vectors / 16),
    Math.min(mostColumns(width), Math.floor(vectors / 2 / target.threads)),
  )
  const pieces = hasReduction ? few : Math.ceil(Math.min(4096, target.serialWork) / width)
  return Math.max(1, pieces) * width
}

/** Bodies of tiles are written out for each of their values: only small ones are. */
const mostTiledNodes = 12
/** Lanes fewer elements apart are read where they are. */
const farApart = 3
/** Shorter axes are not worth turning tiles. */
const leastAcross = 8

interface Crossing {
  readonly axis: number
  readonly buffers: ReadonlySet<number>
}

/**
 * An axis along which inputs are contiguous that the lanes would fetch from far apart, and those inputs' buffers; null
 * where there is none.
 */
function acrossAxis({ body, vars }: Draft, spec: MapKernelSpec): Crossing | null {
  const lanes = vars[vars.length - 1]
  const loads = new Map<number, Index[]>()
  const guarded = new Set<number>()
  const seen = new Set<string>()
  const visit = (e: Expr, inGuard: boolean): void => {
    const key = `${e.id} ${inGuard}`
    if (seen.has(key)) return
    seen.add(key)
    if (e.kind === 'load') {
      loads.set(e.buffer, [...(loads.get(e.buffer) ?? []), e.index])
      if (inGuard) guarded.add(e.buffer)
    }
    for (const x of operandsOf(e)) visit(x, inGuard || e.kind === 'guard')
  }
  walkStmts(body, (s) => {
    for (const e of exprsOf(s)) visit(e, false)
  })
  let best: Crossing | null = null
  vars.slice(0, -1).forEach((v, axis) => {
    if (v.high - v.low + 1 < leastAcross) return
    const buffers = new Set<number>()
    for (const [buffer, indices] of loads) {
      const { dtype } = spec.inputs[buffer] ?? { dtype: 'bool' }
      if ((dtype !== 'f32' && dtype !== 'i32') || guarded.has(buffer)) continue
      const crosses = (index: Index): boolean => {
        const step = stepOf(index, lanes)
        return step !== null && step >= farApart && stepOf(index, v) === 1
      }
      if (indices.every(crosses)) buffers.add(buffer)
    }
    if (buffers.size > (best?.buffers.size ?? 0)) best = { axis, buffers }
  })
  return best
}

/** So many pieces of a row are written out at most. */
const mostPieces = 8

/**
 * Where the innermost loop has to be cut so that no test of its variable alone is left in any piece: the borders of a
 * padded row, the joints of a concatenated one. Ends with the row's length.
 */
function cutsOf({ body, vars }: Draft): number[] {
  const last = vars[vars.length - 1]
  const length = last.high + 1
  const cuts = new Set<number>()
  const visit = inEachExpr((expr) => {
    if (expr.kind !== 'guard') return
    for (const { index, low, high } of expr.ranges) {
      const [term] = index.terms
      if (index.terms.length !== 1 || term.atom !== last || Math.abs(term.coefficient) !== 1) continue
      // low ≤ ±v + offset ≤ high
      const [from, to] = [low - index.offset, high - index.offset]
      const [first, after] = term.coefficient > 0 ? [from, to + 1] : [-to, 1 - from]
      for (const cut of [first, after]) if (cut > 0 && cut < length) cuts.add(cut)
    }
  })
  walkStmts(body, (s) => {
    for (const e of exprsOf(s)) visit(e)
  })
  if (cuts.size >= mostPieces) return [length]
  return [...[...cuts].sort((a, b) => a - b), length]
}

/** Calls `visit` for each expression within the given ones, once. */
function inEachExpr(visit: (expr: Expr) => void): (expr: Expr) => void {
  const seen = new Set<Expr>()
  const walk = (expr: Expr): void => {
    if (seen.has(expr)) return
    seen.add(expr)
    visit(expr)
    for (const x of operandsOf(expr)) walk(x)
  }
  return walk
}

function write(spec: MapKernelSpec, extents: readonly number[], wantedWidth: number, target: Target): Kernel {
  const k = new KernelBuilder()
  const nodes = inlined(spec)
  const total = sizeOf(domainOf(spec.outputs[0]))
  const results = resultsOf(spec.outputs, spec.inputs.length)
  const inliner = makeInliner(k, spec, target)
  const reductions = nodes.filter(isReduce)
  inliner.siblings = siblingsAmong(reductions, lanesOf(target), inliner.isStored)
  const alongLanes = reductions.some((n) => reducesAlongLanes(n, lanesOf(target)))
  const shared = workOf(nodes, total) >= target.serialWork
  // Lanes run along the innermost loop, where it is long enough and no reduction needs them.
  const masks = target.tail === 'mask'
  const innermost = extents[extents.length - 1]
  // Rows that fill half a vector or less take half vectors: no lane of those is masked.
  const narrow = masks
    ? Math.min(wantedWidth, Math.max(4, 2 ** Math.ceil(Math.log2(innermost))))
    : wantedWidth
  const width = alongLanes || innermost < (masks ? 2 : wantedWidth) ? 1 : narrow

  // Columns that are summed are summed several vectors at once: rows are then read in order.
  const columns = width > 1 && reductions.length > 0
  const columnGroups = (columns ? [8, 4, 2, 1] : [1]).filter((n) => n <= mostColumns(width))
  /** Lanes that end one run of a part and begin the next are stored one by one. */
  const storeLanes = (buffer: number, place: Index, value: Expr, lanes: Lanes): void => {
    if (lanes.variable === null || stepOf(place, lanes.variable) === 1) {
      k.store(buffer, atLane(place, lanes, 0), value, 1, lanes.active)
      return
    }
    for (let l = 0; l < lanes.active; l++) k.store(buffer, atLane(place, lanes, l), k.e.lane(value, l))
  }
  /** All values first: an output may overwrite an input that another output reads. */
  const stores = (position: Index, lanes: Lanes): void => {
    const values = results.map(({ node }) => {
      const value = inliner.value(node, delinearize(position, node.shape), lanes)
      return results.length === 1 ? value : k.e.register(k.define('v', value))
    })
    values.forEach((value, i) => {
      const { buffer, place } = results[i]
      storeLanes(buffer, place(position), value, lanes)
    })
  }

  /** The innermost loop over `length` elements from `base`: vectors, then the rest masked or one by one. */
  const row = (base: Index, length: number): void => {
    const vectors = width > 1 ? Math.floor(length / width) : 0
    const lanes = lanesFor(width)
    /** Loops over groups of so many vectors, from vector `from` on. */
    const groups = (size: number, from: number): number => {
      const count = Math.floor((vectors - from) / size)
      if (count === 0) return from
      const v = loopVar('i', 0, count - 1)
      const at = (u: number): Index =>
        addIndex(
          base,
          atomIndex(v, size * width),
          constantIndex((from + u) * width),
          atomIndex(lanes.variable!),
        )
      k.loop(v, 1, () => {
        if (size === 1) {
          stores(at(0), lanes)
          return
        }
        const variables = new SameVariables<LoopVar>()
        inliner.variables = variables
        k.together(
          Array.from({ length: size }, (_, u) => () => {
            variables.again()
            stores(at(u), lanes)
          }),
        )
        inliner.variables = null
      })
      return from + count * size
    }
    let from = 0
    for (const size of columnGroups) from = groups(size, from)
    const done = vectors * width
    if (done === length) return
    if (masks && width > 1 && length - done > 1) {
      const lanes = lanesFor(width, length - done)
      stores(addIndex(base, atomIndex(lanes.variable!, 1), constantIndex(done)), lanes)
      return
    }
    const v = loopVar('i', done, length - 1)
    k.loop(v, 1, () => stores(addIndex(base, atomIndex(v)), oneLane))
  }

  /** Tiles across axis `axis` and the lanes; the other axes are loops around them. */
  const crossLoops = ({ axis, buffers }: Crossing): void => {
    const strides = stridesOf(extents)
    const last = extents.length - 1
    /** Blocks of an axis: its whole ones in a loop, then the rest. */
    const blocksOf = (
      size: number,
      kind: 'for' | 'parallel',
      write: (first: Index, active: number) => void,
    ): void => {
      const whole = Math.floor(size / width)
      const rest = size - whole * width
      // Less than one block is nothing to share.
      if (kind === 'for' || rest === 0 || whole === 0) {
        const v = loopVar('t', 0, whole - 1)
        if (whole > 0) k.loop(v, 1, () => write(atomIndex(v, width), width), kind)
        if (rest > 0) write(constantIndex(whole * width), rest)
        return
      }
      const v = loopVar('t', 0, whole)
      k.loop(
        v,
        1,
        () => {
          const inside: IndexRange = { index: atomIndex(v), low: 0, high: whole - 1 }
          const before = atomIndex({ kind: 'bounded', of: inside.index, low: 0, high: whole - 1 }, width)
          const then = k.block(() => write(before, width))
          const otherwise = k.block(() => write(constantIndex(whole * width), rest))
          k.emit({ kind: 'if', ranges: [inside], then, otherwise })
        },
        'parallel',
      )
    }
    const tile = (base: Index, active: number): void =>
      blocksOf(extents[last], 'for', (first, count) => {
        const lanes = lanesFor(width, count)
        inliner.tiles = new TransposedTiles(k, buffers, active)
        for (let u = 0; u < active; u++) {
          inliner.tiles.current = u
          const position = addIndex(base, first, atomIndex(lanes.variable!))
          stores(shiftIndex(position, u * strides[axis]), lanes)
        }
        inliner.tiles = null
      })
    const order = [...extents.keys()].filter((a) => a !== axis && a !== last)
    const nested = (at: number, base: Index): void => {
      const kind = at === 0 && shared ? 'parallel' : 'for'
      if (at === order.length) {
        blocksOf(extents[axis], kind, (first, active) =>
          tile(addIndex(base, scaleIndex(first, strides[axis])), active),
        )
        return
      }
      const v = loopVar('i', 0, extents[order[at]] - 1)
      k.loop(v, 1, () => nested(at + 1, addIndex(base, atomIndex(v, strides[order[at]]))), kind)
    }
    nested(0, constantIndex(0))
  }

  /**
   * Loops from which on all elements are summed at once: windows of one row, which is then read once for all of them.
   * None where more than one sum is asked for: those share their loops already.
   */
  const jammed = ((): number => {
    if (!alongLanes || reductions.length !== 1 || results.length !== 1) return extents.length
    const most = nodes.some((n) => n.op === 'window') ? sumsAtOnce(reductions[0], lanesOf(target)) : 1
    let from = extents.length
    while (from > 1 && sizeOf(extents.slice(from - 1)) <= most) from--
    return from
  })()
  const jam = (from: number, base: Index): void => {
    const variables = new SameVariables<LoopVar>()
    inliner.variables = variables
    k.together(
      range(sizeOf(extents.slice(from))).map((i) => () => {
        variables.again()
        stores(shiftIndex(base, i), oneLane)
      }),
    )
    inliner.variables = null
  }

  const block = blockSize(total, reductions.length > 0, width, target)
  if (extents.length === 1 && shared && total >= 2 * block) {
    // Threads share the blocks of a flat domain; the last block may be shorter.
    const count = Math.ceil(total / block)
    const rest = total - (count - 1) * block
    const p = loopVar('block', 0, count - 1)
    k.loop(
      p,
      1,
      () => {
        if (rest === block) {
          row(atomIndex(p, block), block)
          return
        }
        const before: IndexRange = { index: atomIndex(p), low: 0, high: count - 2 }
        const then = k.block(() =>
          row(atomIndex({ kind: 'bounded', of: before.index, low: 0, high: count - 2 }, block), block),
        )
        const otherwise = k.block(() => row(constantIndex((count - 1) * block), rest))
        k.emit({ kind: 'if', ranges: [before], then, otherwise })
      },
      'parallel',
    )
    return k.build(spec.name)
  }

  const moving = width > 1 && reductions.length === 0 && nodes.length <= mostTiledNodes
  const guarded = width > 1 && nodes.some((n) => hasBorder(n, spec.outputs))
  const scalar = moving || guarded ? draft(spec, extents, target) : null
  const crossing = moving && masks ? acrossAxis(scalar!, spec) : null
  const cuts = guarded ? cutsOf(scalar!) : [innermost]
  const axes = loopOrder(reductions.length > 0 ? null : scalar, extents, spec.inputs)
  const outer = axes.map(({ size }) => loopVar('i', 0, size - 1))
  const startOf = (loops: readonly LoopVar[]): Index =>
    addIndex(...loops.map((v, a) => atomIndex(v, axes[a].stride)))
  const base = startOf(outer)
  const loops = (from: number): void => {
    if (from === jammed && from < extents.length) jam(from, startOf(outer.slice(0, from)))
    else if (from === outer.length) {
      let start = 0
      for (const end of cuts) {
        row(shiftIndex(base, start), end - start)
        start = end
      }
    } else k.loop(outer[from], 1, () => loops(from + 1), from === 0 && shared ? 'parallel' : 'for')
  }
  if (crossing === null) loops(0)
  else crossLoops(crossing)
  return k.build(spec.name)
}
