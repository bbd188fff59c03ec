/**
 * Padding with zeros.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts zeros around the last 1 axis. Negative amounts crop. */
export class ZeroPad1d extends PadNd {
  constructor(padding: Padding) {
    super('ZeroPad1d', 1, padding, { mode: 'constant', value: 0 })
  }
}
