// Trains networks in groups, one to a lane. Compiled once per instruction set, as kernel.cpp is.
//
// Early exit. An output weight that is infinite or NaN never becomes finite again: its product with an activation, even with 0, is infinite or NaN,
// and so then are the network's outputs at all points, the loss, and the weight's own gradient. What the network's outcome will be is therefore
// known, exactly, and its lane takes the next network where steps do not depend on their number (whole batch). With minibatches all lanes must be at
// the same step, and a group ends with its last living network.
#include "training.h"

#include <stdlib.h>
#include <string.h>

#include "training_optimizer.h"
#include "training_outcomes.h"
#include "training_sensitivity.h"

namespace bloom::BLOOM_ISA {
namespace {

// While this lives, numbers below the smallest normal one count as 0: each would cost a hundred cycles, and a training that settles makes many.
class WithoutSubnormals {
 public:
  WithoutSubnormals() : before_(get()) {
#if defined(__x86_64__)
    set(before_ | 0x8040);
#else
    set(before_ | 1 << 24);
#endif
  }
  ~WithoutSubnormals() { set(before_); }
  WithoutSubnormals(const WithoutSubnormals&) = delete;

 private:
#if defined(__x86_64__)
  using Mode = unsigned;
  static Mode get() { return __builtin_ia32_stmxcsr(); }
  static void set(Mode mode) { __builtin_ia32_ldmxcsr(mode); }
#else
  using Mode = uint64_t;
  static Mode get() {
    Mode mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void set(Mode mode) { __asm__ volatile("msr fpcr, %0" ::"r"(mode)); }
#endif
  Mode before_;
};

// One block of memory, cut into arrays that begin where registers like to load from. Without memory it only counts.
class Arena {
 public:
  template <class T>
  T* take(size_t count) {
    size_t at = used_;
    used_ += (count * sizeof(T) + 63) / 64 * 64;
    return memory_ ? (T*)(memory_ + at) : nullptr;
  }
  bool fetch() {
    size_t size = used_ + 64;
    if (size > kMost) return false;
    raw_ = (char*)calloc(size, 1);
    memory_ = raw_ + (64 - (uintptr_t)raw_ % 64) % 64;
    used_ = 0;
    return raw_;
  }
  ~Arena() { free(raw_); }

 private:
  static constexpr size_t kMost = size_t(1) << 32;
  char *raw_ = nullptr, *memory_ = nullptr;
  size_t used_ = 0;
};

// Networks that are trained together. E is what data are: a number that all share, or one for each lane.
template <class V, class E>
class Group {
  static constexpr int kCount = kLanesOf<V>;
  static constexpr bool kShared = !__is_same(V, E);

 public:
  Group(const bloom_training& asked, const TrainingQueue& queue, double* outcomes)
      : asked_(asked), width_(asked.width), watch_{queue}, outcomes_(outcomes), scale_(sqrt(Exact{2, 0} / Exact{double(asked.width), 0})),
        offsets_(any(kOffset)), optimizing_(asked.optimizer, any(kDecay), offsets_) {
    const Exact width{double(width_), 0}, points{double(asked.batches ? asked.batch_size : asked.points), 0};
    constants_ = {everywhere<V>(Exact{1, 0} / width), everywhere<V>(Exact{2, 0} / (points * width)), everywhere<V>(sqrt(Exact{2, 0})),
                  everywhere<V>({1, 0})};
    for (uint64_t& network : network_) network = kNoNetwork;
  }

  bool prepare() {
    lay_out();
    if (!arena_.fetch()) return false;
    lay_out();
    if constexpr (kShared) load_data(0, 0);
    return true;
  }

  void train() {
    const bool keeps_pace = asked_.batches;
    for (bool more = true; !watch_.stopped;) {
      if (more && (!keeps_pace || !living_)) more = fill();
      if (!living_) break;
      step();
    }
    watch_.tell();
  }

 private:
  enum Value { kInputRate, kOutputRate, kInitScale, kOffset, kMomentumValue, kDecay };

  Exact value_of(uint64_t network, Value which) const {
    const double* at = asked_.values + (network * kValues + which) * 2;
    return {at[0], at[1]};
  }
  bool any(Value which) const {
    for (uint64_t network = 0; network < asked_.count; ++network)
      if (value_of(network, which).high != 0) return true;
    return false;
  }

  void lay_out() {
    const size_t size = Weights<V>::size(width_), points = size_t(asked_.points);
    auto weights = [&](bool wanted) { return Weights<V>{wanted ? arena_.template take<V>(size) : nullptr, width_, Weights<V>::padded(width_)}; };
    auto state = [&](bool wanted) {
      return State<V>{weights(wanted), weights(wanted && asked_.optimizer != kSgd), weights(wanted && asked_.optimizer == kAdam)};
    };
    state_ = state(true), shadow_ = state(asked_.sensitivity), gradient_ = weights(true), used_ = weights(offsets_);
    room_ = arena_.template take<V>(size_t(kPoints) * Weights<V>::padded(width_));
    inputs_ = arena_.template take<E>(points * size_t(width_)), targets_ = arena_.template take<E>(points);
  }

  // Gives every free lane a network. False: the queue is empty.
  bool fill() {
    for (int lane = 0; lane < kCount; ++lane) {
      if (network_[lane] != kNoNetwork) continue;
      uint64_t network = watch_.queue.next(watch_.queue.owner);
      if (network == kNoNetwork) return false;
      begin(lane, network);
    }
    return true;
  }

  void begin(int lane, uint64_t network) {
    network_[lane] = network, ++living_;
    tally_.begin(lane);
    sensitivity_.begin(lane);
    put(hyper_.input_rate, lane, value_of(network, kInputRate)), put(hyper_.output_rate, lane, value_of(network, kOutputRate));
    put(hyper_.offset, lane, value_of(network, kOffset)), put(hyper_.decay, lane, value_of(network, kDecay));
    put(hyper_.momentum, lane, value_of(network, kMomentumValue)), put(hyper_.beta1, lane, value_of(network, kMomentumValue));
    put(hyper_.beta1_power, lane, {1, 0}), put(hyper_.beta2_power, lane, {1, 0});
    const uint64_t set = asked_.sets == 1 ? 0 : network;
    const Exact scale = value_of(network, kInitScale);
    const double *input = asked_.input_weights + set * uint64_t(width_) * width_, *output = asked_.output_weights + set * uint64_t(width_);
    for (int i = 0; i <= width_; ++i)
      for (int j = 0; j < width_; ++j) {
        double weight = i < width_ ? input[size_t(i) * width_ + j] : output[j];
        put(state_.weights.row(i)[j], lane, scale * Exact{weight, 0});
        if (state_.first.of) put(state_.first.row(i)[j], lane, {0, 0});
        if (state_.second.of) put(state_.second.row(i)[j], lane, {0, 0});
      }
    if constexpr (!kShared) load_data(set, lane);
    unused_ = true;
  }

  // Inputs are multiplied by root(2 / n) here, once, where z and the gradient of W0 have that factor.
  void load_data(uint64_t set, int lane) {
    const size_t points = size_t(asked_.points), numbers = points * size_t(width_);
    for (size_t i = 0; i < numbers; ++i) put(inputs_[i], lane, scale_ * Exact{asked_.inputs[set * numbers + i], 0});
    for (size_t p = 0; p < points; ++p) put(targets_[p], lane, {asked_.targets[set * points + p], 0});
  }

  void step() {
    const int32_t* order = asked_.batches ? asked_.batches + batch_step_++ * size_t(asked_.batch_size) : nullptr;
    if (asked_.sensitivity) sensitivity_.place(state_, shadow_, width_);
    if (unused_) optimizing_.use(hyper_, state_, used_, width_), unused_ = false;
    optimizing_.begin(hyper_);
    const AsDoubles<V> loss = as_doubles(descend(state_, order, true));
    if (asked_.sensitivity) {
      optimizing_.use(hyper_, shadow_, used_, width_);
      descend(shadow_, order, false);
      optimizing_.use(hyper_, state_, used_, width_);
    }
    if (watch_.stopped) return;
    if (asked_.sensitivity) sensitivity_.count(state_, shadow_, width_, loss);
    tally_.count(loss / double(asked_.points), asked_.steps, asked_.threshold);
    watch_.steps += uint64_t(living_);
    const AsDoubles<V> dead = spoiled();
    for (int lane = 0; lane < kCount; ++lane)
      if (network_[lane] != kNoNetwork && (tally_.step[lane] == asked_.steps || dead[lane] != 0)) finish(lane);
    if (!living_) batch_step_ = 0;
  }

  // Moves networks a step; returns the sum of squared errors of all points before it, where that is wanted.
  V descend(const State<V>& state, const int32_t* order, bool wanted) {
    const Data<E> data{inputs_, targets_, width_};
    const Weights<V>& used = offsets_ ? used_ : state.weights;
    V loss = zero<V>(), of_batch = zero<V>();
    memset((void*)gradient_.of, 0, Weights<V>::size(width_) * sizeof(V));
    if (order) {
      if (wanted) play<V, E>(data, nullptr, asked_.points, asked_.activation, constants_, used, room_, loss, nullptr, watch_);
      play<V, E>(data, order, asked_.batch_size, asked_.activation, constants_, used, room_, of_batch, &gradient_, watch_);
    } else {
      play<V, E>(data, nullptr, asked_.points, asked_.activation, constants_, used, room_, loss, &gradient_, watch_);
    }
    optimizing_.step(hyper_, state, gradient_, used_, width_);
    return loss;
  }

  // Not 0 where an output weight is infinite or NaN.
  AsDoubles<V> spoiled() const {
    AsDoubles<V> sum{};
    for (int j = 0; j < width_; ++j) sum += as_doubles(state_.weights.output()[j]) * 0.0;
    return sum;
  }

  void finish(int lane) {
    double* out = outcomes_ + network_[lane] * kOutcomes;
    tally_.finish(lane, asked_.steps, out);
    out[7] = asked_.sensitivity ? sensitivity_.exponent(lane) : NAN;
    watch_.skipped += uint64_t(asked_.steps) - uint64_t(tally_.step[lane]);
    network_[lane] = kNoNetwork, --living_;
  }

  const bloom_training& asked_;
  const int width_;
  Watch watch_;
  double* outcomes_;
  const Exact scale_;
  const bool offsets_;
  Optimizing<V> optimizing_;
  Constants<V> constants_;
  Hyperparameters<V> hyper_{};
  Tally<AsDoubles<V>> tally_;
  Sensitivity<V> sensitivity_;
  uint64_t network_[kCount];  // of each lane
  int living_ = 0;
  size_t batch_step_ = 0;
  bool unused_ = false;  // whether lanes have weights of which none were made to be used
  Arena arena_;
  State<V> state_, shadow_;
  Weights<V> gradient_, used_;
  V* room_;
  E *inputs_, *targets_;
};

template <class V, class E>
bool train_in(const bloom_training& asked, const TrainingQueue& queue, double* outcomes) {
  Group<V, E> group(asked, queue, outcomes);
  if (!group.prepare()) return false;
  group.train();
  return true;
}
template <class V>
bool train_as(const bloom_training& asked, const TrainingQueue& queue, double* outcomes) {
  return asked.sets == 1 ? train_in<V, typename Lane<V>::Alone>(asked, queue, outcomes) : train_in<V, V>(asked, queue, outcomes);
}

}  // namespace

Train train;
bool train(const bloom_training& asked, const TrainingQueue& queue, double* outcomes) {
  WithoutSubnormals mode;
  if (asked.precision == 0) return train_as<Floats>(asked, queue, outcomes);
  if (asked.precision == 1) return train_as<Doubles>(asked, queue, outcomes);
  return train_as<Pairs>(asked, queue, outcomes);
}

}  // namespace bloom::BLOOM_ISA
