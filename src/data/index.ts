/** Data sets, batches and augmentation. */
export { type Batch, Batches, type BatchOptions } from './batches.js'
export { Dataset, type DatasetFields, type Normalization, type SampleArray } from './dataset.js'
export { type DownloadOptions, download } from './download.js'
export { type IdxArray, parseIdx, readIdx } from './idx.js'
export type { IdxLoadOptions } from './idx-source.js'
export { LazyDataset } from './lazy-dataset.js'
export { fashionMnist, type ImageSetLoader, type MnistOptions, mnist, type TrainTest } from './mnist.js'
export { randomSampler, type Sampler, sequentialSampler, shardSampler, weightedSampler } from './sampler.js'
export { SeededRandom } from './seeded-random.js'
export { tensorDataset } from './tensor-dataset.js'
export {
  compose,
  normalize,
  type RandomCropOptions,
  randomCrop,
  randomHorizontalFlip,
  type Sample,
  type Transform,
  toTensor,
} from './transforms.js'
