/**
 * Parameters by name.
 */
import { ValueError } from '../core/errors.js'
import { Parameter } from '../tensor/parameter.js'
import { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** Named parameters: keys are the names (`weights.left`). Plain tensors become parameters. */
export class ParameterDict extends Module {
  constructor(parameters: Readonly<Record<string, Tensor>> = {}) {
    super()
    for (const [name, parameter] of Object.entries(parameters)) this.set(name, parameter)
  }

  /** Number of parameters. */
  get size(): number {
    return Object.keys(this).length
  }

  has(name: string): boolean {
    return Object.hasOwn(this, name)
  }

  get(name: string): Parameter | undefined {
    return this.has(name) ? (this as unknown as Record<string, Parameter>)[name] : undefined
  }

  /** Adds a parameter. */
  set(name: string, parameter: Tensor): this {
    if (!(parameter instanceof Tensor)) {
      throw new ValueError(
        `ParameterDict: expected a Parameter or a tensor at '${name}', got ${typeof parameter}.`,
      )
    }
    if (name in this || name === '' || name.includes('.')) {
      throw new ValueError(`ParameterDict: expected a name that is free and has no dot, got '${name}'.`)
    }
    const value = parameter instanceof Parameter ? parameter : new Parameter(parameter)
    Object.defineProperty(this, name, { value, enumerable: true, writable: true, configurable: true })
    return this
  }

  keys(): string[] {
    return Object.keys(this)
  }

  values(): Parameter[] {
    return Object.values(this) as Parameter[]
  }

  entries(): [string, Parameter][] {
    return Object.entries(this) as [string, Parameter][]
  }

  override forward(): never {
    throw new ValueError('ParameterDict: expected its parameters to be used one by one; it is no layer.')
  }
}
