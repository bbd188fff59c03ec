/** What a kernel does in one call, read off its loop IR: arithmetic on floats and bytes of its buffers. For the profiler. */
import { byteSize } from '../core/dtype.js'
import { type Index, indexRange } from './index-expression.js'
import { type Expr, type IndexRange, type Kernel, operandsOf, type Stmt } from './loop-ir.js'

export interface KernelCost {
  /**
   * Additions, multiplications, divisions, minima, maxima and roots of floats; a multiply-add is two. Functions such as
   * exp count as the arithmetic that they become. Lanes beyond the end of a row count, because they are computed.
   */
  readonly flops: number
  /** How many of them are on f64. */
  readonly doubleFlops: number
  /** Distinct bytes of the arguments that are read, and that are written. Scratch is not counted. */
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** What is touched of a buffer: the range, and how many elements, repetitions included. */
interface Touched {
  low: number
  high: number
  count: number
}

const arithmetic: ReadonlySet<string> = new Set(['add', 'sub', 'mul', 'div', 'min', 'max', 'sqrt'])
const hostCosts = 20

export function kernelCost(kernel: Kernel): KernelCost {
  const meter = new Meter(kernel)
  meter.statements(kernel.body, 1)
  return meter.cost()
}

class Meter {
  private readonly kernel: Kernel
  private readonly reads = new Map<number, Touched>()
  private readonly writes = new Map<number, Touched>()
  private flops = 0
  private doubleFlops = 0

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  cost(): KernelCost {
    const bytes = (touched: ReadonlyMap<number, Touched>): number => {
      let sum = 0
      for (const [buffer, { low, high, count }] of touched) {
        const { kind, dtype, size } = this.kernel.buffers[buffer]
        if (kind === 'argument') sum += Math.min(size, high - low + 1, Math.ceil(count)) * byteSize(dtype)
      }
      return sum
    }
    return {
      flops: Math.round(this.flops),
      doubleFlops: Math.round(this.doubleFlops),
      bytesRead: bytes(this.reads),
      bytesWritten: bytes(this.writes),
    }
  }

  statements(stmts: readonly Stmt[], times: number): void {
    for (const stmt of stmts) this.statement(stmt, times)
  }

  private statement(stmt: Stmt, times: number): void {
    switch (stmt.kind) {
      case 'for':
      case 'parallel': {
        const { low, high } = stmt.variable
        const step = stmt.kind === 'for' ? stmt.step : 1
        this.statements(stmt.body, times * Math.max(0, Math.floor((high - low) / step) + 1))
        return
      }
      case 'if': {
        const share = shareOf(stmt.ranges)
        this.statements(stmt.then, times * share)
        this.statements(stmt.otherwise, times * (1 - share))
        return
      }
      case 'when':
        // What the data decide is not known: half of the time.
        this.expression(stmt.condition, times, new Set())
        this.statements(stmt.then, times / 2)
        this.statements(stmt.otherwise, times / 2)
        return
      case 'loop':
        this.expression(stmt.condition, times * stmt.rounds, new Set())
        this.statements(stmt.body, times * stmt.rounds)
        return
      case 'prefetch':
        return
      case 'store':
        this.expression(stmt.value, times, new Set())
        this.touch(this.writes, stmt.buffer, stmt.index, stmt.stride, stmt.value.lanes, times)
        return
      default:
        this.expression(stmt.value, times, new Set())
    }
  }

  /** `seen`: expressions that this statement has computed already. */
  private expression(expr: Expr, times: number, seen: Set<number>): void {
    if (times <= 0 || seen.has(expr.id)) return
    seen.add(expr.id)
    switch (expr.kind) {
      case 'load':
        this.touch(this.reads, expr.buffer, expr.index, expr.stride, expr.lanes, times)
        return
      case 'guard': {
        const share = shareOf(expr.ranges)
        this.expression(expr.then, times * share, seen)
        this.expression(expr.otherwise, times * (1 - share), seen)
        return
      }
      case 'mulAdd':
        this.count(expr, 2 * expr.lanes * times)
        break
      case 'dotPairs':
        this.count(expr, 4 * expr.lanes * times)
        break
      case 'unary':
      case 'binary':
        if (arithmetic.has(expr.op)) this.count(expr, expr.lanes * times)
        else if (expr.op.startsWith('host')) this.count(expr, hostCosts * times)
        break
      case 'combine':
        this.count(expr, (expr.value.lanes - 1) * times)
        break
    }
    for (const operand of operandsOf(expr)) this.expression(operand, times, seen)
  }

  private count({ type }: Expr, flops: number): void {
    if (type !== 'f32' && type !== 'f64') return
    this.flops += flops
    if (type === 'f64') this.doubleFlops += flops
  }

  private touch(
    touched: Map<number, Touched>,
    buffer: number,
    index: Index,
    stride: number,
    lanes: number,
    times: number,
  ): void {
    if (times <= 0) return
    const [low, high] = indexRange(index)
    const reach = stride * (lanes - 1)
    const first = low + Math.min(0, reach)
    const last = high + Math.max(0, reach)
    const known = touched.get(buffer)
    if (known === undefined) touched.set(buffer, { low: first, high: last, count: lanes * times })
    else {
      known.low = Math.min(known.low, first)
      known.high = Math.max(known.high, last)
      known.count += lanes * times
    }
  }
}

/** The share of all rounds in which the ranges hold, as if indices were spread evenly over their ranges. */
function shareOf(ranges: readonly IndexRange[]): number {
  let share = 1
  for (const { index, low, high } of ranges) {
    const [least, most] = indexRange(index)
    const inside = Math.min(high, most) - Math.max(low, least) + 1
    share *= Math.max(0, Math.min(1, inside / (most - least + 1)))
  }
  return share
}
