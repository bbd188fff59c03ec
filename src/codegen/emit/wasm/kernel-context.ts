/** What the parts of the WebAssembly emitter share while they write one kernel's function. */
import { InternalError } from '../../../core/errors.js'
import type { AddressPlan } from '../../addresses.js'
import type { Atom, Index } from '../../index-expression.js'
import type { ComputeType, Expr, Kernel, Register, Stmt } from '../../loop-ir.js'
import type { FunctionWriter, ValueType } from './module-writer.js'

/** Host functions of the loop IR, imported by name from module "host", on f64. */
export const hostFunctions = [
  'hostExp',
  'hostLog',
  'hostExpm1',
  'hostLog1p',
  'hostSin',
  'hostCos',
  'hostTan',
  'hostAtan',
  'hostTanh',
  'hostErf',
  'hostPow',
  'hostAtan2',
  'hostMod',
] as const
export type HostFunction = (typeof hostFunctions)[number]

/** Numbers of functions of the module that kernels call; created when first asked for. */
export interface Helpers {
  host(name: HostFunction): number
  half(name: 'fromHalf' | 'toHalf' | 'fromHalf4' | 'toHalf4'): number
}

/** Addresses of words in the low reserve that code and host both use. */
export const statusWord = 0

export class KernelContext {
  readonly f: FunctionWriter
  readonly kernel: Kernel
  readonly plan: AddressPlan
  readonly helpers: Helpers
  /** Use relaxed multiply-add for `mulAdd`. */
  readonly relaxed: boolean
  /** What the status word becomes when a `check` fails. */
  readonly statusCode: number
  /** Locals of loop variables, registers and pointers by id; parameters of buffers by number. */
  readonly variables = new Map<number, number>()
  readonly pointers = new Map<number, number>()
  private readonly registers = new Map<number, number>()
  private readonly temporaries = new Map<string, number>()
  /** The statement being written: addresses are planned a statement. */
  statement: Stmt | null = null
  /** Evaluates an expression onto the stack; set by the expression writer. */
  value: (expr: Expr) => void = () => {
    throw new InternalError('WebAssembly: no expression writer.')
  }

  constructor(
    f: FunctionWriter,
    kernel: Kernel,
    plan: AddressPlan,
    helpers: Helpers,
    relaxed: boolean,
    statusCode: number,
  ) {
    this.f = f
    this.kernel = kernel
    this.plan = plan
    this.helpers = helpers
    this.relaxed = relaxed
    this.statusCode = statusCode
  }

  register(register: Register): number {
    let local = this.registers.get(register.id)
    if (local === undefined) {
      local = this.f.local(valueType(register.type, register.lanes))
      this.registers.set(register.id, local)
    }
    return local
  }

  /** A local for a moment: never live across the evaluation of another expression. */
  temporary(type: ValueType, which: 0 | 1 = 0): number {
    const key = `${type}${which}`
    let local = this.temporaries.get(key)
    if (local === undefined) {
      local = this.f.local(type)
      this.temporaries.set(key, local)
    }
    return local
  }

  /** Parameter with the address of a buffer: 0 and 1 are thread and threads. */
  buffer(buffer: number): number {
    return buffer + 2
  }

  /** Writes an index (i32, modulo 2^32). */
  index(index: Index): void {
    const { f } = this
    let started = false
    for (const { atom, coefficient } of index.terms) {
      this.atom(atom)
      if (coefficient !== 1) {
        f.i32(coefficient)
        f.op('i32.mul')
      }
      if (started) f.op('i32.add')
      started = true
    }
    if (!started) f.i32(index.offset)
    else if (index.offset !== 0) {
      f.i32(index.offset)
      f.op('i32.add')
    }
  }

  atom(atom: Atom): void {
    const { f } = this
    switch (atom.kind) {
      case 'loop': {
        const local = this.variables.get(atom.id)
        if (local === undefined)
          throw new InternalError(`${this.kernel.name}: loop variable ${atom.name} is not in scope.`)
        f.get(local)
        return
      }
      case 'quotient':
      case 'remainder':
        this.index(atom.of)
        f.i32(atom.by)
        f.op(atom.kind === 'quotient' ? 'i32.div_u' : 'i32.rem_u')
        return
      case 'bounded':
        this.index(atom.of)
        return
      case 'dynamic':
        this.value(atom.value)
        return
    }
  }

  /** Writes the address of an element and returns the constant that the access adds. */
  address(buffer: number, index: Index): number {
    const { pointer, offset } = this.plan.address(this.statement!, buffer, index)
    if (pointer === null) this.f.get(this.buffer(buffer))
    else this.f.get(this.pointers.get(pointer.id)!)
    return offset
  }
}

export const valueType = (type: ComputeType, lanes: number): ValueType => {
  if (lanes === 4 && (type === 'f32' || type === 'i32' || type === 'bool')) return 'v128'
  if (lanes !== 1)
    throw new InternalError(`WebAssembly: ${lanes} lanes of ${type}; expected 1, or 4 of f32, i32 or bool.`)
  return type === 'bool' ? 'i32' : type
}
