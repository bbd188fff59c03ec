/**
 * A share of the ONNX project's backend cases, one or more an operator; `npm run conformance:onnx` runs all. Skipped
 * where Debian's libonnx-testdata is not installed.
 */
import { describe, expect, it } from 'vitest'
import { onnxCases, runCase } from '../../scripts/conformance/onnx-cases.js'
import { useDevice } from '../../src/index.js'

const cases = onnxCases()

/** Text is refused: these cases concern strings. */
const strings = /STRING|strnorm/

/** Seconds of a slow interpreter's time. */
const slow = /test_operator_conv$|MaxPool\dd_stride_padding_dilation/

/** Every second case, and all of the families with most to get wrong. */
const chosen = cases.filter(
  ({ name }, i) =>
    !slow.test(name) &&
    (i % 2 === 0 || /lstm|gru|rnn|loop|scan|_if|resize|quant|qlinear|sequence|optional|unique/.test(name)),
)

describe.skipIf(cases.length === 0)("ONNX's backend cases (skipped without libonnx-testdata)", () => {
  it('are all there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(1000)
  })

  it('pass, or are about text', async () => {
    await useDevice('reference')
    const outcomes = []
    for (const one of chosen) outcomes.push(await runCase(one))
    const bad = outcomes.filter(
      ({ status, name }) => status === 'failed' || (status === 'refused' && !strings.test(name)),
    )
    expect(bad).toEqual([])
    expect(outcomes.filter(({ status }) => status === 'passed').length).toBeGreaterThan(500)
  }, 120_000)
})
