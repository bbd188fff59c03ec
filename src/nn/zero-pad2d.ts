/**
 * Padding with zeros.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts zeros around the last 2 axes. Negative amounts crop. */
export class ZeroPad2d extends PadNd {
  constructor(padding: Padding) {
    super('ZeroPad2d', 2, padding, { mode: 'constant', value: 0 })
  }
}
