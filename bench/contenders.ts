// Who is measured, and in which configurations. A contender with several configurations is credited with its best.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** One way of running a contender. */
export interface Configuration {
  /** Printed beside the time; null where the contender describes itself. */
  readonly label: string | null
  readonly environment: Readonly<Record<string, string>>
  /** The thread count where the request leaves it to the contender, or 1 in any case. */
  readonly threads?: number
  /** Images and filters with their channels last; only of models with convolutions. */
  readonly channelsLast?: boolean
}

export interface Contender {
  readonly name: string
  /** `new-python`: the Python of --new-python, with packages of today. */
  readonly runs: 'node' | 'python' | 'new-python'
  /** Its program, which reads a request and prints a reply. */
  readonly program: string
  readonly configurations: readonly Configuration[]
}

const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const all = availableParallelism()
const channelsLast = {
  label: `${all} threads, channels_last`,
  environment: {},
  threads: all,
  channelsLast: true,
}
const convolutional = ['lenet5', 'resnet18-cifar', 'mobilenetv2-cifar', 'resnet18-inference']

/** Its configurations that mean something for a model. */
export function configurationsOf(contender: Contender, model: string): readonly Configuration[] {
  return contender.configurations.filter(
    (configuration) => !configuration.channelsLast || convolutional.includes(model),
  )
}

const asIs: readonly Configuration[] = [{ label: null, environment: {} }]

export const chainrule: Contender = {
  name: 'chainrule',
  runs: 'node',
  program: program('models/main.ts'),
  configurations: asIs,
}

export const peers: readonly Contender[] = [
  {
    name: 'pytorch',
    runs: 'python',
    program: program('peers/pytorch/main.py'),
    // OpenMP's and OpenBLAS' thread pools compete for few cores, so none of these is the best for every model. The count
    // is said: left alone, Debian's build computes convolutions and element-wise work on one thread on some machines.
    configurations: [
      { label: `${all} threads`, environment: {}, threads: all },
      {
        label: `${all} threads, OPENBLAS_NUM_THREADS=1`,
        environment: { OPENBLAS_NUM_THREADS: '1' },
        threads: all,
      },
      {
        label: `${all} threads, OMP_WAIT_POLICY=PASSIVE`,
        environment: { OMP_WAIT_POLICY: 'PASSIVE' },
        threads: all,
      },
      { label: 'set_num_threads(1)', environment: {}, threads: 1 },
      channelsLast,
    ],
  },
  {
    name: 'pytorch-new',
    runs: 'new-python',
    program: program('peers/pytorch/main.py'),
    configurations: [
      { label: `${all} threads`, environment: {}, threads: all },
      { label: 'set_num_threads(1)', environment: {}, threads: 1 },
      channelsLast,
    ],
  },
  { name: 'jax', runs: 'new-python', program: program('peers/jax/main.py'), configurations: asIs },
  {
    name: 'onnxruntime',
    runs: 'new-python',
    program: program('peers/onnxruntime/main.py'),
    configurations: [
      { label: 'its own choice of threads', environment: {} },
      { label: `${all} threads`, environment: {}, threads: all },
    ],
  },
  { name: 'tfjs', runs: 'node', program: program('peers/tfjs/main.ts'), configurations: asIs },
  { name: 'jax-js', runs: 'node', program: program('peers/jax-js/main.ts'), configurations: asIs },
]
