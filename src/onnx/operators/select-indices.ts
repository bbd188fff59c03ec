/** Rows of a tensor at positions that are known while the graph is built. */
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { indexSelect } from '../../ops/indexing.js'
import { int64Tensor } from '../value.js'

/** x at `positions` along `axis`; a run of neighbours is a slice. */
export function selectIndices(x: Node, axis: number, positions: readonly number[]): Node {
  const [first] = positions
  if (positions.length > 0 && positions.every((p, i) => p === first + i)) {
    return b.sliceAxis(x, axis, first, first + positions.length)
  }
  return indexSelect(x, axis, int64Tensor(positions, [positions.length]).node)
}
