// A group of networks, one to a lane, and a step of all of them: forwards and backwards through blocks of points, so that weights, their gradients
// and the block's activations stay in the first cache, and within these through blocks of sums that stay in registers.
#pragma once
#include "training.h"
#include "training_math.h"

namespace bloom::BLOOM_ISA {

constexpr int kPoints = 16;  // of a block that goes forwards and backwards at once
constexpr int kRows = 4;     // points, or inputs, of a block of sums in registers
// Neurons of it.
template <class V>
constexpr int kColumns = kRegisters > 16 ? 4 : 2;
template <>
inline constexpr int kColumns<Pairs> = kRegisters > 16 ? 2 : 1;
static_assert(kPoints % kRows == 0);

enum Activation { kTanh, kRelu, kIdentity };
enum Optimizer { kSgd, kMomentum, kAdam };

// The weights of a group, or what belongs to each of them: [input][neuron], then the output's. Neurons are filled up to a multiple of kColumns
// with such as have weights of 0 that are never changed.
template <class V>
struct Weights {
  V* of;
  int inputs, neurons;

  static size_t size(int width) { return size_t(width + 1) * padded(width); }
  static int padded(int width) { return (width + kColumns<V> - 1) / kColumns<V> * kColumns<V>; }
  V* row(int input) const { return of + size_t(input) * neurons; }
  V* output() const { return row(inputs); }
};

// The data: E is a number that all networks share, or one for each lane.
template <class E>
struct Data {
  const E *inputs, *targets;
  int width;
};

template <class V, class E>
inline V value(E e) {
  if constexpr (__is_same(V, E)) return e;
  else return spread(e);
}

template <class V>
inline V zero() { return spread(typename Lane<V>::Alone{}); }

// Constants of an experiment in a precision.
template <class V>
struct Constants {
  V by_width;  // 1 / n
  V slope;     // 2 / (points n): the derivative of the loss by a sum of h W1 is this times the error
  V root_two, one;
};

template <class V>
inline V activated(int activation, const Constants<V>& constants, V z) {
  if (activation == kTanh) return tanh(z);
  if (activation == kRelu) return unless_positive(z, z * constants.root_two);
  return z;
}

// z = x W0 for `points` points: `rows` are their inputs.
template <class V, class E, int points>
inline void forwards(const E* const* rows, Weights<V> weights, int activation, const Constants<V>& constants, V* z) {
  const int inputs = weights.inputs, neurons = weights.neurons;
  for (int column = 0; column < neurons; column += kColumns<V>) {
    V sum[points][kColumns<V>];
    for (int p = 0; p < points; ++p)
      for (int c = 0; c < kColumns<V>; ++c) sum[p][c] = zero<V>();
    const V* from = weights.of + column;
    for (int i = 0; i < inputs; ++i, from += neurons) {
      V w[kColumns<V>];
      for (int c = 0; c < kColumns<V>; ++c) w[c] = from[c];
      for (int p = 0; p < points; ++p) {
        V x = value<V>(rows[p][i]);
        for (int c = 0; c < kColumns<V>; ++c) sum[p][c] = fma(x, w[c], sum[p][c]);
      }
    }
    V* to = z + column;
    for (int p = 0; p < points; ++p)
      for (int c = 0; c < kColumns<V>; ++c) to[p * neurons + c] = sum[p][c];
    // From memory again: the registers are needed.
    for (int p = 0; p < points; ++p)
      for (int c = 0; c < kColumns<V>; ++c) to[p * neurons + c] = activated(activation, constants, to[p * neurons + c]);
  }
}

// Adds x^T delta of `points` points to the gradient of `inputs` rows from `first` on.
template <class V, class E, int inputs>
inline void backwards(const E* const* rows, int points, const V* delta, int first, Weights<V> gradient) {
  const int neurons = gradient.neurons;
  V* const block = gradient.row(first);
  for (int column = 0; column < neurons; column += kColumns<V>) {
    V* const at = block + column;
    V sum[inputs][kColumns<V>];
    for (int i = 0; i < inputs; ++i)
      for (int c = 0; c < kColumns<V>; ++c) sum[i][c] = at[i * neurons + c];
    const V* from = delta + column;
    for (int p = 0; p < points; ++p, from += neurons) {
      V d[kColumns<V>];
      for (int c = 0; c < kColumns<V>; ++c) d[c] = from[c];
      const E* const x = rows[p] + first;
      for (int i = 0; i < inputs; ++i) {
        V spread_x = value<V>(x[i]);
        for (int c = 0; c < kColumns<V>; ++c) sum[i][c] = fma(spread_x, d[c], sum[i][c]);
      }
    }
    for (int i = 0; i < inputs; ++i)
      for (int c = 0; c < kColumns<V>; ++c) at[i * neurons + c] = sum[i][c];
  }
}

// Forwards, and back to the derivatives of the loss by z, which are left in `room`; these of `points` points. Adds to the loss and, where there is
// a gradient, to that of the output weights.
template <class V, class E, int points>
inline void there_and_back(const E* const* rows, const E* const* targets, int activation, const Constants<V>& constants, const Weights<V>& weights,
                           V* room, V& loss, const Weights<V>* gradient) {
  const int neurons = weights.neurons;
  const V* output = weights.output();
  forwards<V, E, points>(rows, weights, activation, constants, room);
  V error[points];
  for (int p = 0; p < points; ++p) error[p] = zero<V>();
  for (int j = 0; j < neurons; ++j)
    for (int p = 0; p < points; ++p) error[p] = fma(room[p * neurons + j], output[j], error[p]);
  for (int p = 0; p < points; ++p) {
    error[p] = fma(error[p], constants.by_width, -value<V>(*targets[p]));
    loss = fma(error[p], error[p], loss);
    error[p] = error[p] * constants.slope;
  }
  if (!gradient) return;
  V* of_output = gradient->output();
  for (int j = 0; j < neurons; ++j) {
    V sum = of_output[j], weight = output[j], h[points];
    for (int p = 0; p < points; ++p) {
      h[p] = room[p * neurons + j];
      sum = fma(h[p], error[p], sum);
    }
    of_output[j] = sum;
    for (int p = 0; p < points; ++p) {
      V slope = error[p] * weight;
      if (activation == kTanh) slope = slope * fma(-h[p], h[p], constants.one);
      else if (activation == kRelu) slope = unless_positive(h[p], slope * constants.root_two);
      room[p * neurons + j] = slope;
    }
  }
}

// Tells the queue now and then of the steps played and skipped, and hears from it whether to go on.
struct Watch {
  const TrainingQueue& queue;
  uint64_t work = 0, steps = 0, skipped = 0;
  bool stopped = false;

  void worked(uint64_t products) {
    if ((work += products) >= 1 << 20) tell();
  }
  void tell() {
    stopped |= !queue.played(queue.owner, steps, skipped);
    work = steps = skipped = 0;
  }
};

// Plays the points `order` (or the first `count`, where that is null) through the networks, adds their squared errors to `loss` and, where there is a
// gradient, their share to that. `room`: kPoints * neurons.
template <class V, class E>
inline void play(const Data<E>& data, const int32_t* order, int count, int activation, const Constants<V>& constants, const Weights<V>& weights,
                 V* room, V& loss, const Weights<V>* gradient, Watch& watch) {
  const int width = weights.inputs, neurons = weights.neurons;
  for (int begin = 0; begin < count && !watch.stopped; begin += kPoints) {
    const int points = count - begin < kPoints ? count - begin : kPoints;
    watch.worked(uint64_t(points) * width * neurons);
    const E *rows[kPoints], *targets[kPoints];
    for (int p = 0; p < points; ++p) {
      const int32_t point = order ? order[begin + p] : begin + p;
      rows[p] = data.inputs + size_t(point) * data.width, targets[p] = data.targets + point;
    }
    int done = 0;
    for (; done + kRows <= points; done += kRows)
      there_and_back<V, E, kRows>(rows + done, targets + done, activation, constants, weights, room + size_t(done) * neurons, loss, gradient);
    for (; done < points; ++done)
      there_and_back<V, E, 1>(rows + done, targets + done, activation, constants, weights, room + size_t(done) * neurons, loss, gradient);
    if (!gradient) continue;
    int input = 0;
    for (; input + kRows <= width; input += kRows) backwards<V, E, kRows>(rows, points, room, input, *gradient);
    for (; input < width; ++input) backwards<V, E, 1>(rows, points, room, input, *gradient);
  }
}

}  // namespace bloom::BLOOM_ISA
