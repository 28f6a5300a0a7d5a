/** Where the lane's tests run TensorFlow: `MLM_TEST_DEVICE`, as interop/cuda/run sets it, else the CPU. */
export const device = (process.env.MLM_TEST_DEVICE ?? 'cpu') as 'cpu' | 'cuda';
