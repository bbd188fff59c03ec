/**
 * A value has the same bits whether what it is made of was computed before it, by a look or in an earlier program, or
 * together with it in one program: what a sum's order follows must not depend on what is stored.
 */
import { afterAll, expect, it } from 'vitest'
import {
  compile,
  currentDevice,
  einsum,
  manualSeed,
  rand,
  type Tensor,
  tensordot,
  useDevice,
} from '../../src/index.js'
import { conv2d, unfold } from '../../src/tensor/functional.js'
import { forEachDevice } from '../helpers/devices.js'

const before = currentDevice().name
afterAll(() => useDevice(before))

interface Row {
  readonly what: string
  readonly shapes: readonly (readonly number[])[]
  /** Each value that is given to `look` may be stored before the rest is computed. */
  readonly run: (look: (t: Tensor) => Tensor, ...inputs: Tensor[]) => Tensor
}

const windows = (x: Tensor): Tensor => (unfold(x, 3, { padding: 1 }) as Tensor).reshape([144, 144])
const rounded = (x: Tensor): Tensor => x.to('bf16').to('f32')

const rows: Row[] = [
  {
    what: 'two rows times windows',
    shapes: [
      [1, 16, 12, 12],
      [2, 144],
    ],
    run: (look, x, w) => w.matmul(look(windows(x))),
  },
  {
    what: 'one row times windows',
    shapes: [
      [1, 16, 12, 12],
      [1, 144],
    ],
    run: (look, x, w) => w.matmul(look(windows(x))),
  },
  {
    what: 'a product of what was rounded to bf16',
    shapes: [
      [64, 300],
      [300, 80],
    ],
    run: (look, x, y) => look(rounded(x)).matmul(look(rounded(y))),
  },
  {
    what: 'sums along runs of what was rounded to bf16',
    shapes: [
      [16, 2048],
      [16, 2048],
    ],
    run: (look, x, y) => look(rounded(x)).matmul(look(rounded(y)).T),
  },
  {
    what: 'a convolution of what was rounded to bf16',
    shapes: [
      [16, 4, 8, 8],
      [8, 4, 3, 3],
    ],
    run: (look, x, w) => conv2d(look(rounded(x)), look(rounded(w)), null, { padding: 1 }) as Tensor,
  },
  {
    what: 'a tall product over two axes in other orders',
    shapes: [
      [512, 7, 6],
      [7, 6, 5],
    ],
    run: (look, x, y) => einsum('abc,cbd->ad', look(x.permute([0, 2, 1])), y) as Tensor,
  },
  {
    what: 'the same by tensordot',
    shapes: [
      [512, 7, 6],
      [7, 6, 5],
    ],
    run: (look, x, y) =>
      tensordot(look(x.permute([0, 2, 1])), y, [
        [2, 1],
        [0, 1],
      ]) as Tensor,
  },
]

const bits = (t: Tensor): string => Buffer.from(new Uint8Array(t.dataSync().buffer)).toString('base64')

forEachDevice('bits', () => {
  it.each(rows)('$what', ({ shapes, run }) => {
    manualSeed(3)
    const inputs = shapes.map((shape) => rand(shape).sub(0.5).contiguous() as Tensor)
    for (const x of inputs) x.dataSync()
    const together = bits(run((t) => t, ...inputs))
    const looked = run(
      (t) => {
        t.dataSync()
        return t
      },
      ...inputs,
    )
    expect(bits(looked)).toBe(together)
    const compiled = compile((...given: Tensor[]) => run((t) => t, ...given))
    expect(bits(compiled(...inputs))).toBe(together)
  })
})
