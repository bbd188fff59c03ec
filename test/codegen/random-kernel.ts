/** Random kernels of loop IR whose accesses are in bounds by construction: nests, guards, registers, shared parts. */
import {
  addIndex,
  atomIndex,
  constantIndex,
  divideIndex,
  type Index,
  indexRange,
  type LoopVar,
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../../src/codegen/index-expression.js'
import {
  type Expr,
  ExprBuilder,
  type Kernel,
  type Register,
  register,
  type Stmt,
} from '../../src/codegen/loop-ir.js'
import type { Random } from '../helpers/random.js'

const sizes = [1, 2, 3, 5, 7, 13, 16, 17]

/** `vector`: lanes of the vectors in it. */
export function randomKernel(random: Random, name: string, vector = 4): Kernel {
  const b = new ExprBuilder()
  const wide: readonly [number, number, number] = [
    random.integer(20, 400),
    random.integer(20, 400),
    random.integer(20, 400),
  ]
  const registers: Register[] = []
  const pool: Expr[] = []

  /** Some expression of the loops, moved into 0…size-need. */
  const index = (loops: readonly LoopVar[], size: number, need: number): Index | null => {
    let raw = constantIndex(random.integer(-3, 4))
    for (const v of loops) {
      if (random.next() < 0.7)
        raw = addIndex(raw, scaleIndex(atomIndex(v), random.pick([1, 1, 2, 3, 5, -1, -2])))
    }
    let [low] = indexRange(raw)
    raw = shiftIndex(raw, -low)
    const kind = random.next()
    if (kind < 0.15) raw = divideIndex(raw, random.integer(2, 6))
    else if (kind < 0.3) raw = remainderIndex(raw, random.integer(2, 9))
    else if (kind < 0.4) {
      const by = random.integer(2, 6)
      raw = addIndex(scaleIndex(remainderIndex(raw, by), 4), divideIndex(raw, by))
    }
    const [newLow, high] = indexRange(raw)
    low = newLow
    const room = size - need - (high - low)
    return room < 0 ? null : shiftIndex(raw, random.integer(0, room + 1) - low)
  }

  const load = (loops: readonly LoopVar[], lanes: number): Expr => {
    const which = random.integer(0, 3)
    const stride = lanes === 1 ? 1 : random.pick([1, 1, 1, 2, -1, -3])
    const reach = (lanes - 1) * Math.abs(stride) + 1
    const at = index(loops, wide[which], reach)
    if (at === null) return b.const(random.integer(-4, 5) / 2, 'f32', lanes)
    const shifted = stride < 0 ? shiftIndex(at, reach - 1) : at
    const value = b.load(which, 'f32', shifted, lanes, stride)
    if (random.next() > 0.2) return value
    // A guarded load: the index leaves the buffer where the guard does not hold.
    const raw = shiftIndex(at, random.integer(-6, 7))
    const high = wide[which] - 1
    const inside = atomIndex({ kind: 'bounded', of: raw, low: 0, high })
    const scalar = b.guard([{ index: raw, low: 0, high }], b.load(which, 'f32', inside), b.const(0.5, 'f32'))
    return b.splat(scalar, lanes)
  }

  const expr = (loops: readonly LoopVar[], lanes: number, depth: number): Expr => {
    const fitting = pool.filter((e) => e.lanes === lanes)
    const kind = random.next()
    if (fitting.length > 0 && kind < 0.25) return random.pick(fitting)
    const known = registers.filter((r) => r.lanes === lanes)
    if (known.length > 0 && kind < 0.35) return b.register(random.pick(known))
    let made: Expr
    if (depth === 0 || kind < 0.5) {
      if (kind < 0.42 && loops.length > 0) {
        const at = addIndex(atomIndex(random.pick(loops)), constantIndex(random.integer(0, 3)))
        made = b.convert(random.next() < 0.5 ? b.ramp(at, 2, lanes) : b.splat(b.index(at), lanes), 'f32')
      } else made = load(loops, lanes)
    } else if (kind < 0.55 && lanes > 1) made = b.splat(expr(loops, 1, depth - 1), vector)
    else if (kind < 0.6 && lanes === 1) made = b.combine('add', expr(loops, vector, depth - 1))
    else if (kind < 0.7) {
      const condition = b.binary('lt', expr(loops, lanes, depth - 1), expr(loops, lanes, depth - 1))
      made = b.select(condition, expr(loops, lanes, depth - 1), expr(loops, lanes, depth - 1))
    } else if (kind < 0.8) {
      made = b.mulAdd(
        expr(loops, lanes, depth - 1),
        b.const(0.25, 'f32', lanes),
        expr(loops, lanes, depth - 1),
      )
    } else {
      const op = random.pick(['add', 'sub', 'min', 'max'] as const)
      made = b.binary(op, expr(loops, lanes, depth - 1), expr(loops, lanes, depth - 1))
    }
    pool.push(made)
    return made
  }

  /** Keeps values small, so that no infinity makes everything equal. */
  const damp = (e: Expr): Expr =>
    b.binary('max', b.binary('min', e, b.const(1000, 'f32', e.lanes)), b.const(-1000, 'f32', e.lanes))

  const block = (loops: readonly LoopVar[], depth: number): Stmt[] => {
    const out: Stmt[] = []
    const visible = pool.length
    const count = random.integer(1, 4)
    for (let s = 0; s < count; s++) {
      const kind = random.next()
      if (depth > 0 && kind < 0.4) {
        const extent = random.pick(sizes)
        const low = random.integer(0, 3)
        const v = loopVar('v', low, low + extent - 1)
        out.push({
          kind: 'for',
          variable: v,
          step: random.pick([1, 1, 1, 2, 3]),
          body: block([...loops, v], depth - 1),
        })
      } else if (depth > 0 && kind < 0.5 && loops.length > 0) {
        const ranges = [{ index: atomIndex(random.pick(loops)), low: 1, high: 3 }]
        out.push({
          kind: 'if',
          ranges,
          then: block(loops, depth - 1),
          otherwise: random.next() < 0.5 ? block(loops, depth - 1) : [],
        })
      } else if (depth > 0 && kind < 0.58) {
        const condition = b.binary('lt', expr(loops, 1, 1), b.const(1, 'f32'))
        out.push({ kind: 'when', condition, then: block(loops, depth - 1), otherwise: [] })
      } else if (kind < 0.78) {
        out.push({ kind: 'set', register: random.pick(registers), value: b.const(0, 'f32') })
        const target = random.pick(registers)
        out.pop()
        out.push({ kind: 'set', register: target, value: damp(expr(loops, target.lanes, 3)) })
      } else {
        const lanes = random.pick([1, vector])
        const stride = lanes === 1 ? 1 : random.pick([1, 1, 2, -1])
        const reach = (lanes - 1) * Math.abs(stride) + 1
        const which = random.pick([2, 3])
        const size = which === 2 ? wide[2] : 300
        const at = index(loops, size, reach)
        if (at === null) continue
        const shifted = stride < 0 ? shiftIndex(at, reach - 1) : at
        out.push({ kind: 'store', buffer: which, index: shifted, stride, value: damp(expr(loops, lanes, 3)) })
      }
    }
    // Expressions of inner loops name variables that end here.
    pool.length = visible
    return out
  }

  const body: Stmt[] = []
  for (let r = 0; r < 4; r++) {
    const target = register(`r${r}`, 'f32', r % 2 === 0 ? 1 : vector)
    registers.push(target)
    body.push({ kind: 'set', register: target, value: b.const(r, 'f32', target.lanes) })
  }
  body.push(...block([], 3), ...block([], 2))
  return {
    name,
    buffers: [
      { name: 'a', dtype: 'f32', size: wide[0], access: 'read', kind: 'argument' },
      { name: 'b', dtype: 'f32', size: wide[1], access: 'read', kind: 'argument' },
      { name: 'c', dtype: 'f32', size: wide[2], access: 'readwrite', kind: 'argument' },
      { name: 'd', dtype: 'f32', size: 300, access: 'write', kind: 'argument' },
    ],
    body,
  }
}
