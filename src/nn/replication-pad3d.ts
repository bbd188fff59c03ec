/**
 * Padding with the element at the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the element at the edge around the last 3 axes. Negative amounts crop. */
export class ReplicationPad3d<const P extends Padding = Padding> extends PadNd<'ReplicationPad3d', 3, P> {
  constructor(padding: P) {
    super('ReplicationPad3d', 3, padding, { mode: 'replicate' })
  }
}
