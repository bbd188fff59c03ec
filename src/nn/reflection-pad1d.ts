/**
 * Padding with the elements mirrored at the edge, without the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements mirrored at the edge, without the edge around the last 1 axis. Negative amounts crop. */
export class ReflectionPad1d extends PadNd {
  constructor(padding: Padding) {
    super('ReflectionPad1d', 1, padding, { mode: 'reflect' })
  }
}
