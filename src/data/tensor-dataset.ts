/**
 * A data set of two tensors, as PyTorch's TensorDataset.
 */
import { DTypeError, ShapeError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { Dataset, type SampleArray } from './dataset.js'

/**
 * Samples x[i] with targets y[i]. The values are copied to the host once. u8 inputs stay u8 (they are not taken for
 * pixels). Throws for f16, bf16 and bool, and where the first axes differ.
 */
export async function tensorDataset(x: Tensor, y: Tensor): Promise<Dataset> {
  if (x.rank === 0 || y.rank === 0 || x.shape[0] !== y.shape[0]) {
    throw new ShapeError(
      `tensorDataset: expected tensors with first axes of one size, got ${formatShape(x.shape)} and ${formatShape(y.shape)}.`,
    )
  }
  const read = async (t: Tensor): Promise<SampleArray> => {
    if (t.dtype === 'f16' || t.dtype === 'bf16' || t.dtype === 'bool') {
      throw new DTypeError(
        `tensorDataset: expected f32, f64, i32, i64 or u8, got ${t.dtype}. Convert with to('f32').`,
      )
    }
    return (await t.data()) as SampleArray
  }
  return new Dataset({
    inputs: await read(x),
    inputShape: x.shape.slice(1),
    targets: await read(y),
    targetShape: y.shape.slice(1),
    bytes: 'bytes',
  })
}
