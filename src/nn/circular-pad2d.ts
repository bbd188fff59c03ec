/**
 * Padding with the elements of the other end.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements of the other end around the last 2 axes. Negative amounts crop. */
export class CircularPad2d<const P extends Padding = Padding> extends PadNd<'CircularPad2d', 2, P> {
  constructor(padding: P) {
    super('CircularPad2d', 2, padding, { mode: 'circular' })
  }
}
