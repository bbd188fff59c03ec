/**
 * Padding with the elements mirrored at the edge, without the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the elements mirrored at the edge, without the edge around the last 3 axes. Negative amounts crop. */
export class ReflectionPad3d<const P extends Padding = Padding> extends PadNd<'ReflectionPad3d', 3, P> {
  constructor(padding: P) {
    super('ReflectionPad3d', 3, padding, { mode: 'reflect' })
  }
}
