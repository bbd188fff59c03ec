/**
 * Padding with a constant.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts `value` around the last 1 axis. Negative amounts crop. */
export class ConstantPad1d extends PadNd {
  readonly value: number

  constructor(padding: Padding, value: number) {
    super('ConstantPad1d', 1, padding, { mode: 'constant', value })
    this.value = value
  }
}
