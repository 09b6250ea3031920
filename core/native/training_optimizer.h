// The optimizers, as PyTorch has them: SGD, SGD with momentum (dampening 0) and Adam, each with weight decay added to the gradient.
#pragma once
#include "training_network.h"

namespace bloom::BLOOM_ISA {

// A group's hyperparameters, and how far Adam's corrections of its averages have come in each lane.
template <class V>
struct Hyperparameters {
  V input_rate, output_rate, offset, momentum, decay;
  Wide<V> beta1, beta1_power, beta2_power;
};

// Weights and the optimizer's averages.
template <class V>
struct State {
  Weights<V> weights, first, second;
};

template <class V>
class Optimizing {
 public:
  Optimizing(int optimizer, bool decays, bool offsets)
      : optimizer_(optimizer), decays_(decays), offsets_(offsets), beta2_(everywhere<Wide<V>>(Exact{999, 0} / Exact{1000, 0})),
        one_(everywhere<Wide<V>>({1, 0})), epsilon_(everywhere<V>(Exact{1, 0} / Exact{1e8, 0})) {}

  void begin(Hyperparameters<V>& h) const {
    if (optimizer_ == kAdam) h.beta1_power = h.beta1_power * h.beta1, h.beta2_power = h.beta2_power * beta2_;
  }

  void step(const Hyperparameters<V>& h, const State<V>& state, const Weights<V>& gradient, const Weights<V>& used, int width) const {
    V input_rate = -h.input_rate, output_rate = -h.output_rate, root_correction{}, rest1{}, rest2{}, beta2{};
    if (optimizer_ == kAdam) {
      Wide<V> correction = one_ - h.beta1_power;
      input_rate = narrow((V*)nullptr, -wide(h.input_rate) / correction);
      output_rate = narrow((V*)nullptr, -wide(h.output_rate) / correction);
      root_correction = narrow((V*)nullptr, one_ / sqrt(one_ - h.beta2_power));
      rest1 = narrow((V*)nullptr, one_ - h.beta1), rest2 = narrow((V*)nullptr, one_ - beta2_), beta2 = narrow((V*)nullptr, beta2_);
    }
    for (int i = 0; i <= width; ++i) {
      V rate = i < width ? input_rate : output_rate;
      V *w = state.weights.row(i), *g = gradient.row(i);
      for (int j = 0; j < width; ++j) {
        V slope = g[j];
        if (decays_) slope = unless_zero(h.decay, fma(h.decay, w[j], slope), slope);
        if (optimizer_ == kMomentum) {
          V& average = state.first.row(i)[j];
          slope = average = fma(h.momentum, average, slope);
        } else if (optimizer_ == kAdam) {
          V &mean = state.first.row(i)[j], &square = state.second.row(i)[j];
          mean = fma(rest1, slope - mean, mean);
          square = fma(beta2, square, rest2 * (slope * slope));
          slope = mean / fma(unless_positive(square, sqrt(square)), root_correction, epsilon_);
        }
        w[j] = fma(rate, slope, w[j]);
      }
      if (offsets_) use_row(h, state, used, i, width);
    }
  }

  // Makes the weights that are used of those that are trained.
  void use(const Hyperparameters<V>& h, const State<V>& state, const Weights<V>& used, int width) const {
    if (offsets_)
      for (int i = 0; i <= width; ++i) use_row(h, state, used, i, width);
  }

 private:
  static void use_row(const Hyperparameters<V>& h, const State<V>& state, const Weights<V>& used, int i, int width) {
    for (int j = 0; j < width; ++j) used.row(i)[j] = i < width ? state.weights.row(i)[j] + h.offset : state.weights.row(i)[j];
  }

  int optimizer_;
  bool decays_, offsets_;
  Wide<V> beta2_, one_;
  V epsilon_;
};

}  // namespace bloom::BLOOM_ISA
