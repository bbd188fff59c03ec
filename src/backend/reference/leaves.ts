/** Leaves of the graph on the reference backend: constants, counters and random bits. */
import { InternalError } from '../../core/errors.js'
import { allocate, type Evaluators, forEachIndex, read, write } from './value.js'

const rotations = [13, 15, 26, 6, 17, 29, 16, 24]

/** First word of Threefry-2x32 with 20 rounds (Salmon et al., 2011). */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number): number {
  const keys = [k0 | 0, k1 | 0, (k0 ^ k1 ^ 0x1bd11bda) | 0]
  let x0 = (c0 + keys[0]) | 0
  let x1 = (c1 + keys[1]) | 0
  for (let round = 0; round < 20; round++) {
    const by = rotations[round % 8]
    x0 = (x0 + x1) | 0
    x1 = ((x1 << by) | (x1 >>> (32 - by))) ^ x0
    if (round % 4 === 3) {
      const block = (round + 1) / 4
      x0 = (x0 + keys[block % 3]) | 0
      x1 = (x1 + keys[(block + 1) % 3] + block) | 0
    }
  }
  return x0
}

const given = (op: string, id: number) =>
  new InternalError(
    `reference: node ${id} (${op}) has no value; expected it among the graph's inputs or a body's parameters.`,
  )

export const leaves: Evaluators<'const' | 'scalar' | 'buffer' | 'placeholder' | 'iota' | 'randomBits'> = {
  const: ({ node }) => {
    const out = allocate(node)
    write(out, 0, node.attrs.value)
    return out
  },
  scalar: ({ node }) => {
    const out = allocate(node)
    write(out, 0, node.attrs.value)
    return out
  },
  buffer: ({ node }) => {
    throw given('buffer', node.id)
  },
  placeholder: ({ node }) => {
    throw given('placeholder', node.id)
  },
  iota: ({ node }) => {
    const out = allocate(node)
    forEachIndex(out.shape, (index, flat) => write(out, flat, index[node.attrs.axis]))
    return out
  },
  randomBits: ({ node, inputs: [key] }) => {
    const out = allocate(node)
    const [k0, k1, k2] = [read(key, 0), read(key, 1), read(key, 2)]
    for (let i = 0; i < out.data.length; i++) write(out, i, threefry2x32(k0, k1, i, k2))
    return out
  },
}
