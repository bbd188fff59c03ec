/** Overlapping windows: the view, its adjoint, and the window maximum that remembers where it was. */
import { ShapeError } from '../../core/errors.js'
import { formatShape, range } from '../../core/shape.js'
import type { Attributes, Aval, Node, WindowAttributes } from '../node.js'
import type { Builder, PrimitiveTable } from '../rule.js'

const windowCount = (n: number, k: number, stride: number, dilation: number): number =>
  Math.floor((n - dilation * (k - 1) - 1) / stride) + 1

function windowShapes(
  op: string,
  shape: readonly number[],
  { size, stride, dilation }: WindowAttributes,
): [number[], number[]] {
  const lead = shape.length - size.length
  const counts = size.map((k, i) => {
    const count = windowCount(shape[lead + i], k, stride[i], dilation[i])
    if (lead < 0 || !(count >= 1)) {
      throw new ShapeError(
        `${op}: windows of ${formatShape(size)} (dilation ${formatShape(dilation)}) do not fit the trailing axes of ${formatShape(shape)}.`,
      )
    }
    return count
  })
  return [shape.slice(0, lead), counts]
}

const cropOrPad = (b: Builder, x: Node, attrs: Attributes['windowReduce'], value: number): Node => {
  const lead = x.shape.length - attrs.size.length
  const zeros = new Array<number>(lead).fill(0)
  return b.pad(
    x,
    [...zeros, ...attrs.padding.map((p) => p[0])],
    [...zeros, ...attrs.padding.map((p) => p[1])],
    x.shape.map(() => 0),
    value,
  )
}

/** One-hot over the window axes at the kept index: (…, P) → bool (…, P, K). */
function chosen(b: Builder, index: Node, size: readonly number[]): Node {
  const total = size.reduce((a, k) => a * k, 1)
  const wide = [...index.shape, total]
  const position = b.iota(wide, index.shape.length, 'i32')
  const at = b.expand(b.reshape(index, [...index.shape, 1]), wide)
  return b.reshape(b.eq(position, at), [...index.shape, ...size])
}

const spreadOver = (b: Builder, g: Node, size: readonly number[]): Node =>
  b.expand(b.reshape(g, [...g.shape, ...size.map(() => 1)]), [...g.shape, ...size])

export const window: Pick<PrimitiveTable, 'window' | 'fold' | 'windowReduce'> = {
  window: {
    infer: ([x], attrs) => {
      const [lead, counts] = windowShapes('window', x.shape, attrs)
      return { shape: [...lead, ...counts, ...attrs.size], dtype: x.dtype }
    },
    vjp: (b, { node, inputs: [x], g }) => [
      b.fold(g, { ...node.attrs, spatial: x.shape.slice(x.shape.length - node.attrs.size.length) }),
    ],
    jvp: (b, { node, tangents: [t] }) => [b.window(t!, node.attrs)],
    batch: (b, { node, inputs: [x] }) => [b.window(x, node.attrs)],
  },
  fold: {
    infer: ([x]: readonly Aval[], attrs) => {
      const k = attrs.size.length
      const lead = x.shape.slice(0, x.shape.length - 2 * k)
      const [, counts] = windowShapes('fold', [...lead, ...attrs.spatial], attrs)
      const expected = [...lead, ...counts, ...attrs.size]
      if (formatShape(expected) !== formatShape(x.shape)) {
        throw new ShapeError(
          `fold: expected windows of shape ${formatShape(expected)}, got ${formatShape(x.shape)}.`,
        )
      }
      return { shape: [...lead, ...attrs.spatial], dtype: x.dtype }
    },
    vjp: (b, { node, g }) => [b.window(g, node.attrs)],
    jvp: (b, { node, tangents: [t] }) => [b.fold(t!, node.attrs)],
    batch: (b, { node, inputs: [x] }) => [b.fold(x, node.attrs)],
  },
  windowReduce: {
    infer: ([x], attrs) => {
      const lead = x.shape.length - attrs.size.length
      const padded = x.shape.map((n, i) =>
        i < lead ? n : n + attrs.padding[i - lead][0] + attrs.padding[i - lead][1],
      )
      const [front, counts] = windowShapes('windowReduce', padded, attrs)
      const shape = [...front, ...counts]
      return [
        { shape, dtype: x.dtype },
        { shape, dtype: 'i32' },
      ]
    },
    // The whole cotangent of a window goes to the element it chose.
    vjp: (b, { node, inputs: [x], outputs: [, index], cotangents: [g] }) => {
      if (g === null) return [null]
      const { size, padding } = node.attrs
      const masked = b.where(
        chosen(b, index, size),
        spreadOver(b, g, size),
        b.full([...g.shape, ...size], 0, g.dtype),
      )
      const lead = x.shape.length - size.length
      const spatial = size.map((_, i) => x.shape[lead + i] + padding[i][0] + padding[i][1])
      const folded = b.fold(masked, { ...node.attrs, spatial })
      return [
        cropOrPad(
          b,
          folded,
          { ...node.attrs, padding: padding.map(([low, high]) => [-low, -high] as const) },
          0,
        ),
      ]
    },
    jvp: (b, { node, outputs: [value, index], tangents: [t] }) => {
      const { size } = node.attrs
      const windows = b.window(cropOrPad(b, t!, node.attrs, 0), node.attrs)
      const picked = b.where(chosen(b, index, size), windows, b.literal(windows, 0))
      return [
        b.reduceSum(
          picked,
          range(size.length).map((i) => value.shape.length + i),
        ),
        null,
      ]
    },
    batch: (b, { node, inputs: [x] }) => b.outputs(b.make('windowReduce', [x], node.attrs)),
  },
}
