/** The Tensor: a lazily computed array of numbers with a shape, a dtype and, where asked for, a gradient. */
import type { Shape } from '../core/shape.js'
import { setTensorFactory } from './base.js'
import { LinearAlgebraMethods } from './linear-algebra-methods.js'

/**
 * An n-dimensional array. Operations only build a graph; a look at a value computes it. `S` is the shape where the
 * program knows it; a plain `Tensor` is accepted everywhere.
 */
export class Tensor<S extends Shape = Shape> extends LinearAlgebraMethods<S> {}

setTensorFactory((node) => new Tensor(node))
