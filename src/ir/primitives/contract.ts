/** `contract` (the general matrix product) and `conv`. Their gradients are contractions and convolutions again. */
import { isFloat } from '../../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../../core/errors.js'
import { formatShape, otherAxes, range } from '../../core/shape.js'
import type { Attributes, Aval, Node } from '../node.js'
import type { Builder, PrimitiveTable } from '../rule.js'

/** Sizes of the convolution's output axes. */
export function convOutputSize(
  n: number,
  k: number,
  stride: number,
  [low, high]: readonly [number, number],
  dilation: number,
  inputDilation: number,
): number {
  const dilated = n === 0 ? 0 : (n - 1) * inputDilation + 1
  return Math.floor((dilated + low + high - dilation * (k - 1) - 1) / stride) + 1
}

function inferConv([x, w]: readonly Aval[], attrs: Attributes['conv']): Aval {
  const { stride, padding, dilation, inputDilation, groups } = attrs
  const rank = x.shape.length - 2
  if (rank < 0 || w.shape.length !== x.shape.length) {
    throw new ShapeError(
      `conv: expected input (N, C, …) and weight (O, C/groups, …) of equal rank ≥ 2, got ${formatShape(x.shape)} and ${formatShape(w.shape)}.`,
    )
  }
  if (x.dtype !== w.dtype || !isFloat(x.dtype)) {
    throw new DTypeError(`conv: expected two float tensors of one dtype, got ${x.dtype} and ${w.dtype}.`)
  }
  for (const [name, list] of Object.entries({ stride, padding, dilation, inputDilation })) {
    if (list.length !== rank) {
      throw new ShapeError(
        `conv: expected ${rank} entries of ${name} for input ${formatShape(x.shape)}, got ${list.length}.`,
      )
    }
  }
  const positive = [...stride, ...dilation, ...inputDilation, groups]
  if (!positive.every((m) => Number.isInteger(m) && m >= 1)) {
    throw new ValueError(
      `conv: expected positive integers, got stride ${formatShape(stride)}, dilation ${formatShape(dilation)}, input dilation ${formatShape(inputDilation)}, groups ${groups}.`,
    )
  }
  const [n, c, ...spatial] = x.shape
  const [o, cg, ...kernel] = w.shape
  if (c !== cg * groups || o % groups !== 0) {
    throw new ShapeError(
      `conv: input ${formatShape(x.shape)} has ${c} channels, but weight ${formatShape(w.shape)} with groups ${groups} takes ${cg * groups}` +
        `${o % groups === 0 ? '' : ` and its ${o} output channels do not divide by groups`}.`,
    )
  }
  const out = spatial.map((m, i) => {
    const p = convOutputSize(m, kernel[i], stride[i], padding[i], dilation[i], inputDilation[i])
    if (p < 0 || (p === 0 && m > 0 && n > 0)) {
      throw new ShapeError(
        `conv: kernel of size ${kernel[i]} (dilation ${dilation[i]}) does not fit the input ${formatShape(x.shape)} with padding ${padding[i][0]}+${padding[i][1]} on spatial axis ${i}.`,
      )
    }
    return Math.max(0, p)
  })
  return { shape: [n, o, ...out], dtype: x.dtype }
}

/** (G·A, B, …) → (G·B, A, …): swaps the roles of two channel axes within each group. */
function swapWithinGroups(b: Builder, w: Node, groups: number): Node {
  const [ga, inner, ...rest] = w.shape
  const a = ga / groups
  const split = b.reshape(w, [groups, a, inner, ...rest])
  const swapped = b.permute(split, [0, 2, 1, ...range(rest.length).map((i) => i + 3)])
  return b.reshape(swapped, [groups * inner, a, ...rest])
}

/** Gradient with respect to the input: a convolution of g with the flipped, transposed kernel. */
function convInputGradient(b: Builder, x: Node, w: Node, g: Node, attrs: Attributes['conv']): Node {
  const { stride, padding, dilation, inputDilation, groups } = attrs
  const spatial = range(x.shape.length - 2)
  const flipped = b.flip(
    swapWithinGroups(b, w, groups),
    spatial.map((i) => i + 2),
  )
  const pads = spatial.map((i) => {
    const reach = dilation[i] * (w.shape[i + 2] - 1) // kernel extent - 1
    const dilatedG = (g.shape[i + 2] - 1) * stride[i] + 1
    const dilatedX = (x.shape[i + 2] - 1) * inputDilation[i] + 1
    const low = reach - padding[i][0]
    // The result must have exactly the input's size.
    const high = dilatedX + reach - dilatedG - low
    return [low, high] as const
  })
  return b.conv(g, flipped, { stride: inputDilation, padding: pads, dilation, inputDilation: stride, groups })
}

/** Gradient with respect to the weight: x and g exchange batch and channel axes; stride and dilation exchange roles. */
function convWeightGradient(b: Builder, x: Node, w: Node, g: Node, attrs: Attributes['conv']): Node {
  const { stride, padding, dilation, inputDilation, groups } = attrs
  const spatial = range(x.shape.length - 2)
  const rest = spatial.map((i) => i + 3)
  const [n, c] = x.shape
  // (N, G, C/G, S) → (C/G, G·N, S)
  const xs =
    groups === 1
      ? b.permute(x, [1, 0, ...spatial.map((i) => i + 2)])
      : b.reshape(b.permute(b.reshape(x, [n, groups, c / groups, ...x.shape.slice(2)]), [2, 1, 0, ...rest]), [
          c / groups,
          groups * n,
          ...x.shape.slice(2),
        ])
  const gs = b.permute(g, [1, 0, ...spatial.map((i) => i + 2)]) // (O, N, P)
  const pads = spatial.map((i) => {
    const reachG = stride[i] * (g.shape[i + 2] - 1)
    const dilatedX = (x.shape[i + 2] - 1) * inputDilation[i] + 1
    const reach = dilation[i] * (w.shape[i + 2] - 1)
    const low = padding[i][0]
    return [low, reach + reachG + 1 - dilatedX - low] as const
  })
  const dw = b.conv(xs, gs, { stride: dilation, padding: pads, dilation: stride, inputDilation, groups })
  return b.permute(dw, [1, 0, ...spatial.map((i) => i + 2)]) // (C/G, O, K) → (O, C/G, K)
}

type AxisPairs = readonly [readonly number[], readonly number[]]

/** Each axis of each side is named at most once, and axes come in pairs. */
function checkPairing(x: Aval, y: Aval, batch: AxisPairs, contracting: AxisPairs): void {
  for (const side of [0, 1] as const) {
    const shape = (side === 0 ? x : y).shape
    const axes = [...batch[side], ...contracting[side]]
    if (axes.some((a, i) => !(a >= 0 && a < shape.length) || axes.indexOf(a) !== i)) {
      throw new ShapeError(
        `contract: expected distinct axes from 0 to ${shape.length - 1} of ${formatShape(shape)}, got batch ${formatShape(batch[side])} and contracting ${formatShape(contracting[side])}.`,
      )
    }
  }
  if (batch[0].length !== batch[1].length || contracting[0].length !== contracting[1].length) {
    throw new ShapeError(
      `contract: expected as many axes on the left as on the right, got batch ${formatShape(batch[0])} with ${formatShape(batch[1])} and contracting ${formatShape(contracting[0])} with ${formatShape(contracting[1])}.`,
    )
  }
}

export const contract: Pick<PrimitiveTable, 'contract' | 'conv'> = {
  contract: {
    infer: ([x, y], { batch, contracting }) => {
      if (x.dtype !== y.dtype || x.dtype === 'bool') {
        throw new DTypeError(
          `contract: expected two numeric tensors of one dtype, got ${x.dtype} and ${y.dtype}.`,
        )
      }
      checkPairing(x, y, batch, contracting)
      for (const [axesX, axesY] of [batch, contracting]) {
        axesX.forEach((a, i) => {
          if (x.shape[a] !== y.shape[axesY[i]]) {
            throw new ShapeError(
              `contract: paired axes differ in size: axis ${a} of ${formatShape(x.shape)} and axis ${axesY[i]} of ${formatShape(y.shape)}.`,
            )
          }
        })
      }
      const free = (s: Aval, side: 0 | 1) =>
        otherAxes([...batch[side], ...contracting[side]], s.shape.length).map((a) => s.shape[a])
      return { shape: [...batch[0].map((a) => x.shape[a]), ...free(x, 0), ...free(y, 1)], dtype: x.dtype }
    },
    vjp: (b, { node, inputs: [x, y], g, needs }) => {
      const { batch, contracting, ...rest } = node.attrs
      const nb = batch[0].length
      const freeX = otherAxes([...batch[0], ...contracting[0]], x.shape.length)
      const freeY = otherAxes([...batch[1], ...contracting[1]], y.shape.length)
      const gBatch = range(nb)
      const gX = range(freeX.length).map((i) => nb + i)
      const gY = range(freeY.length).map((i) => nb + freeX.length + i)
      /** Cotangent of one side: g with the other side over its free axes, then its axes in their own order. */
      const side = (
        other: Node,
        gFree: number[],
        otherFree: number[],
        otherBatch: readonly number[],
        [own, others]: readonly [readonly number[], readonly number[]],
        ownBatch: readonly number[],
        ownFree: number[],
      ): Node => {
        const r = b.contract(g, other, {
          batch: [gBatch, otherBatch],
          contracting: [gFree, otherFree],
          ...rest,
        })
        // r's axes: batch, own free, then the other side's contracting axes in ascending order
        const ascending = others.map((_, i) => i).sort((i, j) => others[i] - others[j])
        const layout = [...ownBatch, ...ownFree, ...ascending.map((i) => own[i])]
        return b.permute(r, b.inverse(layout))
      }
      return [
        needs[0] ? side(y, gY, freeY, batch[1], contracting, batch[0], freeX) : null,
        needs[1] ? side(x, gX, freeX, batch[0], [contracting[1], contracting[0]], batch[1], freeY) : null,
      ]
    },
    jvp: (b, { node, inputs: [x, y], tangents: [tx, ty] }) => [
      b.addMaybe(tx && b.contract(tx, y, node.attrs), ty && b.contract(x, ty, node.attrs)),
    ],
    batch: (b, { node, inputs: [x, y], batched: [bx, by] }) => {
      const { batch, contracting, ...rest } = node.attrs
      const shift = (list: readonly number[], yes: boolean) => (yes ? list.map((a) => a + 1) : list)
      const attrs = {
        batch: [shift(batch[0], bx), shift(batch[1], by)] as [readonly number[], readonly number[]],
        contracting: [shift(contracting[0], bx), shift(contracting[1], by)] as const,
        ...rest,
      }
      if (bx && by) {
        attrs.batch = [
          [0, ...attrs.batch[0]],
          [0, ...attrs.batch[1]],
        ]
        return [b.contract(x, y, attrs)]
      }
      // One side alone: its new axis is a free axis; bring it to the front of the result.
      const r = b.contract(x, y, attrs)
      const nb = batch[0].length
      const freeX = x.shape.length - attrs.batch[0].length - contracting[0].length
      const at = bx ? nb : nb + freeX
      return [b.permute(r, [at, ...range(r.shape.length).filter((i) => i !== at)])]
    },
  },

  conv: {
    infer: inferConv,
    vjp: (b, { node, inputs: [x, w], g, needs }) => [
      needs[0] ? convInputGradient(b, x, w, g, node.attrs) : null,
      needs[1] ? convWeightGradient(b, x, w, g, node.attrs) : null,
    ],
    jvp: (b, { node, inputs: [x, w], tangents: [tx, tw] }) => [
      b.addMaybe(tx && b.conv(tx, w, node.attrs), tw && b.conv(x, tw, node.attrs)),
    ],
    batch: (b, { node, inputs: [x, w], batched: [bx, bw], size }) => {
      const { groups } = node.attrs
      if (bx && !bw) {
        // The batch joins N.
        const [, n, c, ...s] = x.shape
        const y = b.conv(b.reshape(x, [size * n, c, ...s]), w, node.attrs)
        return [b.reshape(y, [size, n, ...y.shape.slice(1)])]
      }
      // Batched weights: the batch joins the groups.
      const xb = bx ? x : b.expandBatch(x, size)
      const [, n, c, ...s] = xb.shape
      const [, o, cg, ...k] = w.shape
      const wide = b.reshape(b.permute(xb, [1, 0, ...range(s.length + 1).map((i) => i + 2)]), [
        n,
        size * c,
        ...s,
      ])
      const y = b.conv(wide, b.reshape(w, [size * o, cg, ...k]), { ...node.attrs, groups: size * groups })
      const p = y.shape.slice(2)
      const split = b.reshape(y, [n, size, o, ...p])
      return [b.permute(split, [1, 0, ...range(p.length + 1).map((i) => i + 2)])]
    },
  },
}
