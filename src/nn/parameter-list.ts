/**
 * Parameters in a list.
 */
import { ValueError } from '../core/errors.js'
import { Parameter } from '../tensor/parameter.js'
import { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** A list of parameters: keys are the positions (`weights.0`). Plain tensors become parameters. */
export class ParameterList extends Module {
  constructor(parameters: Iterable<Tensor> = []) {
    super()
    this.extend(parameters)
  }

  /** Number of parameters. */
  get length(): number {
    return Object.keys(this).length
  }

  /** Parameter `i`; negative counts from the end. */
  at(i: number): Parameter | undefined {
    return [...this].at(i)
  }

  /** Puts a parameter at the end. */
  append(parameter: Tensor): this {
    if (!(parameter instanceof Tensor)) {
      throw new ValueError(`ParameterList: expected a Parameter or a tensor, got ${typeof parameter}.`)
    }
    const value = parameter instanceof Parameter ? parameter : new Parameter(parameter)
    Object.defineProperty(this, String(this.length), {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
    return this
  }

  /** Puts parameters at the end. */
  extend(parameters: Iterable<Tensor>): this {
    for (const parameter of parameters) this.append(parameter)
    return this
  }

  *[Symbol.iterator](): Generator<Parameter> {
    for (const parameter of Object.values(this)) yield parameter as Parameter
  }

  override forward(): never {
    throw new ValueError('ParameterList: expected its parameters to be used one by one; it is no layer.')
  }
}
