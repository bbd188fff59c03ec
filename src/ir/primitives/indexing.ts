/** Data-dependent addressing: gather, scatter, dynamic slices, sorting. */
import { DTypeError, ShapeError } from '../../core/errors.js'
import { formatShape, range, sameShape } from '../../core/shape.js'
import type { Aval, Node } from '../node.js'
import type { Builder, PrimitiveTable } from '../rule.js'
import { segmentRows } from '../segment-rows.js'

const checkIndex = (op: string, index: Aval): void => {
  if (index.dtype !== 'i32' && index.dtype !== 'i64') {
    throw new DTypeError(
      `${op}: expected i32 or i64 indices, got ${index.dtype}. Cast first with .to('i64').`,
    )
  }
}

const checkAxis = (op: string, x: Aval, axis: number): void => {
  if (!(axis >= 0 && axis < x.shape.length)) {
    throw new ShapeError(
      `${op}: expected an axis from 0 to ${x.shape.length - 1} of ${formatShape(x.shape)}, got ${axis}.`,
    )
  }
}

/** Sizes other than `axis` must agree. */
const checkAround = (op: string, x: Aval, index: Aval, axis: number): void => {
  checkAxis(op, x, axis)
  if (x.shape.length !== index.shape.length || x.shape.some((n, i) => i !== axis && n !== index.shape[i])) {
    throw new ShapeError(
      `${op}: index ${formatShape(index.shape)} must have the sizes of ${formatShape(x.shape)} outside axis ${axis}.`,
    )
  }
}

const checkStarts = (op: string, x: Aval, starts: readonly Aval[]): void => {
  if (starts.length !== x.shape.length || starts.some((s) => s.shape.length !== 0 || s.dtype !== 'i32')) {
    throw new ShapeError(
      `${op}: expected one 0-d i32 start for each of the ${x.shape.length} axes of ${formatShape(x.shape)}.`,
    )
  }
}

/** Runs a rule example by example and stacks the results: for addressing whose starts differ in the batch. */
function unrollBatch(
  b: Builder,
  inputs: readonly Node[],
  batched: readonly boolean[],
  size: number,
  one: (inputs: Node[]) => Node,
): Node {
  const rows = range(size).map((r) => {
    const row = inputs.map((x, i) =>
      batched[i] ? b.reshape(b.sliceAxis(x, 0, r, r + 1), x.shape.slice(1)) : x,
    )
    const y = one(row)
    return b.reshape(y, [1, ...y.shape])
  })
  return b.concat(rows, 0)
}

const all = (b: Builder, inputs: readonly Node[], batched: readonly boolean[], size: number): Node[] =>
  inputs.map((x, i) => (batched[i] ? x : b.expandBatch(x, size)))

export const indexing: Pick<
  PrimitiveTable,
  'gather' | 'scatter' | 'segmentSumCsr' | 'dynamicSlice' | 'dynamicUpdate' | 'sort'
> = {
  gather: {
    infer: ([x, index], { axis }) => {
      checkIndex('gather', index)
      checkAround('gather', x, index, axis)
      return { shape: index.shape, dtype: x.dtype }
    },
    vjp: (b, { node, inputs: [x, index], g }) => [
      b.scatter(b.literal(x, 0, g.dtype), index, g, node.attrs.axis, 'add'),
      null,
    ],
    jvp: (b, { node, inputs: [, index], tangents: [t] }) => [t && b.gather(t, index, node.attrs.axis)],
    batch: (b, { node, inputs, batched, size }) => {
      const [x, index] = all(b, inputs, batched, size)
      return [b.gather(x, index, node.attrs.axis + 1)]
    },
  },
  scatter: {
    infer: ([x, index, updates], { axis }) => {
      checkIndex('scatter', index)
      checkAround('scatter', x, index, axis)
      if (!sameShape(index.shape, updates.shape) || updates.dtype !== x.dtype) {
        throw new ShapeError(
          `scatter: expected updates ${x.dtype} of the index's shape ${formatShape(index.shape)}, got ${updates.dtype} ${formatShape(updates.shape)}.`,
        )
      }
      return { shape: x.shape, dtype: x.dtype }
    },
    vjp: (b, { node, inputs: [x, index, updates], outputs: [y], g, needs }) => {
      const { axis, mode } = node.attrs
      const zerosLike = (n: Node) => b.literal(n, 0, g.dtype)
      if (mode === 'add') return [g, null, needs[2] ? b.gather(g, index, axis) : null]
      if (mode === 'set') {
        // The last write to a place wins; earlier ones and the base get nothing.
        const position = b.iota(index.shape, axis, 'i32')
        const winner = b.scatter(b.full(x.shape, -1, 'i32'), index, position, axis, 'max')
        const won = b.eq(b.gather(winner, index, axis), position)
        const untouched = b.eq(winner, b.full(x.shape, -1, 'i32'))
        return [
          b.where(untouched, g, zerosLike(x)),
          null,
          b.where(won, b.gather(g, index, axis), zerosLike(updates)),
        ]
      }
      if (mode === 'mul') {
        // y = x · Π u: each factor's cotangent is g times the product of the others, zeros counted apart (as PyTorch).
        const one = (n: Node) => b.literal(n, 1)
        const isZero = (n: Node) => b.eq(n, zerosLike(n))
        const zeros = b.scatter(b.cast(isZero(x), 'i32'), index, b.cast(isZero(updates), 'i32'), axis, 'add')
        const without = (n: Node) => b.where(isZero(n), one(n), n)
        const product = b.scatter(without(x), index, without(updates), axis, 'mul')
        const others = (n: Node, zerosHere: Node, productHere: Node) =>
          b.where(b.eq(zerosHere, b.cast(isZero(n), 'i32')), b.div(productHere, without(n)), zerosLike(n))
        const at = (n: Node) => b.gather(n, index, axis)
        return [
          needs[0] ? b.mul(g, others(x, zeros, product)) : null,
          null,
          needs[2] ? b.mul(at(g), others(updates, at(zeros), at(product))) : null,
        ]
      }
      // max, min: all that equal the result share its cotangent evenly
      const hitX = b.cast(b.eq(x, y), g.dtype)
      const hitU = b.cast(b.eq(updates, b.gather(y, index, axis)), g.dtype)
      const share = b.div(g, b.scatter(hitX, index, hitU, axis, 'add'))
      return [b.mul(hitX, share), null, b.mul(hitU, b.gather(share, index, axis))]
    },
    jvp: 'transpose',
    batch: (b, { node, inputs, batched, size }) => {
      const [x, index, updates] = all(b, inputs, batched, size)
      return [b.scatter(x, index, updates, node.attrs.axis + 1, node.attrs.mode)]
    },
  },
  segmentSumCsr: {
    infer: ([x, offsets]) => {
      checkIndex('segmentSumCsr', offsets)
      if (x.dtype === 'bool')
        throw new DTypeError(`segmentSumCsr: expected numbers, got bool. Cast first with .to('i32').`)
      if (offsets.shape.length !== 1 || offsets.shape[0] < 1 || x.shape.length < 1) {
        throw new ShapeError(
          `segmentSumCsr: expected rows (n, …) and offsets (rows + 1), got ${formatShape(x.shape)} and ${formatShape(offsets.shape)}.`,
        )
      }
      return { shape: [offsets.shape[0] - 1, ...x.shape.slice(1)], dtype: x.dtype }
    },
    vjp: (b, { inputs: [x, offsets], g }) => {
      const [n, ...behind] = x.shape
      const rows = segmentRows(b, offsets, n)
      const index = b.expand(b.reshape(rows, [n, ...behind.map(() => 1)]), x.shape)
      return [n === 0 || g.shape[0] === 0 ? b.full(x.shape, 0, g.dtype) : b.gather(g, index, 0), null]
    },
    jvp: (b, { inputs: [, offsets], tangents: [t] }) => [t && b.segmentSumCsr(t, offsets)],
    batch: (b, { inputs, batched, size }) => {
      if (batched[1])
        return [unrollBatch(b, inputs, batched, size, ([x, offsets]) => b.segmentSumCsr(x, offsets))]
      const [values, offsets] = inputs
      const swapped = values.shape.map((_, i) => (i < 2 ? 1 - i : i))
      return [b.permute(b.segmentSumCsr(b.permute(values, swapped), offsets), swapped)]
    },
  },
  dynamicSlice: {
    infer: ([x, ...starts], { sizes }) => {
      checkStarts('dynamicSlice', x, starts)
      if (sizes.length !== x.shape.length || sizes.some((n, i) => n > x.shape[i])) {
        throw new ShapeError(
          `dynamicSlice: a slice of ${formatShape(sizes)} does not fit ${formatShape(x.shape)}.`,
        )
      }
      return { shape: sizes, dtype: x.dtype }
    },
    vjp: (b, { inputs: [x, ...starts], g }) => [
      b.dynamicUpdate(b.literal(x, 0, g.dtype), g, starts),
      ...starts.map(() => null),
    ],
    jvp: (b, { node, inputs: [, ...starts], tangents: [t] }) => [
      t && b.dynamicSlice(t, starts, node.attrs.sizes),
    ],
    batch: (b, { node, inputs, batched, size }) => {
      const { sizes } = node.attrs
      if (batched.slice(1).some(Boolean)) {
        return [unrollBatch(b, inputs, batched, size, ([x, ...starts]) => b.dynamicSlice(x, starts, sizes))]
      }
      const [x, ...starts] = inputs
      return [b.dynamicSlice(x, [b.constant(0, 'i32'), ...starts], [size, ...sizes])]
    },
  },
  dynamicUpdate: {
    infer: ([x, update, ...starts]) => {
      checkStarts('dynamicUpdate', x, starts)
      if (
        update.dtype !== x.dtype ||
        update.shape.length !== x.shape.length ||
        update.shape.some((n, i) => n > x.shape[i])
      ) {
        throw new ShapeError(
          `dynamicUpdate: an update ${update.dtype} ${formatShape(update.shape)} does not fit ${x.dtype} ${formatShape(x.shape)}.`,
        )
      }
      return { shape: x.shape, dtype: x.dtype }
    },
    vjp: (b, { inputs: [, update, ...starts], g, needs }) => [
      needs[0] ? b.dynamicUpdate(g, b.literal(update, 0, g.dtype), starts) : null,
      needs[1] ? b.dynamicSlice(g, starts, update.shape) : null,
      ...starts.map(() => null),
    ],
    jvp: (b, { inputs: [x, update, ...starts], tangents: [tx, tu] }) => [
      b.dynamicUpdate(tx ?? b.literal(x, 0), tu ?? b.literal(update, 0), starts),
    ],
    batch: (b, { inputs, batched, size }) => {
      if (batched.slice(2).some(Boolean)) {
        return [
          unrollBatch(b, inputs, batched, size, ([x, update, ...starts]) =>
            b.dynamicUpdate(x, update, starts),
          ),
        ]
      }
      const [x, update, ...starts] = all(b, inputs.slice(0, 2), batched, size).concat(inputs.slice(2))
      return [b.dynamicUpdate(x, update, [b.constant(0, 'i32'), ...starts])]
    },
  },
  sort: {
    infer: (inputs, { axis }) => {
      checkAxis('sort', inputs[0], axis)
      for (const x of inputs) {
        if (!sameShape(x.shape, inputs[0].shape)) {
          throw new ShapeError(
            `sort: keys ${formatShape(inputs[0].shape)} and payload ${formatShape(x.shape)} differ in shape.`,
          )
        }
      }
      return inputs.map(({ shape, dtype }) => ({ shape, dtype }))
    },
    // Sorting is a permutation: sort the positions along, then gather or scatter by them.
    vjp: (b, { node, inputs, cotangents }) => {
      const order = sortedPositions(b, node, inputs[0])
      return inputs.map((x, i) => {
        const g = cotangents[i]
        return g && b.scatter(b.literal(x, 0, g.dtype), order, g, node.attrs.axis, 'set')
      })
    },
    jvp: (b, { node, inputs, tangents }) => {
      const order = sortedPositions(b, node, inputs[0])
      return tangents.map((t) => t && b.gather(t, order, node.attrs.axis))
    },
    batch: (b, { node, inputs, batched, size }) =>
      b.sort(all(b, inputs, batched, size), node.attrs.axis + 1, node.attrs.descending),
  },
}

function sortedPositions(b: Builder, node: Node<'sort'>, keys: Node): Node {
  const { axis, descending } = node.attrs
  return b.sort([keys, b.iota(keys.shape, axis, 'i32')], axis, descending)[1]
}
