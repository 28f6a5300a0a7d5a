import type { XlaDevice } from '@mlm/compile/xla';

/** A package whose wheel is downloaded. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the wheel. Default: the index's. */
  readonly sha256?: string;
}

/** The packages that a device needs. */
export interface DevicePackages {
  /** The plugin's package first. */
  readonly packages: readonly Package[];
  /** Path of the plugin in its wheel. */
  readonly plugin: string;
  /** Folder of the vendor's compiler and its libraries. */
  readonly dataFolder?: string;
}

/** NVIDIA's libraries, all of one release of CUDA 13. The plugin finds them beside itself. */
const nvidia: readonly Package[] = [
  { name: 'nvidia-cublas', version: '13.10.0.20' },
  { name: 'nvidia-cuda-cupti', version: '13.5.25' },
  { name: 'nvidia-cuda-nvcc', version: '13.5.37' },
  { name: 'nvidia-cuda-nvrtc', version: '13.5.37' },
  { name: 'nvidia-cuda-runtime', version: '13.5.37' },
  { name: 'nvidia-cudnn-cu13', version: '9.28.1.4' },
  { name: 'nvidia-cufft', version: '12.5.0.14' },
  { name: 'nvidia-cusolver', version: '12.4.1.2' },
  { name: 'nvidia-cusparse', version: '12.9.4.2' },
  { name: 'nvidia-nccl-cu13', version: '2.32.3' },
  { name: 'nvidia-nvjitlink', version: '13.5.37' },
  { name: 'nvidia-nvshmem-cu13', version: '3.8.0' },
  { name: 'nvidia-nvvm', version: '13.5.37' },
];

/** The plugins of JAX. Those for ROCm and TPUs have never been tested. */
export const devicePackages: Readonly<Record<Exclude<XlaDevice, 'cpu'>, DevicePackages>> = {
  cuda: {
    packages: [{ name: 'jax-cuda13-pjrt', version: '0.12.0.1' }, ...nvidia],
    plugin: 'jax_plugins/xla_cuda13/xla_cuda_plugin.so',
    dataFolder: 'nvidia/cu13',
  },
  rocm: {
    packages: [{ name: 'jax-rocm7-pjrt', version: '0.12.0' }],
    plugin: 'jax_plugins/xla_rocm7/xla_rocm_plugin.so',
  },
  tpu: { packages: [{ name: 'libtpu', version: '0.0.52' }], plugin: 'libtpu/libtpu.so' },
};
