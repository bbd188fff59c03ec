// What a TensorFlow.js benchmark model is.
import type * as tf from '@tensorflow/tfjs'
import type { NamedArrays } from '../../data/named-array.js'

/** The trainable variables by PyTorch's name, in TensorFlow's layouts: matrices [inputs, outputs], filters HWIO. */
export type Variables = Record<string, tf.Variable>

/** The inputs by name, as tensors. */
export type Inputs = Record<string, tf.Tensor>

export interface TfjsModel {
  /** Prepares the inputs (one-hot targets, layouts); called once, outside the timed part. */
  readonly inputs: (arrays: NamedArrays, tensors: Inputs) => Inputs
  readonly loss: (variables: Variables, inputs: Inputs) => tf.Scalar
}
