/**
 * A convolution over a dilated input (the data gradient of a strided one) as several convolutions over the input
 * itself: inserted zeros are never multiplied.
 *
 * With D the input dilation, output p = D·q + r meets an element of the input only at taps k ≡ low - r (mod D). So each
 * phase r is a convolution with every D-th tap, and the phases are interleaved.
 */

import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node, type PadPair } from '../ir/node.js'

/** What one phase takes of one axis. */
interface Phase {
  /** Taps first, first + D, …; none where `count` is 0. */
  readonly first: number
  readonly count: number
  readonly padding: PadPair
}

const modulo = (a: number, n: number): number => ((a % n) + n) % n

function phaseOf(r: number, d: number, taps: number, size: number, low: number, length: number): Phase {
  const first = modulo(low - r, d)
  const count = first < taps ? Math.ceil((taps - first) / d) : 0
  const start = (r + first - low) / d // the input element that output q = 0 meets with the first tap
  return { first, count, padding: [-start, start + length + count - 1 - size] }
}

export function convPhases(node: Node): Node | null {
  if (!isOp(node, 'conv')) return null
  const { stride, padding, dilation, inputDilation, groups } = node.attrs
  if (inputDilation.every((d) => d === 1) || stride.some((s) => s !== 1) || dilation.some((d) => d !== 1))
    return null
  const [x, w] = node.inputs
  const rank = inputDilation.length
  const spatial = range(rank)
  const out = node.shape.slice(2)
  const lengths = spatial.map((a) => Math.ceil(out[a] / inputDilation[a])) // of the longest phase
  const lead = node.shape.slice(0, 2)

  const phases: Node[] = []
  for (let i = 0; i < sizeOf(inputDilation); i++) {
    let rest = i
    const r = spatial.map(() => 0)
    for (let a = rank - 1; a >= 0; a--) {
      r[a] = rest % inputDilation[a]
      rest = Math.floor(rest / inputDilation[a])
    }
    const parts = spatial.map((a) =>
      phaseOf(r[a], inputDilation[a], w.shape[a + 2], x.shape[a + 2], padding[a][0], lengths[a]),
    )
    if (parts.some((p) => p.count === 0)) {
      phases.push(b.full([...lead, ...lengths], 0, node.dtype))
      continue
    }
    const taps = b.slice(w, [0, 0, ...parts.map((p) => p.first)], [...w.shape], [1, 1, ...inputDilation])
    const ones = spatial.map(() => 1)
    phases.push(
      b.conv(x, taps, {
        stride: ones,
        padding: parts.map((p) => p.padding),
        dilation: ones,
        inputDilation: ones,
        groups,
      }),
    )
  }
  // (phases…, N, O, q…) → (N, O, q₁, r₁, q₂, r₂, …) → (N, O, p…), and what the longest phases have too much is cut.
  const stacked = b.reshape(
    b.concat(
      phases.map((p) => b.reshape(p, [1, ...p.shape])),
      0,
    ),
    [...inputDilation, ...lead, ...lengths],
  )
  const order = [rank, rank + 1, ...spatial.flatMap((a) => [rank + 2 + a, a])]
  const whole = b.reshape(b.permute(stacked, order), [
    ...lead,
    ...lengths.map((n, a) => n * inputDilation[a]),
  ])
  return b.slice(
    whole,
    whole.shape.map(() => 0),
    [...node.shape],
  )
}
