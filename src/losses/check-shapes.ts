/**
 * The check that losses of two equal shapes share.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'

/** Throws unless prediction and target have one shape: a silent broadcast (N, 1) with (N) would give N² losses. */
export function checkSameShape(loss: string, prediction: Tensor, target: Tensor): void {
  if (!(prediction instanceof Tensor && target instanceof Tensor)) {
    throw new ValueError(`${loss}: expected tensors as prediction and target. Make them with tensor(values).`)
  }
  if (sameShape(prediction.shape, target.shape)) return
  throw new ShapeError(
    `${loss}: expected prediction and target of one shape, got ${formatShape(prediction.shape)} and ` +
      `${formatShape(target.shape)}. Reshape one of them, for example with squeeze() or unsqueeze().`,
  )
}
