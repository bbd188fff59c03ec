/**
 * Padding with a constant.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts `value` around the last 2 axes. Negative amounts crop. */
export class ConstantPad2d extends PadNd {
  readonly value: number

  constructor(padding: Padding, value: number) {
    super('ConstantPad2d', 2, padding, { mode: 'constant', value })
    this.value = value
  }
}
