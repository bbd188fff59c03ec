/**
 * Padding with the element at the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the element at the edge around the last 1 axis. Negative amounts crop. */
export class ReplicationPad1d<const P extends Padding = Padding> extends PadNd<'ReplicationPad1d', 1, P> {
  constructor(padding: P) {
    super('ReplicationPad1d', 1, padding, { mode: 'replicate' })
  }
}
