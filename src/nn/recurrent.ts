/**
 * What RNN, GRU and LSTM share: weights under PyTorch's names, layers and directions, and the loop over time.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { uniform } from '../init/uniform.js'
import { scan } from '../tensor/control-flow.js'
import { zeros } from '../tensor/creation.js'
import { dropout, linear } from '../tensor/functional.js'
import { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { cat, stack } from '../tensor/tensor-functions.js'
import { checkInput, checkInteger, checkProbability } from './check-input.js'
import { Module } from './module.js'

export interface RecurrentOptions {
  /** Layers on top of each other (default 1). */
  readonly numLayers?: number
  /** Biases in both projections (default true). */
  readonly bias?: boolean
  /** Input and output are (N, T, …) and not (T, N, …) (default false). */
  readonly batchFirst?: boolean
  /** Dropout after each layer but the last, in training mode (default 0). */
  readonly dropout?: number
  /** A second run from the end to the start; both outputs are joined (default false). */
  readonly bidirectional?: boolean
}

/** The weights of one layer in one direction. */
export interface RecurrentWeights {
  readonly input: Parameter
  readonly hidden: Parameter
  readonly inputBias: Parameter | null
  readonly hiddenBias: Parameter | null
}

/** The result of all layers: outputs (T, N, D·H) and each state (layers·D, N, H). */
export interface RecurrentResult {
  readonly output: Tensor
  readonly states: Tensor[]
}

/**
 * The base of the recurrent layers. Weights of layer k: `weightIhL{k}` (gates·H, input), `weightHhL{k}` (gates·H, H),
 * `biasIhL{k}`, `biasHhL{k}` (gates·H), with `Reverse` at the end for the second direction; state-dict keys
 * `weight_ih_l0`, …. All start from U(-1/√H, 1/√H).
 */
export abstract class Recurrent extends Module {
  readonly inputSize: number
  readonly hiddenSize: number
  readonly numLayers: number
  readonly batchFirst: boolean
  readonly dropout: number
  readonly bidirectional: boolean
  readonly bias: boolean

  constructor(inputSize: number, hiddenSize: number, gates: number, options: RecurrentOptions) {
    super()
    const name = this.constructor.name
    const { numLayers = 1, bias = true, batchFirst = false, dropout: p = 0, bidirectional = false } = options
    checkInteger(name, 'inputSize', inputSize)
    checkInteger(name, 'hiddenSize', hiddenSize)
    checkInteger(name, 'numLayers', numLayers)
    checkProbability(name, p)
    this.inputSize = inputSize
    this.hiddenSize = hiddenSize
    this.numLayers = numLayers
    this.bias = bias
    this.batchFirst = batchFirst
    this.dropout = p
    this.bidirectional = bidirectional
    const self = this as unknown as Record<string, Parameter>
    for (let layer = 0; layer < numLayers; layer++) {
      for (const end of this.directions) {
        const width = layer === 0 ? inputSize : hiddenSize * this.directions.length
        self[`weightIhL${layer}${end}`] = new Parameter(zeros([gates * hiddenSize, width]))
        self[`weightHhL${layer}${end}`] = new Parameter(zeros([gates * hiddenSize, hiddenSize]))
        if (!bias) continue
        self[`biasIhL${layer}${end}`] = new Parameter(zeros([gates * hiddenSize]))
        self[`biasHhL${layer}${end}`] = new Parameter(zeros([gates * hiddenSize]))
      }
    }
    this.resetParameters()
    this.guardState()
  }

  /** Draws fresh initial values. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize)
    for (const parameter of this.parameters()) uniform(parameter, -bound, bound)
  }

  protected get directions(): readonly string[] {
    return this.bidirectional ? ['', 'Reverse'] : ['']
  }

  protected weightsOf(layer: number, end: string): RecurrentWeights {
    const self = this as unknown as Record<string, Parameter>
    const of = (name: string): Parameter => self[`${name}L${layer}${end}`]
    return {
      input: of('weightIh'),
      hidden: of('weightHh'),
      inputBias: this.bias ? of('biasIh') : null,
      hiddenBias: this.bias ? of('biasHh') : null,
    }
  }

  /** The input's share of the gates for all steps: one matrix product outside the loop. */
  protected abstract project(x: Tensor, weights: RecurrentWeights): Tensor

  /** One step: the projected input (N, gates·H) and the states (N, H) to the next states; the first is the output. */
  protected abstract step(projected: Tensor, states: readonly Tensor[], weights: RecurrentWeights): Tensor[]

  /** Runs all layers. `initial` holds `count` states (layers·D, N, H), or is undefined for zeros. */
  protected run(input: Tensor, initial: readonly Tensor[] | undefined, count: number): RecurrentResult {
    const name = this.constructor.name
    const steps = this.batchFirst ? '(N, T, ' : '(T, N, '
    const fits = (input.rank === 2 || input.rank === 3) && input.shape[input.rank - 1] === this.inputSize
    checkInput(name, input, fits, `${steps}${this.inputSize}) or (T, ${this.inputSize})`)
    const batched = input.rank === 3
    let x = !batched ? input.unsqueeze(1) : this.batchFirst ? input.transpose(0, 1) : input
    const rows = this.numLayers * this.directions.length
    const states = this.initialStates(initial, count, rows, x, batched)
    const last: Tensor[][] = states.map(() => [])
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) x = dropout(x, this.dropout, this.training)
      const outputs = this.directions.map((end, d) => {
        const row = layer * this.directions.length + d
        const start = states.map((s) => s.select(0, row))
        const { output, final } = this.runDirection(x, start, this.weightsOf(layer, end), end !== '')
        final.forEach((s, i) => {
          last[i].push(s)
        })
        return output
      })
      x = outputs.length === 1 ? outputs[0] : cat(outputs, 2)
    }
    const stacked = last.map((list) => stack(list, 0))
    if (!batched) return { output: x.squeeze(1), states: stacked.map((s) => s.squeeze(1)) }
    return { output: this.batchFirst ? x.transpose(0, 1) : x, states: stacked }
  }

  private runDirection(
    x: Tensor,
    start: readonly Tensor[],
    weights: RecurrentWeights,
    reverse: boolean,
  ): { output: Tensor; final: Tensor[] } {
    const projected = this.project(x, weights)
    const body = (carry: readonly Tensor[], step: Tensor): [Tensor[], Tensor] => {
      const next = this.step(step, carry, weights)
      return [next, next[0]]
    }
    const [final, output] = scan(body, start, projected, { reverse })
    return { output: output as Tensor, final: final as Tensor[] }
  }

  private initialStates(
    initial: readonly Tensor[] | undefined,
    count: number,
    rows: number,
    x: Tensor,
    batched: boolean,
  ): Tensor[] {
    const shape = [rows, x.shape[1], this.hiddenSize]
    if (initial === undefined) return Array.from({ length: count }, () => zeros(shape, { dtype: x.dtype }))
    if (initial.length !== count) {
      throw new ValueError(
        `${this.constructor.name}: expected ${count} initial states, got ${initial.length}.`,
      )
    }
    return initial.map((state) => {
      const given = batched ? state : state.unsqueeze(1)
      if (given.rank === 3 && given.shape.every((n, i) => n === shape[i])) return given
      const expected = batched ? shape : [rows, this.hiddenSize]
      throw new ShapeError(
        `${this.constructor.name}: expected an initial state of shape ${formatShape(expected)} ` +
          `(layers · directions, batch, hidden), got ${formatShape(state.shape)}.`,
      )
    })
  }

  protected override describe(): string {
    const { numLayers, bias, batchFirst, dropout: p, bidirectional } = this
    const parts = [`${this.inputSize}, ${this.hiddenSize}`]
    if (numLayers !== 1) parts.push(`numLayers=${numLayers}`)
    if (!bias) parts.push('bias=false')
    if (batchFirst) parts.push('batchFirst=true')
    if (p !== 0) parts.push(`dropout=${p}`)
    if (bidirectional) parts.push('bidirectional=true')
    return parts.join(', ')
  }
}

/** x Wᵀ with both biases, where they only ever occur as a sum. */
export const projectWithBothBiases = (
  x: Tensor,
  { input, inputBias, hiddenBias }: RecurrentWeights,
): Tensor => linear(x, input, inputBias === null || hiddenBias === null ? null : inputBias.add(hiddenBias))
