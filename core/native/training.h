// The seam between bloom_train and the kernels that train: where networks come from, and what one worker does.
#pragma once
#include <stdint.h>

#include "bloom.h"

namespace bloom {

constexpr uint64_t kNoNetwork = UINT64_MAX;
constexpr int kOutcomes = 8, kValues = 6;  // numbers of a network's outcome, and its hyperparameters (two doubles each)

// Workers take networks one by one, so that a lane that has become free is never idle while another worker has networks left.
struct TrainingQueue {
  void* owner;
  uint64_t (*next)(void* owner);                // kNoNetwork: there are no more
  bool (*played)(void* owner, uint64_t steps, uint64_t skipped);  // network·steps since it was last called; false: stop
};

// Trains networks of the queue until there are no more. False: no memory.
using Train = bool(const bloom_training&, const TrainingQueue&, double* outcomes);

}  // namespace bloom
