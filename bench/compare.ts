// Whether two contenders did the same work: their losses over the first steps must agree.

/**
 * Two losses agree when they differ by at most this much times max(1, |loss|). The reason for 1e-3: over the first
 * steps PyTorch in f32 and in f64 differ by up to 1e-4 on ResNet-18 (2e-7 on the others), a Winograd convolution has
 * about 10 times the rounding error of a direct one, and a peer that adds the 262,144 terms of the transformer's loss
 * one after the other in f32 is off by 6e-5. A forgotten momentum, bias or layer is to show: every model's loss
 * moves by more than 10 times this much within 20 steps.
 */
export const lossTolerance = 1e-3

/** null when all steps that both have agree; otherwise a sentence naming the first that does not. */
export function lossDifference(
  ours: readonly number[],
  theirs: readonly number[],
  peer: string,
  reference = 'chainrule',
): string | null {
  const steps = Math.min(ours.length, theirs.length)
  for (let step = 0; step < steps; step++) {
    const allowed = lossTolerance * Math.max(1, Math.abs(ours[step]))
    // Written so that NaN on either side disagrees.
    if (!(Math.abs(ours[step] - theirs[step]) <= allowed)) {
      return (
        `losses disagree at step ${step + 1}: ${reference} ${ours[step]}, ${peer} ${theirs[step]} ` +
        `(tolerance ${allowed.toPrecision(2)})`
      )
    }
  }
  return null
}
