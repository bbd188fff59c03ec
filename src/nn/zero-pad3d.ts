/**
 * Padding with zeros.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts zeros around the last 3 axes. Negative amounts crop. */
export class ZeroPad3d<const P extends Padding = Padding> extends PadNd<'ZeroPad3d', 3, P> {
  constructor(padding: P) {
    super('ZeroPad3d', 3, padding, { mode: 'constant', value: 0 })
  }
}
