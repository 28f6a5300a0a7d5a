import { test_util } from '@tensorflow/tfjs-core';

/** Stands in for tfjs-core's module of this name, so that its tests compare with the tfjs-core that is under test. */
export const { expectArrayBuffersEqual, expectArraysClose, expectArraysEqual, expectNumbersClose } =
  test_util;
export const { expectPromiseToFail, expectValuesInRange, testEpsilon, TEST_EPSILON_FLOAT16 } = test_util;
