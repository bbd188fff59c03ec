#!/usr/bin/env node
/**
 * The command line: reads the arguments, then loads what the command needs. Exit codes: 0 done, 1 the work failed,
 * 2 the command line asks for something that does not exist, 130 and 143 stopped by Ctrl-C and SIGTERM.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ChainruleError } from '../core/errors.js'
import { precisions } from '../core/precision.js'
import { exitCode, signalExitCode } from './exit-code.js'
import type { DeviceOptions } from './load-device.js'
import { Output } from './output.js'
import { defaultSettings, type TrainOptions } from './train-settings.js'
import { UsageError } from './usage-error.js'
import { version } from './version.js'

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`)
  }

function positive(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new InvalidArgumentError('Expected a number above 0.')
}

const option = {
  json: () => new Option('--json', 'one JSON object a line on stdout; everything for people on stderr'),
  device: () =>
    new Option('--device <name>', "device to compute on ('chainrule devices' lists them)").default(
      undefined,
      'auto',
    ),
  threads: () => new Option('--threads <n>', 'number of threads (default: all)').argParser(whole(1)),
  dataDir: () => new Option('--data-dir <dir>', "folder with the data set's files (.gz or not)"),
  limit: (text: string) => new Option('--limit <n>', text).argParser(whole(1)),
  checkpoint: () =>
    new Option('--checkpoint <which>', 'checkpoint of the run to use (default: best)').choices([
      'best',
      'last',
    ]),
}

let json = false

/** Runs a command on a loaded device and keeps its exit code. */
async function run(
  options: { readonly json?: boolean } & DeviceOptions,
  command: (output: Output) => Promise<number>,
): Promise<void> {
  json = options.json ?? false
  const { loadDevice } = await import('./load-device.js')
  await loadDevice(options)
  process.exitCode = await command(new Output(json))
}

const program = new Command('chainrule')
  .description('Deep learning for TypeScript: trains, evaluates and uses networks.')
  .version(version())
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong command line, 130 stopped by Ctrl-C, 143 by SIGTERM.' +
      '\nStart with: chainrule train lenet5 --data mnist',
  )

program
  .command('train')
  .description('Train a model, or continue a run.')
  .argument('[model]', "name of the model, such as 'lenet5' (optional with --resume)")
  .addOption(new Option('--data <name>', 'mnist or fashion-mnist').default(undefined, defaultSettings.data))
  .addOption(option.dataDir())
  .addOption(
    new Option('--epochs <n>', 'passes over the data')
      .argParser(whole(1))
      .default(undefined, `${defaultSettings.epochs}`),
  )
  .addOption(
    new Option('--batch-size <n>', 'samples a step')
      .argParser(whole(1))
      .default(undefined, `${defaultSettings.batchSize}`),
  )
  .addOption(
    new Option('--lr <rate>', 'learning rate of AdamW at the start; it falls to 0 along a cosine')
      .argParser(positive)
      .default(undefined, `${defaultSettings.lr}`),
  )
  .addOption(
    new Option('--seed <n>', 'seed of weights and order; the same seed gives the same bits')
      .argParser(whole(0))
      .default(undefined, `${defaultSettings.seed}`),
  )
  .addOption(option.limit('use the first n training images and at most n test images'))
  .addOption(new Option('--out <dir>', 'folder of the run').default(undefined, 'a new one in runs/'))
  .addOption(option.device())
  .addOption(option.threads())
  .addOption(
    new Option(
      '--save-every <steps>',
      'save after every so many steps too (always: each 30 s, each epoch)',
    ).argParser(whole(1)),
  )
  .addOption(
    new Option('--resume', 'continue the run in --out, as if it had never stopped (default: the latest one)'),
  )
  .addOption(
    new Option('--precision <type>', 'what products are computed from: f32, or bf16 summed in f32 (faster)')
      .choices(precisions)
      .default(undefined, defaultSettings.precision),
  )
  .addOption(
    new Option('--detect-anomaly', 'name the first operation that makes a NaN or an infinite value (slow)'),
  )
  .addOption(
    new Option(
      '--profile <file>',
      "measure every kernel: a table at the end, and the last step in Chrome's trace format (JSON)",
    ),
  )
  .addOption(option.json())
  .action(async (model: string | undefined, given: TrainOptions) => {
    json = given.json ?? false
    const options: TrainOptions = { ...given, model }
    const { planTraining } = await import('./plan-training.js')
    const plan = planTraining(options)
    await run({ json, device: plan.device, threads: given.threads }, async (output) =>
      (await import('./train-command.js')).trainCommand(plan, options, output),
    )
  })

program
  .command('evaluate')
  .description('Loss and accuracy of a trained model on the test set.')
  .argument('<run>', 'folder of a run, or a checkpoint file')
  .addOption(option.checkpoint())
  .addOption(option.dataDir())
  .addOption(option.limit('use at most n test images'))
  .addOption(option.device())
  .addOption(option.threads())
  .addOption(option.json())
  .action((path: string, options) =>
    run(options, async (output) =>
      (await import('./evaluate-command.js')).evaluateCommand(path, options, output),
    ),
  )

program
  .command('predict')
  .description('The class of pictures, with the probability of each class.')
  .argument('<run>', 'folder of a run, or a checkpoint file')
  .argument('<pictures...>', 'PNG or JPEG files of any size')
  .addOption(option.checkpoint())
  .addOption(option.device())
  .addOption(option.threads())
  .addOption(option.json())
  .addHelpText(
    'after',
    '\nA digit is prepared as those of MNIST: grey, inverted where the border of the picture is bright, its ink scaled' +
      '\ninto 20 × 20 pixels and centred by mass in 28 × 28.',
  )
  .action((path: string, pictures: string[], options) =>
    run(options, async (output) =>
      (await import('./predict-command.js')).predictCommand(path, pictures, options, output),
    ),
  )

program
  .command('devices')
  .description('What this computer can train on; * marks the default.')
  .addOption(option.json())
  .action((options) =>
    run(options, async (output) => (await import('./devices-command.js')).devicesCommand(output)),
  )

const bench = program.command('bench').description('Measurements of this computer.')
bench
  .command('machine')
  .description(
    'What it can do at best: arithmetic, copies by cache level, costs of calls and of meeting threads.',
  )
  .addOption(option.device())
  .addOption(option.threads())
  .addOption(option.json())
  .action((options) =>
    run(options, async (output) => (await import('./bench-machine-command.js')).benchMachineCommand(output)),
  )

program
  .command('cache')
  .description(
    'Compiled programs that are kept between runs: where they are and how large (CHAINRULE_CACHE).',
  )
  .argument('[action]', "'clear' removes them")
  .addOption(option.json())
  .action(async (action: string | undefined, options: { readonly json?: boolean }) => {
    json = options.json ?? false
    if (action !== undefined && action !== 'clear')
      throw new UsageError(`cache: expected 'clear' or nothing, got '${action}'.`)
    const { cacheCommand } = await import('./cache-command.js')
    process.exitCode = await cacheCommand(action === 'clear', new Output(json))
  })

program
  .command('ops')
  .description('The operations on tensors, with their names in PyTorch and NumPy.')
  .argument('[filter...]', "words to look for, such as 'cumsum' or 'np.clip'")
  .addOption(option.json())
  .action(async (filter: string[], options: { readonly json?: boolean }) => {
    json = options.json ?? false
    const { opsCommand } = await import('./ops-command.js')
    process.exitCode = await opsCommand(filter.join(' '), new Output(json))
  })

/** Says what went wrong, in both forms, and which exit code it means. */
function fail(error: unknown): number {
  // Commander has printed its message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
  const known = error instanceof ChainruleError
  const message = error instanceof Error ? error.message : String(error)
  const text = known ? message : error instanceof Error ? (error.stack ?? message) : message
  process.stderr.write(`Error: ${text}\n`)
  if (json)
    process.stdout.write(
      `${JSON.stringify({ event: 'error', kind: (error as Error)?.name ?? 'Error', message })}\n`,
    )
  return error instanceof UsageError ? exitCode.usage : exitCode.failure
}

// A reader that went away ends the program, as SIGPIPE would; a training saves first.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (process.stdout.listenerCount('error') === 1) process.exit(signalExitCode.SIGPIPE)
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = fail(error)
}
