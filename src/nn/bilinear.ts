/**
 * The bilinear layer.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { uniform } from '../init/uniform.js'
import { zeros } from '../tensor/creation.js'
import { bilinear } from '../tensor/functional.js'
import type { FeatureShape } from '../tensor/layer-shapes.js'
import type { BilinearShape } from '../tensor/pair-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkInteger } from './check-input.js'
import type { LinearOptions } from './linear.js'
import { Module } from './module.js'

/**
 * y_k = x₁ᵀ W_k x₂ + b_k for x₁ (…, in1Features) and x₂ (…, in2Features) with equal leading axes; y (…, outFeatures).
 * `weight` is (outFeatures, in1Features, in2Features); both start from U(-1/√in1Features, 1/√in1Features).
 */
export class Bilinear<
  In1 extends number = number,
  In2 extends number = number,
  Out extends number = number,
> extends Module {
  readonly in1Features: number
  readonly in2Features: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  constructor(in1Features: In1, in2Features: In2, outFeatures: Out, options: LinearOptions = {}) {
    super()
    checkOptions<LinearOptions>('Bilinear', options, { bias: true })
    const { bias = true } = options
    checkInteger('Bilinear', 'in1Features', in1Features)
    checkInteger('Bilinear', 'in2Features', in2Features)
    checkInteger('Bilinear', 'outFeatures', outFeatures)
    this.in1Features = in1Features
    this.in2Features = in2Features
    this.outFeatures = outFeatures
    this.weight = new Parameter(zeros([outFeatures, in1Features, in2Features]))
    this.bias = bias ? new Parameter(zeros([outFeatures])) : null
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features)
    uniform(this.weight, -bound, bound)
    if (this.bias) uniform(this.bias, -bound, bound)
  }

  override forward<S extends Shape, T extends Shape>(
    x1: Tensor<S> & Fits<FeatureShape<S, 'Bilinear', In1>>,
    x2: Tensor<T> & Fits<BilinearShape<S, T, In2, Out>>,
  ): Tensor<ShapeOr<BilinearShape<S, T, In2, Out>>> {
    const { in1Features: m, in2Features: n } = this
    const lead = x1.shape.slice(0, -1)
    checkInput('Bilinear', x1, x1.rank > 0 && x1.shape[x1.rank - 1] === m, `(…, ${m})`)
    const fits = x2.rank === x1.rank && lead.every((k, i) => x2.shape[i] === k)
    checkInput('Bilinear', x2, fits && x2.shape[x2.rank - 1] === n, `(${[...lead, n].join(', ')})`)
    return bilinear(x1, x2, this.weight, this.bias) as Tensor<ShapeOr<BilinearShape<S, T, In2, Out>>>
  }

  protected override describe(): string {
    const { in1Features, in2Features, outFeatures } = this
    return `in1Features=${in1Features}, in2Features=${in2Features}, outFeatures=${outFeatures}, bias=${this.bias !== null}`
  }
}
