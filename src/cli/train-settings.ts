/**
 * The settings of a run: from the command line, with defaults, or from the run that is continued.
 */
import { DataError } from '../core/errors.js'
import { type Precision, precisions } from '../core/precision.js'
import type { RunSettings } from '../train/run-directory.js'
import { UsageError } from './usage-error.js'

/** What the command line gave; what it did not give is undefined. */
export interface TrainOptions {
  readonly model?: string
  readonly data?: string
  readonly dataDir?: string
  readonly epochs?: number
  readonly batchSize?: number
  readonly lr?: number
  readonly seed?: number
  readonly limit?: number
  readonly precision?: Precision
  readonly out?: string
  readonly device?: string
  readonly threads?: number
  readonly saveEvery?: number
  readonly resume?: boolean
  readonly json?: boolean
  readonly detectAnomaly?: boolean
  /** The file for the trace of the last step. */
  readonly profile?: string
}

/** What decides the numbers of a run: the same settings give the same bits. */
export interface TrainSettings {
  readonly model: string
  readonly data: string
  readonly epochs: number
  readonly batchSize: number
  readonly lr: number
  readonly seed: number
  readonly limit: number | null
  /** Absent in the runs of versions that knew f32 only. */
  readonly precision?: Precision
}

export const defaultSettings = {
  data: 'mnist',
  epochs: 5,
  batchSize: 64,
  lr: 2e-3,
  seed: 1,
  limit: null,
  precision: 'f32',
} as const

/** The options of the command line by the names of the settings. */
const optionNames: Record<keyof TrainSettings | 'device', string> = {
  model: 'model',
  data: '--data',
  epochs: '--epochs',
  batchSize: '--batch-size',
  lr: '--lr',
  seed: '--seed',
  limit: '--limit',
  precision: '--precision',
  device: '--device',
}

/** The settings of a new run. */
export function newSettings(options: TrainOptions, model: string): TrainSettings {
  return {
    model,
    data: options.data ?? defaultSettings.data,
    epochs: options.epochs ?? defaultSettings.epochs,
    batchSize: options.batchSize ?? defaultSettings.batchSize,
    lr: options.lr ?? defaultSettings.lr,
    seed: options.seed ?? defaultSettings.seed,
    limit: options.limit ?? defaultSettings.limit,
    precision: options.precision ?? defaultSettings.precision,
  }
}

/** The settings and device of the run to continue. Throws UsageError naming every option given that differs from them. */
export function continuedSettings(
  options: TrainOptions,
  saved: RunSettings,
  path: string,
): TrainSettings & { readonly device: string } {
  const differences: string[] = []
  const was = (key: string): unknown =>
    saved[key] ?? (key === 'precision' ? defaultSettings.precision : undefined)
  for (const [key, option] of Object.entries(optionNames)) {
    const given = options[key as keyof TrainOptions]
    if (given === undefined || (key === 'device' && given === 'auto') || given === was(key)) continue
    differences.push(`${option} (the run has ${was(key) ?? 'none'}, got ${given})`)
  }
  if (differences.length > 0) {
    throw new UsageError(
      `Expected the settings of the run in '${path}', which it keeps to its end, got others: ${differences.join(', ')}. ` +
        'Leave these options out to continue the run, or start a new one with another --out.',
    )
  }
  checkSaved(saved, path)
  return saved as unknown as TrainSettings & { readonly device: string }
}

/** Somebody may have edited run.json. */
function checkSaved(saved: RunSettings, path: string): void {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0
  const rules: Record<keyof TrainSettings | 'device', (value: unknown) => boolean> = {
    model: (value) => typeof value === 'string',
    data: (value) => typeof value === 'string',
    epochs: isCount,
    batchSize: isCount,
    lr: (value) => typeof value === 'number' && value > 0,
    seed: (value) => Number.isSafeInteger(value),
    limit: (value) => value === null || isCount(value),
    precision: (value) => value === undefined || precisions.includes(value as Precision),
    device: (value) => typeof value === 'string',
  }
  for (const [key, holds] of Object.entries(rules)) {
    if (holds(saved[key])) continue
    throw new DataError(
      `Expected the settings of a run in '${path}/run.json', got ${key}: ${JSON.stringify(saved[key])}. The file was ` +
        'changed or damaged; each checkpoint has a copy of it in its metadata.',
    )
  }
}
