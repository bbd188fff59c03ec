/**
 * Padding with the elements of the other end.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements of the other end around the last 1 axis. Negative amounts crop. */
export class CircularPad1d<const P extends Padding = Padding> extends PadNd<'CircularPad1d', 1, P> {
  constructor(padding: P) {
    super('CircularPad1d', 1, padding, { mode: 'circular' })
  }
}
