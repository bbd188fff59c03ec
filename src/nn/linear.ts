/**
 * The fully connected layer.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { kaimingUniform } from '../init/kaiming-uniform.js'
import { uniform } from '../init/uniform.js'
import { zeros } from '../tensor/creation.js'
import { linear } from '../tensor/functional.js'
import type { BaseRule, LinearRule } from '../tensor/layer-shapes.js'
import type { LinearResult } from '../tensor/matmul-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface LinearOptions {
  /** Add a bias (default true). */
  readonly bias?: boolean
}

/**
 * y = x Wᵀ + b for x (…, inFeatures), y (…, outFeatures). `weight` is (outFeatures, inFeatures), `bias` (outFeatures).
 * Both start from U(-1/√inFeatures, 1/√inFeatures), as in PyTorch.
 */
export class Linear<In extends number = number, Out extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: LinearRule<In, Out> | BaseRule): readonly [In, Out]
  readonly inFeatures: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  constructor(inFeatures: In, outFeatures: Out, options: LinearOptions = {}) {
    super()
    checkOptions<LinearOptions>('Linear', options, { bias: true })
    const { bias = true } = options
    checkInteger('Linear', 'inFeatures', inFeatures)
    checkInteger('Linear', 'outFeatures', outFeatures)
    this.inFeatures = inFeatures
    this.outFeatures = outFeatures
    this.weight = new Parameter(zeros([outFeatures, inFeatures]))
    this.bias = bias ? new Parameter(zeros([outFeatures])) : null
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values. */
  resetParameters(): void {
    kaimingUniform(this.weight, { a: Math.sqrt(5) })
    const bound = 1 / Math.sqrt(this.inFeatures)
    if (this.bias) uniform(this.bias, -bound, bound)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<LinearResult<S, In, Out>>,
  ): Tensor<ShapeOr<LinearResult<S, In, Out>>> {
    const hint = x.rank > 2 ? 'Flatten the features first, for example with new Flatten().' : ''
    checkInput(
      'Linear',
      x,
      x.rank > 0 && x.shape[x.rank - 1] === this.inFeatures,
      `(…, ${this.inFeatures})`,
      hint,
    )
    return linear(x, this.weight, this.bias) as Tensor<ShapeOr<LinearResult<S, In, Out>>>
  }

  protected override describe(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== null}`
  }
}
