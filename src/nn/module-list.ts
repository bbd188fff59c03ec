/**
 * Modules in a list.
 */
import { ValueError } from '../core/errors.js'
import { Module } from './module.js'

/**
 * A list whose modules belong to the module that holds it: keys are the positions (`layers.0.weight`). A plain array
 * as a property does the same; this one can be moved between them and has PyTorch's methods.
 */
export class ModuleList<M extends Module = Module> extends Module {
  constructor(modules: Iterable<M> = []) {
    super()
    this.extend(modules)
  }

  /** Number of modules. */
  get length(): number {
    return Object.keys(this).length
  }

  /** Module `i`; negative counts from the end. */
  at(i: number): M | undefined {
    return this.children().at(i) as M | undefined
  }

  /** Puts a module at the end. */
  append(module: M): this {
    return this.insert(this.length, module)
  }

  /** Puts modules at the end. */
  extend(modules: Iterable<M>): this {
    for (const module of modules) this.append(module)
    return this
  }

  /** Puts a module at position `at`; those from there on move up. */
  insert(at: number, module: M): this {
    if (!(module instanceof Module)) {
      throw new ValueError(`ModuleList: expected a Module, got ${typeof module}.`)
    }
    const { length } = this
    const place = at < 0 ? at + length : at
    if (!Number.isInteger(place) || place < 0 || place > length) {
      throw new ValueError(`ModuleList: expected a position from ${-length} to ${length}, got ${at}.`)
    }
    const list = [...this]
    list.splice(place, 0, module)
    list.forEach((value, i) => {
      Object.defineProperty(this, String(i), { value, enumerable: true, writable: true, configurable: true })
    })
    return this
  }

  *[Symbol.iterator](): Generator<M> {
    for (const child of Object.values(this)) yield child as M
  }

  override forward(): never {
    throw new ValueError(
      'ModuleList: expected forward() of its modules; the list says not how they go together.',
    )
  }
}
