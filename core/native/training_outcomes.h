// What comes of a group of networks, step by step: core/bloom_core/trainability/outcomes.py says what the numbers are.
#pragma once
#include <math.h>

#include "training_pairs.h"

namespace bloom::BLOOM_ISA {

constexpr double kCeiling = 1e6;
constexpr int kTail = 20;

template <class D>
struct Tally {
  D step{}, first{}, total{}, inverse{}, tail{}, final{}, minimum{}, reached{}, died{};

  void begin(int lane) {
    step[lane] = first[lane] = total[lane] = inverse[lane] = tail[lane] = final[lane] = 0;
    minimum[lane] = kCeiling, reached[lane] = died[lane] = -1;
  }

  // The losses before a step of the optimizer.
  void count(D loss, int steps, double threshold) {
    first = step == 0 ? loss : first;
    D v = loss / first;
    v = v <= kCeiling ? v : D(kCeiling);
    total += v, inverse += 1 / v, final = v;
    tail += step >= double(steps - kTail) ? v : D(0.0);
    minimum = v < minimum ? v : minimum;
    reached = ((reached < 0) & (v < threshold)) ? step : reached;
    died = ((died < 0) & ~(loss <= kLargest)) ? step : died;
    step += 1;
  }

  // Writes the outcome of a network whose loss is not finite from its lane's step on: as it would be after all steps, each summed as above.
  void finish(int lane, int steps, double* out) const {
    double all = total[lane], inverses = inverse[lane], last = tail[lane];
    int at = int(step[lane]), remaining = steps - at;
    for (; at < steps; ++at) {
      all += kCeiling, inverses += 1 / kCeiling;
      if (at >= steps - kTail) last += kCeiling;
    }
    out[0] = all, out[1] = inverses, out[2] = last / (steps < kTail ? steps : kTail), out[3] = remaining ? kCeiling : final[lane];
    out[4] = minimum[lane], out[5] = reached[lane], out[6] = died[lane] < 0 && remaining ? step[lane] : died[lane];
  }

  static constexpr double kLargest = 1.7976931348623157e308;
};

}  // namespace bloom::BLOOM_ISA
