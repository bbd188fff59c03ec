/**
 * Padding with zeros.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts zeros around the last 2 axes. Negative amounts crop. */
export class ZeroPad2d<const P extends Padding = Padding> extends PadNd<'ZeroPad2d', 2, P> {
  constructor(padding: P) {
    super('ZeroPad2d', 2, padding, { mode: 'constant', value: 0 })
  }
}
