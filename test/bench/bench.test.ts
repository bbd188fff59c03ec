// The benchmark's command line, its printing, its comparison of losses and the arrays that every contender reads.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ArgumentError, parseArguments } from '../../bench/arguments.js'
import { lossDifference, lossTolerance } from '../../bench/compare.js'
import { readArrayFile, writeArrayFile } from '../../bench/data/array-file.js'
import { Random } from '../../bench/data/random.js'
import { median } from '../../bench/measurement.js'
import { resultsText } from '../../bench/results.js'
import { specs } from '../../bench/specs/specs.js'
import { type BenchRow, formatJson, formatTable } from '../../bench/table.js'

const names = [
  'mlp',
  'lenet5',
  'resnet18-cifar',
  'mobilenetv2-cifar',
  'lstm',
  'transformer-encoder',
  'gpt',
  'gcn',
  'resnet18-inference',
]

describe('arguments', () => {
  it('defaults to all models and all peers', () => {
    const options = parseArguments([])
    expect(options.models).toEqual(names)
    expect(options.peers).toEqual(['pytorch', 'pytorch-new', 'jax', 'onnxruntime', 'tfjs', 'jax-js'])
    expect(options).toMatchObject({ newPython: null, write: 'bench/RESULTS.md' })
    expect(parseArguments(['--only', 'mlp']).write).toBeNull()
    expect(options).toMatchObject({ json: false, device: null, threads: null, rounds: 3, budgetMs: 1500 })
  })

  it('takes models and peers in the order of the table', () => {
    const options = parseArguments([
      '--only',
      'lstm,mlp',
      '--peers',
      'jax-js,pytorch',
      '--threads',
      '2',
      '--json',
    ])
    expect(options.models).toEqual(['mlp', 'lstm'])
    expect(options.peers).toEqual(['pytorch', 'jax-js'])
    expect(options).toMatchObject({ json: true, threads: 2 })
    expect(parseArguments(['--peers', 'none']).peers).toEqual([])
  })

  it.each([
    [['--only', 'vgg'], /--only: expected names out of mlp, .*got 'vgg'/],
    [['--only', ''], /--only: expected names out of .*got none/],
    [['--peers', 'onnx'], /--peers: expected names out of pytorch, pytorch-new, .*jax-js, got 'onnx'/],
    [['--device', 'tpu'], /--device: expected one of .*wasm.*got 'tpu'/],
    [['--threads', '0'], /--threads: expected a whole number of 1 or more, got '0'/],
    [['--rounds', 'many'], /--rounds: expected a whole number of 1 or more, got 'many'/],
    [['--fast'], /--fast.*--help/],
    [['mlp'], /mlp.*--help/],
  ])('refuses %j', (list, message) => {
    expect(() => parseArguments(list)).toThrow(ArgumentError)
    expect(() => parseArguments(list)).toThrow(message)
  })

  it.each([
    [['--only', 'vgg'], "got 'vgg'"],
    [['--fast'], '--fast'],
    [['gemm', '--threads', 'none'], '--threads'],
    [['overhead', '--seconds', '0'], '--seconds'],
  ])('the program exits with code 2 for %j', (list, message) => {
    const run = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))
    const result = spawnSync(process.execPath, ['--import', 'tsx', run, ...list], { encoding: 'utf8' })
    expect(result.stderr).toContain(message)
    expect(result.stdout).toBe('')
    expect(result.status).toBe(2)
  })
})

const fast: BenchRow = {
  name: 'mlp',
  ms: 0.75,
  peer: 'pytorch',
  peerVersion: '1.13.0a0',
  peerConfig: 'set_num_threads(1)',
  peerMs: 1.5,
  ratio: 2,
}
const unable: BenchRow = {
  ...fast,
  name: 'lenet5',
  ms: 12.34,
  peer: 'tfjs',
  peerVersion: '4.22.0',
  peerConfig: null,
  peerMs: null,
  ratio: null,
  reason: 'no kernel',
}

describe('printing', () => {
  it('prints a table whose columns line up, with notes below', () => {
    const failed: BenchRow = { ...fast, name: 'gcn', ms: 250, ratio: null, error: 'losses disagree' }
    expect(formatTable([fast, unable, failed]).split('\n')).toEqual([
      'model   chainrule ms  peer     version   configuration       peer ms  ratio',
      '------  ------------  -------  --------  ------------------  -------  -----',
      'mlp            0.750  pytorch  1.13.0a0  set_num_threads(1)    1.500  2.00×',
      'lenet5          12.3  tfjs     4.22.0    -                         -  - [1]',
      'gcn              250  pytorch  1.13.0a0  set_num_threads(1)    1.500  - [2]',
      '',
      '[1] lenet5, tfjs: no kernel',
      '[2] gcn, pytorch: FAILED: losses disagree',
    ])
  })

  it('prints one JSON object a row', () => {
    expect(formatJson(unable)).not.toContain('\n')
    expect(JSON.parse(formatJson(unable))).toEqual(unable)
    expect(Object.keys(JSON.parse(formatJson(fast)))).toEqual([
      'name',
      'ms',
      'peer',
      'peerVersion',
      'peerConfig',
      'peerMs',
      'ratio',
    ])
  })
})

describe('results', () => {
  it('holds ratios against what is wanted and shows where the time goes', () => {
    const kernel = { name: 'k|1', calls: 2, seconds: 0.001, bestSeconds: 0.001, share: 0.5, balance: 1 }
    const rates = { gflops: 10, gigabytes: 5, ofLimit: 0.25, limit: 'L2' }
    const seconds = { total: 0.002, kernels: 0.001, between: 0.0005, call: 0.0003, javascript: 0.0002 }
    const program = { device: 'native', threads: 2, seconds, flops: 1e9, bytes: 1e6, limitSeconds: 0.0005 }
    const text = resultsText({
      command: 'npm run bench',
      rows: [fast, { ...fast, name: 'lenet5', ratio: 2 }, { ...unable, name: 'gcn' }],
      profiles: [
        { model: 'mlp', programs: [{ ...program, kernels: [{ ...kernel, ...rates }] }] },
        { model: 'gcn', problem: 'no device' },
      ],
      descriptions: new Map([['mlp', 'An MLP']]),
    })
    expect(text).toContain('| 2.00 | 1.5 | reached |')
    expect(text).toContain('| 2.00 | 3.0 | short |')
    expect(text).toContain('no kernel')
    expect(text).toContain('kernels 50 %, between them 25 %, call 15 %, JavaScript 10 %')
    expect(text).toContain('| `k\\|1` | 2 | 1.000 | 50 % | 10.0 | 5.0 | 100 % | 25 % | L2 |')
    expect(text).toContain('Not profiled: no device')
  })
})

describe('comparison', () => {
  it('accepts losses within the tolerance and names the first step beyond it', () => {
    expect(lossDifference([2, 1], [2 + lossTolerance, 1], 'tfjs')).toBeNull()
    expect(lossDifference([2], [2 + 3 * lossTolerance], 'tfjs')).toMatch(/at step 1/)
    expect(lossDifference([2, 1, 0.5], [2, 1.01, 9], 'tfjs')).toMatch(/at step 2: chainrule 1, tfjs 1.01/)
  })

  it('lets no NaN pass', () => {
    expect(lossDifference([2, Number.NaN], [2, Number.NaN], 'tfjs')).toMatch(/at step 2/)
    expect(lossDifference([2], [Number.NaN], 'tfjs')).toMatch(/at step 1/)
  })

  it('compares the steps that both have', () => {
    expect(lossDifference([2, 1, 0], [2, 1], 'tfjs')).toBeNull()
  })

  it('takes the middle of an odd and the mean of the two middle ones of an even count', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })
})

describe('arrays', () => {
  it('come back from the file as they were, the same for the same seed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-test-'))
    const path = join(folder, 'arrays.safetensors')
    const { arrays } = specs.find(({ name }) => name === 'lenet5')!
    const first = arrays(new Random(1))
    writeArrayFile(path, first)
    expect(readArrayFile(path)).toEqual(first)
    expect(arrays(new Random(1))).toEqual(first)
    expect(arrays(new Random(2)).inputs.y).not.toEqual(first.inputs.y)
    rmSync(folder, { recursive: true })
  })

  it('hold a symmetric normalised graph sorted by target', () => {
    const { source, target, weight } = specs.find(({ name }) => name === 'gcn')!.arrays(new Random(1)).inputs
    const edges = new Map<string, number>()
    for (let edge = 0; edge < weight.data.length; edge++) {
      edges.set(`${source.data[edge]} ${target.data[edge]}`, weight.data[edge])
      if (edge > 0) expect(target.data[edge]).toBeGreaterThanOrEqual(target.data[edge - 1])
    }
    expect(edges.size).toBe(2708 + 2 * 5278)
    for (const [key, value] of edges) expect(edges.get(key.split(' ').reverse().join(' '))).toBe(value)
  })
})
