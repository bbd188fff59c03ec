/**
 * The shared table of operation cases: every primitive with several shapes, dtypes and the values at which
 * implementations differ (ties, NaN, empty axes, duplicates). Every backend runs it against the reference, and the
 * transforms are tested on its smooth rows.
 */

import type { OpCase } from './op-cases/case.js'
import { contractionCases, convGrid } from './op-cases/contract.js'
import { controlCases } from './op-cases/control.js'
import { indexingCases } from './op-cases/indexing.js'
import { movementCases } from './op-cases/movement.js'
import { reduceCases } from './op-cases/reduce.js'
import { scalarCases } from './op-cases/scalar.js'
import { scanCases } from './op-cases/scan.js'
import { windowCases } from './op-cases/window.js'

export { type CaseInput, instantiate, type OpCase, withFloat } from './op-cases/case.js'
export { convGrid } from './op-cases/contract.js'

export const opCases: readonly OpCase[] = [
  ...movementCases,
  ...scalarCases,
  ...reduceCases,
  ...contractionCases,
  ...windowCases,
  ...indexingCases,
  ...scanCases,
  ...controlCases,
]

/** Everything, with the grid of small convolutions. */
export const allOpCases: readonly OpCase[] = [...opCases, ...convGrid]
