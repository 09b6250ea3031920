#include <math.h>

#include <atomic>
#include <new>

#include "abi_support.h"
#include "parallel.h"

using namespace bloom;

namespace {

constexpr int32_t kMaxWidth = 256, kMaxPoints = 1 << 20, kMaxSteps = 1 << 24, kMaxBatch = 1 << 20;
constexpr uint64_t kMaxNetworks = uint64_t(1) << 32;
constexpr double kMaxData = 1e30;
constexpr uint64_t kNetworksPerThread = 16;

bool all_below(const double* numbers, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    if (!(fabs(numbers[i]) <= kMaxData)) return false;
  return true;
}

bool valid(const bloom_training& t) {
  if (!t.inputs || !t.targets || !t.input_weights || !t.output_weights || !t.values) return false;
  if (t.width < 1 || t.width > kMaxWidth || t.points < 1 || t.points > kMaxPoints || t.steps < 1 || t.steps > kMaxSteps) return false;
  if (t.activation < 0 || t.activation > 2 || t.optimizer < 0 || t.optimizer > 2 || t.precision < 0 || t.precision > 2) return false;
  if (t.count < 1 || t.count > kMaxNetworks || (t.sets != 1 && t.sets != t.count)) return false;
  const uint64_t width = uint64_t(t.width), points = uint64_t(t.points);
  if (!all_below(t.inputs, t.sets * points * width) || !all_below(t.targets, t.sets * points)) return false;
  if (!all_below(t.input_weights, t.sets * width * width) || !all_below(t.output_weights, t.sets * width)) return false;
  if (!t.batches) return true;
  if (t.batch_size < 1 || t.batch_size > kMaxBatch) return false;
  for (uint64_t i = 0, size = uint64_t(t.steps) * uint64_t(t.batch_size); i < size; ++i)
    if (t.batches[i] < 0 || t.batches[i] >= t.points) return false;
  return true;
}

struct Queue {
  uint64_t count;
  std::atomic<uint64_t> next{0}, played{0}, done{0};
  std::atomic<bool> cancelled{false};
};

}  // namespace

int32_t bloom_train(const bloom_training* training, bloom_progress progress, void* user, double* outcomes, uint64_t* steps_played) {
  try {
    if (!training || !outcomes || !valid(*training)) return BLOOM_INVALID;
    Queue queue{training->count};
    auto next = [](void* owner) {
      auto& from = *(Queue*)owner;
      uint64_t network = from.next++;
      return network < from.count && !from.cancelled ? network : kNoNetwork;
    };
    auto played = [](void* owner, uint64_t steps, uint64_t skipped) {
      auto& of = *(Queue*)owner;
      of.played += steps, of.done += steps + skipped;
      return !of.cancelled;
    };
    const TrainingQueue source{&queue, next, played};
    auto work = [&](uint64_t, int) { return kernel().train(*training, source, outcomes); };
    const double all = double(training->count) * training->steps;
    auto report = [&](double) {
      if (progress && !progress(user, double(queue.done) / all)) queue.cancelled = true;
      return !queue.cancelled;
    };
    // Each worker takes networks until there are none; what becomes of a network does not depend on which takes it.
    int workers = thread_count(training->threads, (training->count + kNetworksPerThread - 1) / kNetworksPerThread);
    Outcome outcome = run_jobs(uint64_t(workers), workers, work, report);
    if (steps_played) *steps_played = queue.played;
    return outcome == Outcome::stopped ? BLOOM_MEMORY : queue.cancelled ? BLOOM_CANCELLED : BLOOM_OK;
  } catch (const std::bad_alloc&) {
    return BLOOM_MEMORY;
  }
}
