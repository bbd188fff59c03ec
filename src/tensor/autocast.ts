/** `autocast`: automatic mixed precision for what a function computes. */
import { ValueError } from '../core/errors.js'
import { type AutocastDType, autocastDType, withAutocast } from '../ops/autocast.js'

export interface AutocastOptions {
  /** The type of matrix products and convolutions: 'f16' (default) or 'bf16'. */
  readonly dtype?: AutocastDType
  /** Default true; false switches autocast off inside of another. */
  readonly enabled?: boolean
}

/**
 * Runs `fn` with matrix products, convolutions and linear layers in a half type, and sums, exponentials, norms, softmax
 * and losses in f32; everything else takes its arguments as they come. Parameters stay f32: they are cast where they
 * are used, and gradients come back in f32. Call `backward()` outside. With 'f16' use a GradScaler, so that small
 * gradients are not rounded to 0. Part of the signature of a compiled step that is called inside.
 */
export function autocast<T>({ dtype = 'f16', enabled = true }: AutocastOptions, fn: () => T): T {
  if (dtype !== 'f16' && dtype !== 'bf16') {
    throw new ValueError(`autocast: expected dtype 'f16' or 'bf16', got '${dtype as string}'.`)
  }
  if (typeof fn !== 'function') {
    throw new ValueError(
      "autocast: expected a function, as in autocast({ dtype: 'f16' }, () => model.forward(x)).",
    )
  }
  return withAutocast(enabled ? dtype : null, fn)
}

/** Whether autocast is on. */
export const isAutocastEnabled = (): boolean => autocastDType() !== null

/** The half type that autocast uses now, or null. */
export const getAutocastDtype = (): AutocastDType | null => autocastDType()
