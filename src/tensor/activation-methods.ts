/** Activations as methods of Tensor: thin wrappers over `ops/activation` and `ops/softmax`. */
import type { Shape } from '../core/shape.js'
import * as activation from '../ops/activation.js'
import * as normal from '../ops/softmax.js'
import { type TensorBase, wrap } from './base.js'
import type { GluShape } from './image-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import { StatisticsMethods } from './statistics-methods.js'
import type { Tensor } from './tensor.js'

export class ActivationMethods<S extends Shape = Shape> extends StatisticsMethods<S> {
  /** 1 / (1 + e^-x). */
  sigmoid(): Tensor<S> {
    return wrap(activation.sigmoid(this.node)) as Tensor<S>
  }

  /** max(x, 0). */
  relu(): Tensor<S> {
    return wrap(activation.relu(this.node)) as Tensor<S>
  }

  /** x · sigmoid(x). */
  silu(): Tensor<S> {
    return wrap(activation.silu(this.node)) as Tensor<S>
  }

  /** ln sigmoid(x). */
  logSigmoid(): Tensor<S> {
    return wrap(activation.logSigmoid(this.node)) as Tensor<S>
  }

  /** x · tanh(softplus(x)). */
  mish(): Tensor<S> {
    return wrap(activation.mish(this.node)) as Tensor<S>
  }

  /** Self-normalising exponential linear unit. */
  selu(): Tensor<S> {
    return wrap(activation.selu(this.node)) as Tensor<S>
  }

  /** min(max(x, 0), 6). */
  relu6(): Tensor<S> {
    return wrap(activation.relu6(this.node)) as Tensor<S>
  }

  /** relu6(x + 3) / 6. */
  hardsigmoid(): Tensor<S> {
    return wrap(activation.hardsigmoid(this.node)) as Tensor<S>
  }

  /** x · relu6(x + 3) / 6. */
  hardswish(): Tensor<S> {
    return wrap(activation.hardswish(this.node)) as Tensor<S>
  }

  /** x / (1 + |x|). */
  softsign(): Tensor<S> {
    return wrap(activation.softsign(this.node)) as Tensor<S>
  }

  /** x - tanh x. */
  tanhshrink(): Tensor<S> {
    return wrap(activation.tanhshrink(this.node)) as Tensor<S>
  }

  /** x where positive, negativeSlope · x elsewhere. */
  leakyRelu(negativeSlope = 0.01): Tensor<S> {
    return wrap(activation.leakyRelu(this.node, negativeSlope)) as Tensor<S>
  }

  /** x where positive, α(e^x - 1) elsewhere. */
  elu(alpha = 1): Tensor<S> {
    return wrap(activation.elu(this.node, alpha)) as Tensor<S>
  }

  /** max(0, x) + min(0, α(e^(x/α) - 1)). */
  celu(alpha = 1): Tensor<S> {
    return wrap(activation.celu(this.node, alpha)) as Tensor<S>
  }

  /** x limited to [min, max]. */
  hardtanh(min = -1, max = 1): Tensor<S> {
    return wrap(activation.hardtanh(this.node, min, max)) as Tensor<S>
  }

  /** x moved toward 0 by λ, and 0 within λ of it. */
  softshrink(lambda = 0.5): Tensor<S> {
    return wrap(activation.softshrink(this.node, lambda)) as Tensor<S>
  }

  /** 0 within λ of 0, x elsewhere. */
  hardshrink(lambda = 0.5): Tensor<S> {
    return wrap(activation.hardshrink(this.node, lambda)) as Tensor<S>
  }

  /** The first half of an axis times the sigmoid of the second half. */
  glu<A extends Shape, const X extends number = -1>(
    this: TensorBase<A> & Fits<GluShape<A, X, 'glu'>>,
    axis?: X,
  ): Tensor<ShapeOr<GluShape<A, X, 'glu'>>> {
    return wrap(activation.glu(this.node, axis)) as Tensor<ShapeOr<GluShape<A, X, 'glu'>>>
  }

  /** x · Φ(x), exactly or by tanh. */
  gelu(approximate: 'none' | 'tanh' = 'none'): Tensor<S> {
    return wrap(activation.gelu(this.node, approximate)) as Tensor<S>
  }

  /** ln(1 + e^(βx)) / β. */
  softplus(beta = 1, threshold = 20): Tensor<S> {
    return wrap(activation.softplus(this.node, { beta, threshold })) as Tensor<S>
  }

  /** e^x / Σ e^x along an axis (the last by default). */
  softmax(axis = -1): Tensor<S> {
    return wrap(normal.softmax(this.node, axis)) as Tensor<S>
  }

  /** ln softmax(x), computed without overflow; the last axis by default. */
  logSoftmax(axis = -1): Tensor<S> {
    return wrap(normal.logSoftmax(this.node, axis)) as Tensor<S>
  }
}
