/** Activations as methods of Tensor: thin wrappers over `ops/activation` and `ops/softmax`. */
import type { Shape } from '../core/shape.js'
import * as activation from '../ops/activation.js'
import * as normal from '../ops/softmax.js'
import { wrap } from './base.js'
import { ReductionMethods } from './reduction-methods.js'
import type { Tensor } from './tensor.js'

export class ActivationMethods<S extends Shape = Shape> extends ReductionMethods<S> {
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

  /** x · Φ(x), exactly or by tanh. */
  gelu(approximate: 'none' | 'tanh' = 'none'): Tensor<S> {
    return wrap(activation.gelu(this.node, approximate)) as Tensor<S>
  }

  /** ln(1 + e^(βx)) / β. */
  softplus(beta = 1, threshold = 20): Tensor<S> {
    return wrap(activation.softplus(this.node, beta, threshold)) as Tensor<S>
  }

  /** e^x / Σ e^x along an axis. */
  softmax(axis: number): Tensor<S> {
    return wrap(normal.softmax(this.node, axis)) as Tensor<S>
  }

  /** ln softmax(x), computed without overflow. */
  logSoftmax(axis: number): Tensor<S> {
    return wrap(normal.logSoftmax(this.node, axis)) as Tensor<S>
  }
}
