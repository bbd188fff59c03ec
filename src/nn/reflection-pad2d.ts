/**
 * Padding with the elements mirrored at the edge, without the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements mirrored at the edge, without the edge around the last 2 axes. Negative amounts crop. */
export class ReflectionPad2d extends PadNd {
  constructor(padding: Padding) {
    super('ReflectionPad2d', 2, padding, { mode: 'reflect' })
  }
}
