/**
 * The models that the command line can train, by name.
 */
import { LeNet5 } from '../models/lenet5.js'
import type { TensorModule } from '../nn/module.js'

/** What a model has to fit. */
export interface ModelSizes {
  /** Shape of one input: channels, height, width. */
  readonly inputShape: readonly number[]
  readonly classes: number
}

export const models: ReadonlyMap<string, (sizes: ModelSizes) => TensorModule> = new Map([
  [
    'lenet5',
    ({ inputShape, classes }: ModelSizes) => new LeNet5({ inChannels: inputShape[0], numClasses: classes }),
  ],
])
