// What a recorder measures of a training step, in one pass over the parameters. Compiled once per instruction set.
#pragma once
#include <stdint.h>

namespace bloom {

constexpr int kSketchSize = 64;

// Part of a tensor: its values now, as they were before the step, and their gradient (or null). `start` is the index of its first
// entry among all parameters of the network.
struct Measured {
  const float* after;
  float* before;
  const float* gradient;
  uint64_t count, start;
};

// Adds to `squares` the sums of squares of the update, the parameters and the gradient, and to `sketch` the update's sketch (as in
// core/bloom_core/trajectories/sketch.py); then makes `before` equal to `after`.
using Measure = void(const Measured&, double squares[3], double sketch[kSketchSize]);

}  // namespace bloom
