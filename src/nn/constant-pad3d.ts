/**
 * Padding with a constant.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts `value` around the last 3 axes. Negative amounts crop. */
export class ConstantPad3d<const P extends Padding = Padding> extends PadNd<'ConstantPad3d', 3, P> {
  readonly value: number

  constructor(padding: P, value: number) {
    super('ConstantPad3d', 3, padding, { mode: 'constant', value })
    this.value = value
  }
}
