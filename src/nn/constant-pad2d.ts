/**
 * Padding with a constant.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts `value` around the last 2 axes. Negative amounts crop. */
export class ConstantPad2d<const P extends Padding = Padding> extends PadNd<'ConstantPad2d', 2, P> {
  readonly value: number

  constructor(padding: P, value: number) {
    super('ConstantPad2d', 2, padding, { mode: 'constant', value })
    this.value = value
  }
}
