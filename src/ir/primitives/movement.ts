/** Movement: the same elements in another arrangement. None of these computes anything. */
import { DTypeError, ShapeError } from '../../core/errors.js'
import { checkShape, formatShape, range, sizeOf } from '../../core/shape.js'
import type { Aval } from '../node.js'
import type { PrimitiveTable } from '../rule.js'

const sameRank = (op: string, x: Aval, list: readonly unknown[]): void => {
  if (list.length !== x.shape.length) {
    throw new ShapeError(
      `${op}: expected ${x.shape.length} entries for shape ${formatShape(x.shape)}, got ${list.length}.`,
    )
  }
}

/** Length of an axis after padding: interior elements stand between neighbours, negative padding crops. */
export const paddedSize = (n: number, low: number, high: number, interior: number): number =>
  low + high + n + Math.max(0, n - 1) * interior

export const movement: Pick<
  PrimitiveTable,
  'reshape' | 'permute' | 'expand' | 'pad' | 'slice' | 'flip' | 'concat'
> = {
  reshape: {
    infer: ([x], { shape }) => {
      checkShape(shape, 'reshape')
      if (sizeOf(shape) !== sizeOf(x.shape)) {
        throw new ShapeError(
          `reshape: shape ${formatShape(x.shape)} has ${sizeOf(x.shape)} elements, ${formatShape(shape)} would need ${sizeOf(shape)}.`,
        )
      }
      return { shape, dtype: x.dtype }
    },
    vjp: (b, { inputs: [x], g }) => [b.reshape(g, x.shape)],
    jvp: (b, { node, tangents: [t] }) => [b.reshape(t!, node.attrs.shape)],
    batch: (b, { node, inputs: [x], size }) => [b.reshape(x, [size, ...node.attrs.shape])],
  },
  permute: {
    infer: ([x], { axes }) => {
      sameRank('permute', x, axes)
      if (!range(axes.length).every((a) => axes.includes(a))) {
        throw new ShapeError(
          `permute: expected each of the axes 0 to ${axes.length - 1} once, got ${formatShape(axes)}.`,
        )
      }
      return { shape: axes.map((a) => x.shape[a]), dtype: x.dtype }
    },
    vjp: (b, { node, g }) => [b.permute(g, b.inverse(node.attrs.axes))],
    jvp: (b, { node, tangents: [t] }) => [b.permute(t!, node.attrs.axes)],
    batch: (b, { node, inputs: [x] }) => [b.permute(x, [0, ...node.attrs.axes.map((a) => a + 1)])],
  },
  expand: {
    infer: ([x], { shape }) => {
      checkShape(shape, 'expand')
      sameRank('expand', x, shape)
      x.shape.forEach((n, i) => {
        if (n !== shape[i] && n !== 1) {
          throw new ShapeError(
            `expand: cannot stretch ${formatShape(x.shape)} to ${formatShape(shape)}: axis ${i} has size ${n}, only size 1 stretches.`,
          )
        }
      })
      return { shape, dtype: x.dtype }
    },
    vjp: (b, { inputs: [x], g }) => {
      const axes = range(g.shape.length).filter((i) => x.shape[i] !== g.shape[i])
      return [b.reshape(b.reduceSum(g, axes), x.shape)]
    },
    jvp: (b, { node, tangents: [t] }) => [b.expand(t!, node.attrs.shape)],
    batch: (b, { node, inputs: [x], size }) => [b.expand(x, [size, ...node.attrs.shape])],
  },
  pad: {
    infer: ([x], { low, high, interior }) => {
      for (const list of [low, high, interior]) sameRank('pad', x, list)
      const shape = x.shape.map((n, i) => paddedSize(n, low[i], high[i], interior[i]))
      checkShape(shape, 'pad')
      if (interior.some((n) => n < 0))
        throw new ShapeError(`pad: expected interior ≥ 0, got ${formatShape(interior)}.`)
      return { shape, dtype: x.dtype }
    },
    // The adjoint keeps what lay on original elements: crop the borders, then step over the interior.
    vjp: (b, { node, inputs: [x], g }) => {
      const { low, high, interior } = node.attrs
      const cropped = b.pad(
        g,
        low.map((n) => -n),
        high.map((n) => -n),
        low.map(() => 0),
        0,
      )
      return [
        b.slice(
          cropped,
          low.map(() => 0),
          x.shape.map((n, i) => (n === 0 ? 0 : (n - 1) * (interior[i] + 1) + 1)),
          interior.map((n) => n + 1),
        ),
      ]
    },
    jvp: (b, { node, tangents: [t] }) => {
      const { low, high, interior } = node.attrs
      return [b.pad(t!, low, high, interior, 0)]
    },
    batch: (b, { node, inputs: [x] }) => {
      const { low, high, interior, value } = node.attrs
      return [b.pad(x, [0, ...low], [0, ...high], [0, ...interior], value)]
    },
  },
  slice: {
    infer: ([x], { starts, stops, steps }) => {
      for (const list of [starts, stops, steps]) sameRank('slice', x, list)
      const shape = x.shape.map((n, i) => {
        const [start, stop, step] = [starts[i], stops[i], steps[i]]
        if (start < 0 || stop > n || start > stop || !(step >= 1)) {
          throw new ShapeError(
            `slice: expected 0 ≤ start ≤ stop ≤ ${n} and step ≥ 1 on axis ${i} of ${formatShape(x.shape)}, got ${start}:${stop}:${step}.`,
          )
        }
        return Math.ceil((stop - start) / step)
      })
      return { shape, dtype: x.dtype }
    },
    vjp: (b, { node, inputs: [x], g }) => {
      const { starts, steps } = node.attrs
      const interior = steps.map((s) => s - 1)
      const high = x.shape.map((n, i) => n - starts[i] - paddedSize(g.shape[i], 0, 0, interior[i]))
      return [b.pad(g, starts, high, interior, 0)]
    },
    jvp: (b, { node, tangents: [t] }) => [b.slice(t!, node.attrs.starts, node.attrs.stops, node.attrs.steps)],
    batch: (b, { node, inputs: [x], size }) => {
      const { starts, stops, steps } = node.attrs
      return [b.slice(x, [0, ...starts], [size, ...stops], [1, ...steps])]
    },
  },
  flip: {
    infer: ([x], { axes }) => {
      if (axes.some((a, i) => !(a >= 0 && a < x.shape.length) || axes.indexOf(a) !== i)) {
        throw new ShapeError(
          `flip: expected distinct axes from 0 to ${x.shape.length - 1} of ${formatShape(x.shape)}, got ${formatShape(axes)}.`,
        )
      }
      return x
    },
    vjp: (b, { node, g }) => [b.flip(g, node.attrs.axes)],
    jvp: (b, { node, tangents: [t] }) => [b.flip(t!, node.attrs.axes)],
    batch: (b, { node, inputs: [x] }) => [
      b.flip(
        x,
        node.attrs.axes.map((a) => a + 1),
      ),
    ],
  },
  concat: {
    infer: (inputs, { axis }) => {
      const [first] = inputs
      if (first === undefined) throw new ShapeError('concat: expected at least one tensor, got none.')
      if (!(axis >= 0 && axis < first.shape.length)) {
        throw new ShapeError(
          `concat: expected an axis from 0 to ${first.shape.length - 1} of ${formatShape(first.shape)}, got ${axis}.`,
        )
      }
      let total = 0
      for (const x of inputs) {
        if (x.dtype !== first.dtype)
          throw new DTypeError(`concat: expected equal dtypes, got ${first.dtype} and ${x.dtype}.`)
        if (
          x.shape.length !== first.shape.length ||
          x.shape.some((n, i) => i !== axis && n !== first.shape[i])
        ) {
          throw new ShapeError(
            `concat: shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} differ outside axis ${axis}.`,
          )
        }
        total += x.shape[axis]
      }
      return { shape: first.shape.map((n, i) => (i === axis ? total : n)), dtype: first.dtype }
    },
    vjp: (b, { node, inputs, g, needs }) => {
      let start = 0
      return inputs.map((x, i) => {
        const from = start
        start += x.shape[node.attrs.axis]
        return needs[i] ? b.sliceAxis(g, node.attrs.axis, from, start) : null
      })
    },
    jvp: (b, { node, inputs, tangents }) => [
      b.concat(
        inputs.map((x, i) => tangents[i] ?? b.literal(x, 0)),
        node.attrs.axis,
      ),
    ],
    batch: (b, { node, inputs, batched, size }) => [
      b.concat(
        inputs.map((x, i) => (batched[i] ? x : b.expandBatch(x, size))),
        node.attrs.axis + 1,
      ),
    ],
  },
}
