/** The error that devices throw after a run in which an index that came from data left its axis. */
import { ValueError } from '../core/errors.js'

export const indexError = (kernelName: string): ValueError =>
  new ValueError(
    `An index was out of range in kernel '${kernelName}': expected every index between 0 and the size of its axis minus 1 ` +
      '(embedding, gather, scatter or a class label), and offsets of compressed rows that begin with 0, never fall and end ' +
      'with the number of elements. Look at the smallest and largest index that you pass.',
  )
