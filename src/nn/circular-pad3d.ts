/**
 * Padding with the elements of the other end.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements of the other end around the last 3 axes. Negative amounts crop. */
export class CircularPad3d<const P extends Padding = Padding> extends PadNd<'CircularPad3d', 3, P> {
  constructor(padding: P) {
    super('CircularPad3d', 3, padding, { mode: 'circular' })
  }
}
