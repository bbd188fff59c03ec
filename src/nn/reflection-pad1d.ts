/**
 * Padding with the elements mirrored at the edge, without the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements mirrored at the edge, without the edge around the last 1 axis. Negative amounts crop. */
export class ReflectionPad1d<const P extends Padding = Padding> extends PadNd<'ReflectionPad1d', 1, P> {
  constructor(padding: P) {
    super('ReflectionPad1d', 1, padding, { mode: 'reflect' })
  }
}
