/**
 * Padding with a constant.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts `value` around the last 1 axis. Negative amounts crop. */
export class ConstantPad1d<const P extends Padding = Padding> extends PadNd<'ConstantPad1d', 1, P> {
  readonly value: number

  constructor(padding: P, value: number) {
    super('ConstantPad1d', 1, padding, { mode: 'constant', value })
    this.value = value
  }
}
