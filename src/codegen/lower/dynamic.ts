/** Lowering of dynamicSlice and dynamicUpdate: rows are copied, starts are checked. */
import type { DType } from '../../core/dtype.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import { addIndex, constantIndex, delinearize, type Index, linearize } from '../index-expression.js'
import type { Kernel } from '../loop-ir.js'
import type { Target } from '../target.js'
import { KernelBuilder } from './kernel-builder.js'
import { checkedIndex, copyAll, isShared, tasks, vectorLoop, widthFor } from './operand.js'

export interface DynamicSpec {
  readonly name: string
  /** Of x. */
  readonly shape: readonly number[]
  /** Of the slice or the update. */
  readonly sizes: readonly number[]
  readonly dtype: DType
}

/** Axes from `split` on are one contiguous run in x: everything behind the last axis that the slice does not fill. */
function runOf(shape: readonly number[], sizes: readonly number[]): number {
  let split = shape.length
  while (split > 0 && sizes[split - 1] === shape[split - 1]) split--
  return Math.max(0, split - 1)
}

/** Calls `copy` for each contiguous piece: where it begins in the part, and in x. */
function rows(
  k: KernelBuilder,
  { shape, sizes, dtype }: DynamicSpec,
  firstStart: number,
  target: Target,
  copy: (inPart: Index, inWhole: Index, lanes: number) => void,
): void {
  const split = runOf(shape, sizes)
  const outer = sizes.slice(0, split)
  const run = sizeOf(sizes.slice(split))
  const width = widthFor(dtype, target)
  tasks(k, sizeOf(outer), isShared(sizeOf(sizes), target), (row) => {
    const starts = shape.map((n, axis) =>
      checkedIndex(
        k,
        `start${axis}`,
        k.e.load(firstStart + axis, 'i32', constantIndex(0)),
        0,
        n - sizes[axis],
      ),
    )
    const at = delinearize(row, outer)
    const part = linearize(at, stridesOf(sizes).slice(0, split))
    const whole = linearize(
      starts.map((s, axis) => (axis < split ? addIndex(s, at[axis]) : s)),
      stridesOf(shape),
    )
    vectorLoop(k, constantIndex(0), run, width, (j, lanes) =>
      copy(addIndex(part, j), addIndex(whole, j), lanes),
    )
  })
}

/** Buffers: x, one i32 start an axis, out. */
export function lowerDynamicSlice(spec: DynamicSpec, target: Target): Kernel[] {
  if (sizeOf(spec.sizes) === 0) return []
  const k = new KernelBuilder()
  const x = k.buffer('x', spec.dtype, sizeOf(spec.shape), 'read')
  const starts = spec.shape.map((_, axis) => k.buffer(`start${axis}`, 'i32', 1, 'read'))
  const out = k.buffer('out', spec.dtype, sizeOf(spec.sizes), 'write')
  rows(k, spec, starts[0] ?? out, target, (part, whole, lanes) => {
    k.store(out, part, k.e.load(x, spec.dtype, whole, lanes))
  })
  return [k.build(spec.name)]
}

/**
 * Buffers of each kernel: x, update, one i32 start an axis, out. The first kernel copies x to out and is left out when
 * `inPlace` says that both are the same memory.
 */
export function lowerDynamicUpdate(
  spec: DynamicSpec & { readonly inPlace?: boolean },
  target: Target,
): Kernel[] {
  if (sizeOf(spec.shape) === 0) return []
  const open = () => {
    const k = new KernelBuilder()
    const x = k.buffer('x', spec.dtype, sizeOf(spec.shape), 'read')
    const update = k.buffer('update', spec.dtype, sizeOf(spec.sizes), 'read')
    const starts = spec.shape.map((_, axis) => k.buffer(`start${axis}`, 'i32', 1, 'read'))
    const out = k.buffer('out', spec.dtype, sizeOf(spec.shape), 'write')
    return { k, x, update, first: starts[0] ?? out, out }
  }
  const kernels: Kernel[] = []
  if (!spec.inPlace) {
    const { k, x, out } = open()
    copyAll(k, x, out, spec.dtype, sizeOf(spec.shape), target)
    kernels.push(k.build(`${spec.name}Copy`))
  }
  if (sizeOf(spec.sizes) > 0) {
    const { k, update, first, out } = open()
    rows(k, spec, first, target, (part, whole, lanes) => {
      k.store(out, whole, k.e.load(update, spec.dtype, part, lanes))
    })
    kernels.push(k.build(spec.name))
  }
  return kernels
}
