// What a benchmark model is, apart from any contender: its name, its learning rate and its seeded arrays.
import type { ModelArrays } from '../data/array-file.js'
import type { Random } from '../data/random.js'

export interface ModelSpec {
  readonly name: string
  /** One line for the table's legend. */
  readonly description: string
  readonly learningRate: number
  /** Only the forward pass, in evaluation mode; the learning rate means nothing then. */
  readonly inference?: boolean
  /** Draws the initial parameters and the batch. */
  readonly arrays: (random: Random) => ModelArrays
}
