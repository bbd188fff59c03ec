/** A convolution with images in lanes: over images, or, where images are the channels, over channels. */
import { laneForm } from '../../schedule/image-lanes.js'
import type { ImageLanesSpec } from '../../schedule/kernel-spec.js'
import type { Kernel } from '../loop-ir.js'
import type { Target } from '../target.js'
import { lowerConvOverChannels } from './conv-over-channels.js'
import { lowerConvOverImages } from './conv-over-images.js'

export const lowerImageLanes = (spec: ImageLanesSpec, target: Target): Kernel =>
  laneForm(spec.node) === 'images' ? lowerConvOverImages(spec, target) : lowerConvOverChannels(spec, target)
