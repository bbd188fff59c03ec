/**
 * Padding with the element at the edge.
 */
import { type Padding, PadNd } from './pad-nd.js'

/** Puts the element at the edge around the last 2 axes. Negative amounts crop. */
export class ReplicationPad2d<const P extends Padding = Padding> extends PadNd<'ReplicationPad2d', 2, P> {
  constructor(padding: P) {
    super('ReplicationPad2d', 2, padding, { mode: 'replicate' })
  }
}
