/**
 * The table of primitives: everything a graph can contain, each declared once. A primitive that lacks a rule is a
 * compile error (`PrimitiveTable` is total).
 */

import type { Primitive } from './node.js'
import { contract } from './primitives/contract.js'
import { control } from './primitives/control.js'
import { indexing } from './primitives/indexing.js'
import { leaves } from './primitives/leaves.js'
import { movement } from './primitives/movement.js'
import { reduce } from './primitives/reduce.js'
import { scalar } from './primitives/scalar.js'
import { window } from './primitives/window.js'
import type { PrimitiveTable } from './rule.js'

export const primitives: PrimitiveTable = {
  ...leaves,
  ...scalar,
  ...movement,
  ...reduce,
  ...contract,
  ...window,
  ...indexing,
  ...control,
}

export const primitiveNames = Object.keys(primitives) as Primitive[]
