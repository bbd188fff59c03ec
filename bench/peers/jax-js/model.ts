// What a jax-js benchmark model is: a loss as a function of trees of arrays. jax-js counts references: a function
// consumes its arguments, and `.ref` keeps an array for another use.
import type { numpy as np } from '@jax-js/jax'
import type { NamedArrays } from '../../data/named-array.js'

/** Arrays by name: the parameters, or the inputs. */
export type Arrays = Record<string, np.Array>

export interface JaxModel {
  /** Prepares the inputs (one-hot targets, a dense adjacency); called once, outside the timed part. */
  readonly inputs: (arrays: NamedArrays, tensors: Arrays) => Arrays
  readonly loss: (parameters: Arrays, inputs: Arrays) => np.Array
}
