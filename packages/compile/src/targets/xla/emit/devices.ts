import type { Operations } from './operation.js';

/** What several devices compute together. */
export const devices: Operations = {
  DeviceSum: (to, _, x) => {
    const { replicas = 1 } = to.options;
    if (replicas === 1) return x;
    const all = Array.from({ length: replicas }, (_, replica) => replica).join(', ');
    const groups = `replica_groups = dense<[[${all}]]> : tensor<1x${replicas}xi64>`;
    return to.generic('stablehlo.all_reduce', [x], groups, to.combiner('add', x.dtype), [x])[0]!;
  },
};
