/** Primitives whose element is made of other elements of their input than the one in its own place. */
import type { Primitive } from '../ir/node.js'

export const readsElsewhere: ReadonlySet<Primitive> = new Set<Primitive>([
  'permute',
  'expand',
  'pad',
  'slice',
  'flip',
  'concat',
  'window',
  'fold',
  'gather',
  'reduceSum',
  'reduceProd',
  'reduceMax',
  'reduceMin',
])
