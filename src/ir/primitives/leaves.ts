/** Leaves: values that no input feeds. `randomBits` has its key as input, but makes new values all the same. */
import { DTypeError, ShapeError } from '../../core/errors.js'
import { formatShape } from '../../core/shape.js'
import type { Attributes, Aval, Primitive } from '../node.js'
import type { PrimitiveTable, Rule } from '../rule.js'

const leaf = <P extends Primitive>(infer: (attrs: Attributes[P]) => Aval): Rule<P> => ({
  infer: (_, attrs) => infer(attrs),
  vjp: 'none',
  jvp: 'none',
  batch: (b, { node, size }) => [b.expandBatch(node, size)],
})

export const leaves: Pick<
  PrimitiveTable,
  'const' | 'scalar' | 'buffer' | 'placeholder' | 'iota' | 'randomBits'
> = {
  const: leaf(({ dtype }) => ({ shape: [], dtype })),
  scalar: leaf(({ dtype }) => ({ shape: [], dtype })),
  buffer: leaf((aval) => aval),
  placeholder: leaf((aval) => aval),
  iota: leaf((aval) => aval),

  // bits[i] = Threefry-2x32(key = (k0, k1), counter = (i, k2)), first word
  randomBits: {
    infer: ([key], { shape }) => {
      if (key.dtype !== 'i32') throw new DTypeError(`randomBits: expected an i32 key, got ${key.dtype}.`)
      if (key.shape.length !== 1 || key.shape[0] !== 3) {
        throw new ShapeError(`randomBits: expected a key of shape [3], got ${formatShape(key.shape)}.`)
      }
      return { shape, dtype: 'i32' }
    },
    vjp: 'none',
    jvp: 'none',
    // A batch of keys draws one block a key; the blocks are stacked.
    batch: (b, { node, inputs: [key], size }) => {
      const draws: Node[] = []
      for (let i = 0; i < size; i++) {
        const one = b.reshape(b.slice(key, [i, 0], [i + 1, 3]), [3])
        draws.push(b.reshape(b.randomBits(one, node.attrs.shape), [1, ...node.attrs.shape]))
      }
      return [b.concat(draws, 0)]
    },
  },
}

type Node = import('../node.js').Node
