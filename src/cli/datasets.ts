/**
 * The data sets that the command line can train on, by name.
 */
import { DataError } from '../core/errors.js'
import type { Dataset } from '../data/dataset.js'
import { fashionMnist, type ImageSetLoader, mnist } from '../data/mnist.js'
import { bytesOf } from '../io/array-data.js'
import { crc32 } from '../io/crc32.js'
import { type Preparation, prepareDigit, preparePicture } from './prepare-image.js'

interface NamedDataset {
  readonly load: ImageSetLoader
  /** How a picture of any size becomes one like those of the set. */
  readonly prepare: Preparation
}

export const datasets: ReadonlyMap<string, NamedDataset> = new Map<string, NamedDataset>([
  ['mnist', { load: mnist, prepare: prepareDigit }],
  ['fashion-mnist', { load: fashionMnist, prepare: preparePicture }],
])

export interface LoadedData {
  readonly train: Dataset
  readonly test: Dataset
}

/**
 * Loads a data set, the first `limit` samples of each part where given. Throws `DataError` naming what is missing,
 * damaged or empty.
 */
export async function loadData(
  name: string,
  { dir, limit }: { dir?: string | null; limit?: number | null },
): Promise<LoadedData> {
  const { train, test } = await datasets.get(name)!.load(dir == null ? {} : { dir })
  for (const [part, set] of [
    ['training', train],
    ['test', test],
  ] as const) {
    if (set.length === 0) {
      throw new DataError(
        `Expected at least one image in the ${part} set of ${name}, got an empty one. Check the files${dir == null ? '' : ` in '${dir}'`}.`,
      )
    }
  }
  return limit == null ? { train, test } : { train: train.take(limit), test: test.take(limit) }
}

/** The test set only. */
export async function loadTestData(
  name: string,
  { dir, limit }: { dir?: string | null; limit?: number | null },
): Promise<Dataset> {
  const test = await datasets.get(name)!.load({ split: 'test', ...(dir == null ? {} : { dir }) })
  if (test.length === 0) {
    throw new DataError(`Expected at least one image in the test set of ${name}, got an empty one.`)
  }
  return limit == null ? test : test.take(limit)
}

/** Tells data sets apart: a checksum of the labels. */
export const fingerprint = ({ fields }: Dataset): string =>
  crc32(bytesOf(fields.targets)).toString(16).padStart(8, '0')
