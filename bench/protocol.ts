// What the benchmark asks of a contender and what a contender answers: one JSON request on standard input, one JSON
// reply as the last line of standard output. Every measurement is a process of its own.

/** One measurement of one model. */
export interface BenchRequest {
  readonly model: string
  /** Path of the file with parameters and inputs. */
  readonly arrays: string
  readonly learningRate: number
  readonly momentum: number
  /** Only the forward pass, in evaluation mode: every loss is the same. */
  readonly inference: boolean
  /** Thread count; null leaves the contender's default. */
  readonly threads: number | null
  /** Images and filters with their channels last, where the contender has the choice (PyTorch). */
  readonly channelsLast?: boolean
  /**
   * Untimed first steps from the initial weights, whose losses are reported; they are the warm-up too. After
   * `lossBudgetMs` they end early, with 3 losses or more.
   */
  readonly lossSteps: number
  readonly lossBudgetMs: number
  /** Timed steps go on until `maxSteps`, or until `budgetMs` has passed and `minSteps` are done. */
  readonly minSteps: number
  readonly maxSteps: number
  readonly budgetMs: number
}

export interface Measured {
  readonly kind: 'measured'
  readonly version: string
  /** The configuration as the contender describes it, e.g. its backend and thread count. */
  readonly config?: string
  readonly losses: readonly number[]
  /** Milliseconds of each timed step. */
  readonly times: readonly number[]
  /** The most memory that the process has had resident. */
  readonly peakBytes: number
}

/** The contender cannot train this model; `reason` is what it says itself. */
export interface Unsupported {
  readonly kind: 'unsupported'
  readonly version: string | null
  readonly reason: string
}

export type BenchReply = Measured | Unsupported
