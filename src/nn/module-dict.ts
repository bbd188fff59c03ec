/**
 * Modules by name.
 */
import { ValueError } from '../core/errors.js'
import { Module } from './module.js'

/** Named modules that belong to the module that holds them: keys are the names (`heads.left.weight`). */
export class ModuleDict<M extends Module = Module> extends Module {
  constructor(modules: Readonly<Record<string, M>> = {}) {
    super()
    this.update(modules)
  }

  /** Number of modules. */
  get size(): number {
    return Object.keys(this).length
  }

  has(name: string): boolean {
    return Object.hasOwn(this, name)
  }

  get(name: string): M | undefined {
    return this.has(name) ? (this as unknown as Record<string, M>)[name] : undefined
  }

  /** Adds a module, or puts another in its place. */
  set(name: string, module: M): this {
    if (!(module instanceof Module)) {
      throw new ValueError(`ModuleDict: expected a Module at '${name}', got ${typeof module}.`)
    }
    if (!this.has(name) && (name in this || name === '' || name.includes('.'))) {
      throw new ValueError(`ModuleDict: expected a name that is free and has no dot, got '${name}'.`)
    }
    Object.defineProperty(this, name, { value: module, enumerable: true, writable: true, configurable: true })
    return this
  }

  /** Takes a module away; false if there was none. */
  delete(name: string): boolean {
    if (!this.has(name)) return false
    delete (this as unknown as Record<string, M>)[name]
    return true
  }

  /** Adds (or replaces) modules. */
  update(modules: Readonly<Record<string, M>>): this {
    for (const [name, module] of Object.entries(modules)) this.set(name, module)
    return this
  }

  keys(): string[] {
    return Object.keys(this)
  }

  values(): M[] {
    return Object.values(this) as M[]
  }

  entries(): [string, M][] {
    return Object.entries(this) as [string, M][]
  }

  override forward(): never {
    throw new ValueError(
      'ModuleDict: expected forward() of its modules; the dictionary says not how they go together.',
    )
  }
}
