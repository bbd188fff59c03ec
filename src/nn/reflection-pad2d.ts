/**
 * Padding with the elements mirrored at the edge, without the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements mirrored at the edge, without the edge around the last 2 axes. Negative amounts crop. */
export class ReflectionPad2d<const P extends Padding = Padding> extends PadNd<'ReflectionPad2d', 2, P> {
  constructor(padding: P) {
    super('ReflectionPad2d', 2, padding, { mode: 'reflect' })
  }
}
