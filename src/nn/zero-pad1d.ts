/**
 * Padding with zeros.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts zeros around the last 1 axis. Negative amounts crop. */
export class ZeroPad1d<const P extends Padding = Padding> extends PadNd<'ZeroPad1d', 1, P> {
  constructor(padding: P) {
    super('ZeroPad1d', 1, padding, { mode: 'constant', value: 0 })
  }
}
