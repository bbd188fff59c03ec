// Whether two contenders did the same work: their losses over the first steps must agree.

/**
 * Two losses agree when they differ by at most this much times max(1, |loss|). The reason for 1e-4: over 20 steps of
 * these models PyTorch in f32 and in f64 differ by less than 2e-7, and by up to 2e-4 only where ResNet-18 is trained
 * with a learning rate 10 times the one used here; a Winograd convolution has about 10 times the rounding error of a
 * direct one. A forgotten momentum, bias or layer moves every one of these trajectories by more than 1e-3.
 */
export const lossTolerance = 1e-4

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
