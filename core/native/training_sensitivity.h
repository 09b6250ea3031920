// The largest Lyapunov exponent of a training: how fast two that began almost alike part, by the logarithm, per step. Benettin's method (Benettin,
// Galgani, Giorgilli, Strelcyn, Meccanica 15, 1980): a shadow of the network, a little displaced in all that its next step depends on (weights and
// the optimizer's averages), is trained as well; after each step the growth of the distance is noted, and the shadow drawn back.
// It is displaced by the root of the precision's error, as a share of the length of the state: where errors of rounding and of curvature balance.
#pragma once
#include <math.h>

#include "training_optimizer.h"

namespace bloom::BLOOM_ISA {

template <class V>
class Sensitivity {
  using D = AsDoubles<V>;
  using Bits = Wholes<kLanesOf<V>>;

 public:
  // Starts a lane: its shadow is the network's state, displaced.
  void begin(int lane) { mantissa_[lane] = 1, exponent_[lane] = 0, counted_[lane] = 0, fresh_[lane] = -1; }

  // Puts the shadows where they shall be before a step.
  void place(const State<V>& state, const State<V>& shadow, int width) {
    D length{};
    each(state, shadow, width, [&](V& value, V&, uint64_t) { length = square_added(value, length); });
    D apart = sqrt(length) * kShare;
    D factor = apart / distance_, part = apart / ::sqrt(double(width) * double(width + 1));
    Bits fresh = fresh_;
    each(state, shadow, width, [&](V& value, V& other, uint64_t index) {
      V drawn = fma(other - value, narrow(factor), value);
      V displaced = index == kAverage ? value : value + narrow(sign(index) ? part : -part);
      other = either(fresh, displaced, drawn);
    });
    distance_ = apart;
  }

  // After a step of both. A network whose loss was not finite has no growth.
  void count(const State<V>& state, const State<V>& shadow, int width, D loss) {
    D square{};
    each(state, shadow, width, [&](V& value, V& other, uint64_t) { square = square_added(other - value, square); });
    D distance = sqrt(square), growth = distance / distance_;
    // Where the shadow has come nearer than rounding errors, they have become one: that is counted as the most that can be seen.
    Bits lost = ~(growth >= kShare) | ~(growth <= kMost);
    growth = growth < kShare ? D(kShare) : growth;
    Bits counts = (growth <= kMost) & (loss <= kLargest);
    growth = counts ? growth : D(1.0);
    mantissa_ *= growth;
    Bits bits = (Bits)mantissa_;
    exponent_ += (bits >> 52) - 1023;
    mantissa_ = (D)((bits & 0xfffffffffffff) | 0x3ff0000000000000);
    counted_ -= counts;
    fresh_ = lost;
    distance_ = distance;
  }

  double exponent(int lane) const {
    if (!counted_[lane]) return NAN;
    return (logarithm(mantissa_[lane]) + double(exponent_[lane]) * 0.693147180559945309417) / double(counted_[lane]);
  }

 private:
  static constexpr double kShare = Lane<V>::kEpsilon == 0x1p-24 ? 0x1p-12 : Lane<V>::kEpsilon == 0x1p-53 ? 0x1p-26 : 0x1p-53;
  static constexpr double kMost = 1e300, kLargest = 1.7976931348623157e308;
  static constexpr uint64_t kAverage = UINT64_MAX;

  // ln v for v in [1, 2), as 2 artanh((v - 1) / (v + 1)): the same digits everywhere, which C libraries do not promise.
  static double logarithm(double v) {
    double z = (v - 1) / (v + 1), square = z * z, sum = 0;
    for (int n = 33; n >= 1; n -= 2) sum = sum * square + 1.0 / n;
    return 2 * z * sum;
  }

  // Visits all numbers of a state and its shadow; weights with their number.
  template <class Visit>
  static void each(const State<V>& state, const State<V>& shadow, int width, Visit visit) {
    uint64_t index = 0;
    for (int i = 0; i <= width; ++i)
      for (int j = 0; j < width; ++j) visit(state.weights.row(i)[j], shadow.weights.row(i)[j], index++);
    auto visit_averages = [&](const Weights<V>& averages, const Weights<V>& others) {
      if (!averages.of) return;
      for (int i = 0; i <= width; ++i)
        for (int j = 0; j < width; ++j) visit(averages.row(i)[j], others.row(i)[j], kAverage);
    };
    visit_averages(state.first, shadow.first), visit_averages(state.second, shadow.second);
  }

  static D square_added(V v, D sum) {
    D d = as_doubles(v);
    return d * d + sum;
  }
  static V narrow(D v) { return from_doubles((V*)nullptr, v); }
  static bool sign(uint64_t index) {
    uint64_t v = (index + 1) * 0x9e3779b97f4a7c15ull;
    v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ull;
    return (v ^ (v >> 27)) * 0x94d049bb133111ebull >> 63;
  }

  D mantissa_{}, distance_{};
  Bits exponent_{}, counted_{}, fresh_{};
};

}  // namespace bloom::BLOOM_ISA
