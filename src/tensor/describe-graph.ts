/** The graph behind tensors as text, for people who wonder what will run. */
import { printGraph } from '../ir/print.js'
import { peekCell } from '../runtime/state.js'
import { checkTensor, type TensorBase } from './base.js'

/**
 * The graph that computes the tensors, one operation a line, inputs before users: `%3 = contract %1 %2 {…} : f32[64, 10]`.
 * Values that were computed already are leaves, named `(computed)`. Nothing is computed.
 */
export function describeGraph(...tensors: readonly TensorBase[]): string {
  tensors.forEach(checkTensor)
  return printGraph(tensors.map(peekCell))
}
