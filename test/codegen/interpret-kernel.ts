/**
 * Runs kernels of loop IR on typed arrays in plain JavaScript, every access checked: what emitters and lowerings are
 * compared with. Parallel loops run in order; scratch starts as garbage.
 */
import type { Index } from '../../src/codegen/index-expression.js'
import type { BufferParam, Kernel, Stmt } from '../../src/codegen/loop-ir.js'
import {
  byteSize,
  fromBf16Bits,
  fromF16Bits,
  type TypedArray,
  toBf16Bits,
  toF16Bits,
  viewAs,
} from '../../src/core/dtype.js'
import { type Environment, evaluate, evaluateIndex, holds, type Value } from './interpret-expr.js'

export interface KernelRun {
  /** Set when a `check` failed. */
  readonly badIndex: boolean
}

/** Arguments are the arrays of the buffers of kind `argument`, in order; stores change them. */
export function interpretKernel(kernel: Kernel, args: readonly TypedArray[]): KernelRun {
  return new Interpreter(kernel, args).run()
}

/** More rounds than any test needs: a `loop` that passes it does not end. */
const roundLimit = 10_000_000

class Interpreter implements Environment {
  private readonly kernel: Kernel
  private readonly arrays: TypedArray[] = []
  private readonly loops = new Map<number, number>()
  private readonly registers = new Map<number, Value>()
  private badIndex = false
  private rounds = 0

  constructor(kernel: Kernel, args: readonly TypedArray[]) {
    this.kernel = kernel
    let next = 0
    for (const buffer of kernel.buffers) {
      const array = buffer.kind === 'argument' ? args[next++] : garbage(buffer)
      if (array === undefined || array.length !== buffer.size) {
        throw new Error(
          `Interpreter: ${kernel.name} wants ${buffer.size} elements for ${buffer.name}, got ${array?.length}.`,
        )
      }
      this.arrays.push(array)
    }
    if (next !== args.length)
      throw new Error(`Interpreter: ${kernel.name} takes ${next} arguments, got ${args.length}.`)
  }

  run(): KernelRun {
    this.block(this.kernel.body)
    return { badIndex: this.badIndex }
  }

  loop(id: number): number {
    const value = this.loops.get(id)
    if (value === undefined) throw new Error(`Interpreter: loop variable v${id} has no value.`)
    return value
  }

  register(register: { id: number; name: string }): Value {
    const value = this.registers.get(register.id)
    if (value === undefined)
      throw new Error(`Interpreter: register ${register.name} is read before it is set.`)
    return value
  }

  load(buffer: number, at: number, stride: number, lanes: number): Value {
    const values: Value = []
    for (let i = 0; i < lanes; i++) values.push(this.read(buffer, at + i * stride))
    return values
  }

  private at(buffer: number, i: number): TypedArray {
    const array = this.arrays[buffer]
    if (!(i >= 0 && i < array.length)) {
      throw new RangeError(
        `Interpreter: ${this.kernel.name} touches ${this.kernel.buffers[buffer].name}[${i}] of ${array.length}.`,
      )
    }
    return array
  }

  private read(buffer: number, i: number): number | bigint {
    const raw = this.at(buffer, i)[i]
    const { dtype } = this.kernel.buffers[buffer]
    if (dtype === 'f16') return fromF16Bits(raw as number)
    if (dtype === 'bf16') return fromBf16Bits(raw as number)
    return raw
  }

  private write(buffer: number, i: number, value: number | bigint): void {
    const array = this.at(buffer, i)
    const { dtype } = this.kernel.buffers[buffer]
    if (dtype === 'f16') array[i] = toF16Bits(value as number)
    else if (dtype === 'bf16') array[i] = toBf16Bits(value as number)
    else array[i] = value
  }

  private indexOf(index: Index): number {
    return evaluateIndex(index, this)
  }

  private block(stmts: readonly Stmt[]): void {
    for (const stmt of stmts) this.statement(stmt)
  }

  private statement(stmt: Stmt): void {
    switch (stmt.kind) {
      case 'for':
      case 'parallel': {
        const { id, low, high } = stmt.variable
        const step = stmt.kind === 'for' ? stmt.step : 1
        for (let i = low; i <= high; i += step) {
          this.loops.set(id, i)
          this.block(stmt.body)
        }
        this.loops.delete(id)
        return
      }
      case 'set':
        this.registers.set(stmt.register.id, evaluate(stmt.value, this))
        return
      case 'store': {
        const start = this.indexOf(stmt.index)
        const values = evaluate(stmt.value, this)
        values.slice(0, stmt.active ?? values.length).forEach((v, i) => {
          this.write(stmt.buffer, start + i * stmt.stride, v)
        })
        return
      }
      case 'if':
        this.block(holds(stmt.ranges, this) ? stmt.then : stmt.otherwise)
        return
      case 'when':
        this.block(evaluate(stmt.condition, this)[0] ? stmt.then : stmt.otherwise)
        return
      case 'loop':
        while (evaluate(stmt.condition, this)[0]) {
          if (++this.rounds > roundLimit)
            throw new Error(`Interpreter: a loop of ${this.kernel.name} does not end.`)
          this.block(stmt.body)
        }
        return
      case 'check': {
        const value = Number(evaluate(stmt.value, this)[0])
        const good = value >= stmt.low && value <= stmt.high
        if (!good) this.badIndex = true
        this.registers.set(stmt.register.id, [good ? value : stmt.low])
      }
    }
  }
}

/** Scratch memory holds whatever was there: here, bytes that no correct kernel could mistake for its own. */
function garbage({ dtype, size }: BufferParam): TypedArray {
  const bytes = new Uint8Array(size * byteSize(dtype)).fill(0xa5)
  return viewAs(dtype, bytes.buffer)
}
