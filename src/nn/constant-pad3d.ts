/**
 * Padding with a constant.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts `value` around the last 3 axes. Negative amounts crop. */
export class ConstantPad3d extends PadNd {
  readonly value: number

  constructor(padding: Padding, value: number) {
    super('ConstantPad3d', 3, padding, { mode: 'constant', value })
    this.value = value
  }
}
