/** Leaves, movement, reductions, products, windows and indexing as ONNX operators. */
import { isFloat } from '../../core/dtype.js'
import { InternalError, ValueError } from '../../core/errors.js'
import { range, sizeOf } from '../../core/shape.js'
import { isOp, type Node, type Primitive, storageOf } from '../../ir/node.js'
import { cast, type Emit } from './emit-scalar.js'
import type { AttributeValue, GraphWriter } from './graph-writer.js'
import { isConstant, type Size } from './symbolic-size.js'

/** Attributes of a node that is known to be of this primitive. */
const at = <P extends Primitive>(op: P, node: Node): Node<P>['attrs'] => {
  if (!isOp(node, op)) throw new InternalError(`Expected ${op}, got ${node.op}.`)
  return node.attrs
}

/** A literal: one that counts elements of dynamic axes is computed. */
const literal: Emit = (w, node) => {
  const size = w.size(node, (n) => (n.attrs as { value: number }).value)
  if (isConstant(size)) return w.scalar(node.dtype, size.offset)
  return w.emit('Reshape', [cast(w, w.sizeVector(size), node.dtype), w.constant('i64', [], [0])])
}

/** 0, 1, … up to a size, as i64. */
const countTo = (w: GraphWriter, size: Size): string =>
  w.emit('Range', [w.scalar('i64', 0), w.emit('Squeeze', [w.sizeVector(size)]), w.scalar('i64', 1)])

/** What is written for one size must not be computed for another. */
function checkFixed(w: GraphWriter, node: Node, axes: readonly number[], what: string): void {
  if (axes.every((axis) => isConstant(w.size(node, (n) => n.shape[axis])))) return
  throw new ValueError(`exportOnnx: ${what} of dynamic size has no ONNX form. Make fewer axes dynamic.`)
}

const iota: Emit = (w, node) => {
  const { axis } = at('iota', node)
  const { shape, dtype } = node
  const size = w.size(node, (n) => n.shape[axis])
  const column = shape.map((_, i) => (i === axis ? -1 : 1))
  let steps: string
  if (isConstant(size)) steps = w.constant(dtype, range(shape[axis]))
  else {
    const counted = countTo(w, size)
    steps = dtype === 'i64' ? counted : cast(w, counted, dtype)
  }
  const row = w.emit('Reshape', [steps, w.constant('i64', column)])
  return w.emit('Expand', [row, w.vector(node, (n) => n.shape)])
}

const buffer: Emit = (w, node) => w.initializer('tensor', node.dtype, node.shape, storageOf(node).array())

/** Zeros (or `value`) between neighbours: each axis as (n, 1), padded to (n, k + 1), joined and cut. */
function interior(w: GraphWriter, x: string, node: Node, value: string): string {
  const source = node.inputs[0]
  const gaps = at('pad', node).interior
  const wide = w.reshape(x, source, (n) => n.shape.flatMap((m) => [m, 1]))
  const rank = source.shape.length
  const pads = [...range(2 * rank).map(() => 0), ...gaps.flatMap((g) => [0, g])]
  const padded = w.emit('Pad', [wide, w.constant('i64', pads), value])
  const joined = w.reshape(padded, source, (n) => n.shape.map((m, i) => m * (1 + gaps[i])))
  const ends = w.vector(source, (n) => n.shape.map((m, i) => Math.max(0, m * (1 + gaps[i]) - gaps[i])))
  return w.emit('Slice', [
    joined,
    w.constant(
      'i64',
      range(rank).map(() => 0),
    ),
    ends,
  ])
}

const pad: Emit = (w, node, [x]) => {
  const { interior: gaps, value } = at('pad', node)
  // Bool has no Pad in ONNX's runtimes.
  const dtype = node.dtype === 'bool' ? 'i32' : node.dtype
  const fill = w.scalar(dtype, value)
  const source = node.dtype === 'bool' ? cast(w, x, 'i32') : x
  const spread = gaps.some((g) => g > 0) ? interior(w, source, node, fill) : source
  const pads = w.vector(node, (n) => [...at('pad', n).low, ...at('pad', n).high])
  const y = w.emit('Pad', [spread, pads, fill])
  return node.dtype === 'bool' ? cast(w, y, 'bool') : y
}

const slice: Emit = (w, node, [x]) => {
  const of = (read: (n: Node) => readonly number[]): string => w.vector(node, read)
  return w.emit('Slice', [
    x,
    of((n) => at('slice', n).starts),
    of((n) => at('slice', n).stops),
    w.constant('i64', range(node.shape.length)),
    of((n) => at('slice', n).steps),
  ])
}

export function flip(w: GraphWriter, x: string, axes: readonly number[]): string {
  const all = (value: number): string =>
    w.constant(
      'i64',
      axes.map(() => value),
    )
  return w.emit('Slice', [x, all(-1), all(-(2 ** 62)), w.constant('i64', axes), all(-1)])
}

const reduction =
  (op: string): Emit =>
  (w, node, [x]) => {
    const { axes } = node.attrs as { axes: readonly number[] }
    if (op === 'ReduceSum' || w.scope.opset >= 18)
      return w.emit(op, [x, w.constant('i64', axes)], { keepdims: 0 })
    return w.emit(op, [x], { axes, keepdims: 0 })
  }

const argument =
  (op: string): Emit =>
  (w, node, [x]) =>
    w.emit(op, [x], { axis: (node.attrs as { axis: number }).axis, keepdims: 0 })

const cumSum: Emit = (w, node, [x]) => {
  const { axis, reverse } = at('cumSum', node)
  return w.emit('CumSum', [x, w.scalar('i64', axis)], { reverse: reverse ? 1 : 0 })
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** MatMul where it is one as it stands, Einsum otherwise. */
const contract: Emit = (w, node, [x, y]) => {
  const { batch, contracting } = at('contract', node)
  const [p, q] = node.inputs
  const [ranks, [cx], [cy]] = [[p.shape.length, q.shape.length], contracting[0], contracting[1]]
  const plain = contracting[0].length === 1 && batch[0].every((a, i) => a === i && batch[1][i] === i)
  const free = (side: 0 | 1): number => ranks[side] - batch[side].length - 1
  if (plain && free(1) === 1 && cx === ranks[0] - 1 && (batch[0].length === 0 || free(0) === 1)) {
    const last = ranks[1] - 1
    const turned =
      cy === last
        ? w.emit('Transpose', [y], {
            perm: range(last + 1)
              .with(last, last - 1)
              .with(last - 1, last),
          })
        : y
    return w.emit('MatMul', [x, turned])
  }
  const labels = [new Array<string>(ranks[0]), new Array<string>(ranks[1])]
  let next = 0
  const join = (xs: readonly number[], ys: readonly number[]): void => {
    xs.forEach((a, i) => {
      labels[0][a] = labels[1][ys[i]] = letters[next++]
    })
  }
  join(batch[0], batch[1])
  const kept = batch[0].map((a) => labels[0][a])
  join(contracting[0], contracting[1])
  for (const side of [0, 1]) {
    for (const a of range(ranks[side])) {
      if (labels[side][a] !== undefined) continue
      labels[side][a] = letters[next++]
      kept.push(labels[side][a])
    }
  }
  return w.emit('Einsum', [x, y], {
    equation: `${labels[0].join('')},${labels[1].join('')}->${kept.join('')}`,
  })
}

const conv: Emit = (w, node, [x, weight]) => {
  const { stride, padding, dilation, inputDilation, groups } = at('conv', node)
  const kernel = node.inputs[1].shape.slice(2)
  const pairs = (list: readonly (readonly number[])[]): number[] => [
    ...list.map((p) => p[0]),
    ...list.map((p) => p[1]),
  ]
  if (inputDilation.every((d) => d === 1)) {
    let [input, pads] = [x, pairs(padding)]
    if (pads.some((n) => n < 0)) {
      const around = [0, 0, ...padding.map((p) => p[0]), 0, 0, ...padding.map((p) => p[1])]
      input = w.emit('Pad', [x, w.constant('i64', around), w.scalar(node.dtype, 0)])
      pads = pads.map(() => 0)
    }
    return w.emit('Conv', [input, weight], {
      kernel_shape: kernel,
      strides: stride,
      dilations: dilation,
      pads,
      group: groups,
    })
  }
  if (stride.some((s) => s !== 1)) {
    throw new ValueError(
      'exportOnnx: a convolution with steps in both its input and its output has no ONNX form.',
    )
  }
  // The transpose of a convolution, whose weights lie mirrored with their channels exchanged.
  const [ga, inner] = node.inputs[1].shape
  const split = w.emit('Reshape', [weight, w.constant('i64', [groups, ga / groups, inner, ...kernel])])
  const swapped = w.emit('Transpose', [split], { perm: [0, 2, 1, ...kernel.map((_, i) => i + 3)] })
  const joined = w.emit('Reshape', [swapped, w.constant('i64', [groups * inner, ga / groups, ...kernel])])
  const reach = kernel.map((k, i) => dilation[i] * (k - 1))
  const cut = padding.map(([low, high], i) => [reach[i] - low, reach[i] - high])
  const y = w.emit(
    'ConvTranspose',
    [
      x,
      flip(
        w,
        joined,
        kernel.map((_, i) => i + 2),
      ),
    ],
    {
      kernel_shape: kernel,
      strides: inputDilation,
      dilations: dilation,
      pads: pairs(cut.map((c) => c.map((n) => Math.max(0, n)))),
      group: groups,
    },
  )
  if (cut.flat().every((n) => n >= 0)) return y
  // What a transposed convolution cannot pad is zeros outside its reach.
  const around = [0, 0, ...cut.map((c) => Math.max(0, -c[0])), 0, 0, ...cut.map((c) => Math.max(0, -c[1]))]
  return w.emit('Pad', [y, w.constant('i64', around), w.scalar(node.dtype, 0)])
}

/** Where window p reads its element k. */
const tap = (p: number, k: number, stride: number, dilation: number): number => p * stride + k * dilation

const window: Emit = (w, node, [x]) => {
  const { size, stride, dilation } = at('window', node)
  const rank = size.length
  const lead = node.inputs[0].shape.length - rank
  let y = x
  range(rank).forEach((i) => {
    const count = w.size(node, (n) => n.shape[lead + i])
    const within = range(size[i]).map((k) => tap(0, k, stride[i], dilation[i]))
    let positions: string
    if (isConstant(count)) {
      const values = range(count.offset).flatMap((p) => within.map((at_) => p * stride[i] + at_))
      positions = w.constant('i64', values, [count.offset, size[i]])
    } else {
      const counted = countTo(w, count)
      const first = w.emit('Mul', [counted, w.scalar('i64', stride[i])])
      const column = w.emit('Reshape', [first, w.constant('i64', [-1, 1])])
      positions = w.emit('Add', [column, w.constant('i64', within)])
    }
    // Axes before this one have become two each.
    y = w.emit('Gather', [y, positions], { axis: lead + 2 * i })
  })
  if (rank === 1) return y
  const perm = [
    ...range(lead),
    ...range(rank).map((i) => lead + 2 * i),
    ...range(rank).map((i) => lead + 2 * i + 1),
  ]
  return w.emit('Transpose', [y], { perm })
}

/** The adjoint of `window`: products with the matrices of zeros and ones that say which window holds what. */
const fold: Emit = (w, node, [x]) => {
  const { size, stride, dilation, spatial } = at('fold', node)
  const rank = size.length
  const lead = node.shape.length - rank
  const labels = [...letters.slice(0, node.inputs[0].shape.length)]
  const windows = node.inputs[0].shape.slice(lead, lead + rank)
  for (const n of [node, node.inputs[0]]) {
    checkFixed(
      w,
      n,
      range(rank).map((i) => lead + i),
      'a sum of windows',
    )
  }
  const matrices = range(rank).map((i) => {
    const values = range(windows[i]).flatMap((p) =>
      range(size[i]).flatMap((k) =>
        range(spatial[i]).map((s) => (tap(p, k, stride[i], dilation[i]) === s ? 1 : 0)),
      ),
    )
    return w.constant(node.dtype, values, [windows[i], size[i], spatial[i]])
  })
  let [y, current] = [x, labels]
  range(rank).forEach((i) => {
    const [p, k] = [labels[lead + i], labels[lead + rank + i]]
    const s = letters[labels.length + i]
    const after = current.filter((l) => l !== k).map((l) => (l === p ? s : l))
    y = w.emit('Einsum', [y, matrices[i]], {
      equation: `${current.join('')},${p}${k}${s}->${after.join('')}`,
    })
    current = after
  })
  return y
}

/** MaxPool over (1, everything before, …). Only its values: positions are counted differently there. */
const windowReduce: Emit = (w, node, [x]) => {
  const { size, stride, dilation, padding, kind } = at('windowReduce', node)
  const source = node.inputs[0]
  const rank = size.length
  const shaped = source.shape.length === rank + 2
  const spatial = (n: Node): readonly number[] => n.shape.slice(n.shape.length - rank)
  const lead = (n: Node): number => sizeOf(n.shape.slice(0, n.shape.length - rank))
  let y = shaped ? x : w.reshape(x, source, (n) => [1, lead(n), ...spatial(n)])
  if (!isFloat(source.dtype)) y = cast(w, y, 'f32')
  if (kind === 'min') y = w.emit('Neg', [y])
  const attributes: Record<string, AttributeValue> = {
    kernel_shape: size,
    strides: stride,
    dilations: dilation,
    pads: [...padding.map((p) => p[0]), ...padding.map((p) => p[1])],
  }
  y = w.emit('MaxPool', [y], attributes)
  if (kind === 'min') y = w.emit('Neg', [y])
  if (!isFloat(source.dtype)) y = cast(w, y, source.dtype)
  return [shaped ? y : w.reshape(y, node, (n) => n.avals[0].shape), '']
}

const reductions = { set: 'none', add: 'add', mul: 'mul', max: 'max', min: 'min' } as const

const scatter: Emit = (w, node, inputs) => {
  const { axis, mode } = at('scatter', node)
  return w.emit('ScatterElements', inputs, { axis, reduction: reductions[mode] })
}

/** 0-d starts as one int64 vector. */
const starts = (w: GraphWriter, names: readonly string[]): string => {
  const vectors = names.map((name) => cast(w, w.emit('Reshape', [name, w.constant('i64', [1])]), 'i64'))
  return vectors.length === 1 ? vectors[0] : w.emit('Concat', vectors, { axis: 0 })
}

const dynamicSlice: Emit = (w, node, [x, ...at_]) => {
  const from = starts(w, at_)
  const to = w.emit('Add', [from, w.vector(node, (n) => at('dynamicSlice', n).sizes)])
  return w.emit('Slice', [x, from, to, w.constant('i64', range(node.shape.length))])
}

const dynamicUpdate: Emit = (w, node, [x, update, ...at_]) => {
  if (node.shape.length === 0) return update
  const { shape } = node.inputs[1]
  checkFixed(w, node.inputs[1], range(shape.length), 'an update')
  const grid: number[] = []
  const total = sizeOf(shape)
  for (let i = 0; i < total; i++) {
    let rest = i
    const place = new Array<number>(shape.length)
    for (let a = shape.length - 1; a >= 0; a--) {
      place[a] = rest % shape[a]
      rest = Math.floor(rest / shape[a])
    }
    grid.push(...place)
  }
  const indices = w.emit('Add', [w.constant('i64', grid, [...shape, shape.length]), starts(w, at_)])
  return w.emit('ScatterND', [x, indices, update])
}

/** TopK of all elements keeps the order of equals; what is sorted along follows by position. */
const sort: Emit = (w, node, inputs) => {
  const { axis, descending } = at('sort', node)
  const [values, indices] = [w.name('sorted'), w.name('order')]
  const count = w.vector(node.inputs[0], (n) => [n.shape[axis]])
  w.emitAll('TopK', [inputs[0], count], { axis, largest: descending ? 1 : 0 }, [values, indices])
  return [values, ...inputs.slice(1).map((x) => w.emit('GatherElements', [x, indices], { axis }))]
}

const concat: Emit = (w, node, inputs) => w.emit('Concat', inputs, { axis: at('concat', node).axis })

export const tensorEmitters = {
  const: literal,
  scalar: literal,
  buffer,
  iota,
  reshape: (w, node, [x]) => w.reshape(x, node, (n) => n.shape),
  permute: (w, node, [x]) => w.emit('Transpose', [x], { perm: at('permute', node).axes }),
  expand: (w, node, [x]) => w.emit('Expand', [x, w.vector(node, (n) => n.shape)]),
  pad,
  slice,
  flip: (w, node, [x]) => flip(w, x, at('flip', node).axes),
  concat,
  reduceSum: reduction('ReduceSum'),
  reduceProd: reduction('ReduceProd'),
  reduceMax: reduction('ReduceMax'),
  reduceMin: reduction('ReduceMin'),
  argMax: argument('ArgMax'),
  argMin: argument('ArgMin'),
  cumSum,
  contract,
  conv,
  window,
  fold,
  windowReduce,
  gather: (w, node, inputs) => w.emit('GatherElements', inputs, { axis: at('gather', node).axis }),
  scatter,
  dynamicSlice,
  dynamicUpdate,
  sort,
  barrier: (_w, _node, inputs) => inputs,
} satisfies Record<string, Emit>
