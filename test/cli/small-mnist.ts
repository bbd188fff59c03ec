/**
 * A folder with the first images of MNIST in the files of MNIST, so that runs take a second.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mnist } from '../../src/data/mnist.js'

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'chainrule-cli-'))

/** The bytes of an IDX file of unsigned bytes. */
export function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length)
  bytes.set([0, 0, 8, shape.length])
  shape.forEach((n, i) => {
    new DataView(bytes.buffer).setUint32(4 + 4 * i, n)
  })
  bytes.set(data, 4 + 4 * shape.length)
  return bytes
}

/** Writes the four files with that many images. */
export async function writeSmallMnist(folder: string, train: number, test: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const sets = await mnist({ download: false })
  for (const [prefix, set, count] of [
    ['train', sets.train, train],
    ['t10k', sets.test, test],
  ] as const) {
    const inputs = set.fields.inputs as Uint8Array
    const targets = set.fields.targets as Uint8Array
    writeFileSync(
      join(folder, `${prefix}-images-idx3-ubyte`),
      idx([count, 28, 28], inputs.subarray(0, 784 * count)),
    )
    writeFileSync(join(folder, `${prefix}-labels-idx1-ubyte`), idx([count], targets.subarray(0, count)))
  }
}
