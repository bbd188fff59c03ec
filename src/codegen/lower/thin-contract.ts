/**
 * One or two rows times a matrix: out[g, m, n] = Σ_k a[g, m, k] · b[g, k, n], the matrix read once.
 *
 *   for each vector or panel of columns (shared by threads)
 *     lane l of the inner dimension sums the steps l, l + L, l + 2·L, …
 *     the L sums are added: halves, then quarters, …
 *
 * Where the matrix is contiguous along k, each column has a register whose lanes are those sums, and the registers are
 * turned at the end; otherwise rows of the matrix are added to L rows of sums in scratch. Both add the same numbers in the
 * same order, so the bits do not depend on how the matrix lies. Buffers: the kernel's inputs, then its outputs.
 */
import { sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { contractShape, matrixSizes } from '../../schedule/contract-shape.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  loopVar,
  scaleIndex,
  shiftIndex,
  stepOf,
} from '../index-expression.js'
import { type Expr, type Kernel, operandsOf, register } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { addHalves } from './add-halves.js'
import { beginContract } from './contract-kernel.js'
import { Inliner } from './inline.js'
import { KernelBuilder, times, whereInside } from './kernel-builder.js'
import { type Lanes, oneLane } from './lanes.js'
import { transposeRows } from './transpose.js'
import { zeroFilled } from './zero-filled.js'

/** Vectors of columns whose sums fit the L1 cache beside what is read. */
const mostVectors = 16
const unrolledVectors = 4

export function lowerThinContract(spec: ContractSpec, target: Target): Kernel {
  const { k, numbers, own, inliner } = beginContract(spec, target)
  const { e } = k
  const { node } = spec
  const [left, right] = node.inputs
  const s = contractShape(node)
  const [m, n, steps] = matrixSizes(s)
  const batch = sizeOf(s.batch)
  const lanes = lanesOf(target)

  const operand = (
    reader: Inliner,
    x: Node,
    order: readonly number[],
    parts: readonly (readonly Index[])[],
    l: Lanes,
  ): Expr => {
    const index = new Array<Index>(x.shape.length)
    parts.flat().forEach((i, at) => {
      index[order[at]] = i
    })
    return reader.value(x, index, l)
  }
  const inner = (step: Index): Index[] => delinearize(step, s.inner)
  const leftAt = (g: Index, row: Index, step: Index, l: Lanes): Expr =>
    operand(inliner, left, s.leftOrder, [delinearize(g, s.batch), delinearize(row, s.rows), inner(step)], l)
  const rightAt = (g: Index, step: Index, column: Index, l: Lanes, reader = inliner): Expr =>
    operand(
      reader,
      right,
      s.rightOrder,
      [delinearize(g, s.batch), inner(step), delinearize(column, s.columns)],
      l,
    )

  /** Whether more of what the matrix reads is contiguous along k than along the columns. */
  const alongInner = ((): boolean => {
    const probe = new KernelBuilder()
    const reader = new Inliner(probe, target, (x) => numbers.get(x) ?? null)
    const vars = [batch, steps, n].map((size) => loopVar('p', 0, size - 1))
    let score = 0
    const visit = (expr: Expr, seen: Set<number>): void => {
      if (seen.has(expr.id)) return
      seen.add(expr.id)
      if (expr.kind === 'load') {
        if (stepOf(expr.index, vars[1]) === 1) score++
        if (stepOf(expr.index, vars[2]) === 1) score--
      }
      for (const x of operandsOf(expr)) visit(x, seen)
    }
    const nested = (depth: number): void => {
      if (depth < vars.length) probe.loop(vars[depth], 1, () => nested(depth + 1))
      else {
        const [g, step, column] = vars.map((v) => atomIndex(v))
        visit(rightAt(g, step, column, oneLane, reader), new Set())
      }
    }
    nested(0)
    return score > 0
  })()

  /** A vector of `active` values along one index, zeros behind them. */
  const vectorOf = (active: number, at: (i: Index, l: Lanes) => Expr): Expr =>
    zeroFilled(e, target, constantIndex(0), active, at)

  /** Runs `round` for the first step of each vector of steps. */
  const overSteps = (round: (first: Index, active: number) => void): void => {
    const whole = Math.floor(steps / lanes)
    const v = loopVar('k', 0, whole - 1)
    if (whole > 0) k.loop(v, 1, () => round(atomIndex(v, lanes), lanes))
    if (whole * lanes < steps) round(constantIndex(whole * lanes), steps - whole * lanes)
  }
  const zero = e.const(0, 'f32', lanes)

  /** Adds the sums of the lanes, halves first, and stores the columns `column` … `column` + `active` - 1 of a row. */
  const finish = (g: Index, row: Index, column: Index, active: number, parts: readonly Expr[]): void => {
    const position = addIndex(scaleIndex(g, m * n), scaleIndex(row, n), column)
    own.write(inliner, position, addHalves(k, parts), active)
  }

  /** A vector of columns, each with a register whose lanes are its sums. */
  const alongRows = (g: Index, row: Index, column: Index, active: number): void => {
    const acc = Array.from({ length: lanes }, (_, u) => {
      const sum = register(`s${u}`, 'f32', lanes)
      k.set(sum, zero)
      return sum
    })
    overSteps((first, count) => {
      const a = vectorOf(count, (i, l) => leftAt(g, row, addIndex(first, i), l))
      for (let u = 0; u < active; u++) {
        const b = vectorOf(count, (i, l) => rightAt(g, addIndex(first, i), shiftIndex(column, u), l))
        k.set(acc[u], e.mulAdd(a, b, e.register(acc[u])))
      }
    })
    const turned = transposeRows(
      k,
      acc.map((sum) => e.register(sum)),
    )
    finish(
      g,
      row,
      column,
      active,
      turned.map((r) => e.register(r)),
    )
  }

  /** `vectors` vectors of columns, the last of them `active` wide: the sums of each lane stand in scratch. */
  const alongColumns = (g: Index, row: Index, start: Index, vectors: number, active: number): void => {
    const place = (l: number, v: Index): Index => shiftIndex(scaleIndex(v, lanes), l * panelVectors * lanes)
    times(k, 'v', vectors, (v) => {
      for (let l = 0; l < lanes; l++) k.store(sums, place(l, v), zero)
    })
    overSteps((first, count) => {
      for (let l = 0; l < count; l++) {
        const step = shiftIndex(first, l)
        const a = e.splat(leftAt(g, row, step, oneLane), lanes)
        const add = (v: Index, width: number): void => {
          const column = addIndex(start, scaleIndex(v, lanes))
          const b = vectorOf(width, (i, lane) => rightAt(g, step, addIndex(column, i), lane))
          k.store(sums, place(l, v), e.mulAdd(a, b, e.load(sums, 'f32', place(l, v), lanes)))
        }
        const whole = active === lanes ? vectors : vectors - 1
        const grouped = Math.floor(whole / unrolledVectors)
        times(k, 'v', grouped, (i) => {
          for (let u = 0; u < unrolledVectors; u++) {
            add(shiftIndex(scaleIndex(i, unrolledVectors), u), lanes)
          }
        })
        for (let v = grouped * unrolledVectors; v < whole; v++) add(constantIndex(v), lanes)
        if (whole < vectors) add(constantIndex(whole), active)
      }
    })
    const write = (v: Index, width: number): void => {
      const parts = Array.from({ length: lanes }, (_, l) => e.load(sums, 'f32', place(l, v), lanes))
      finish(g, row, addIndex(start, scaleIndex(v, lanes)), width, parts)
    }
    const whole = active === lanes ? vectors : vectors - 1
    times(k, 'v', whole, (v) => write(v, lanes))
    if (whole < vectors) write(constantIndex(whole), active)
  }

  const allVectors = Math.ceil(n / lanes)
  const panelVectors = alongInner
    ? 1
    : Math.max(1, Math.min(mostVectors, Math.ceil(allVectors / (2 * target.threads))))
  const sums = alongInner ? -1 : k.buffer('sums', 'f32', lanes * panelVectors * lanes, 'readwrite', 'scratch')
  const panel = panelVectors * lanes
  const panels = Math.ceil(n / panel)
  const full = Math.floor(n / panel)
  const rest = n - full * panel
  const p = loopVar('block', 0, batch * m * panels - 1)
  k.loop(
    p,
    1,
    () => {
      const [g, row, at] = delinearize(atomIndex(p), [batch, m, panels])
      const block = (column: Index, count: number): void => {
        if (alongInner) alongRows(g, row, column, count)
        else alongColumns(g, row, column, Math.ceil(count / lanes), ((count - 1) % lanes) + 1)
      }
      whereInside(k, at, 0, full - 1, (i, whole) => {
        if (whole) block(scaleIndex(i, panel), panel)
        else block(constantIndex(full * panel), rest)
      })
    },
    2 * batch * m * n * steps >= target.serialWork && batch * m * panels > 1 ? 'parallel' : 'for',
  )
  return k.build(`contract_${batch}x${m}x${n}x${steps}`)
}
