// Runs numbered jobs on threads while the calling thread reports progress and listens for cancellation.
#pragma once
#include <stdint.h>

#include <functional>

namespace bloom {

enum class Outcome { done, cancelled, stopped };

// Calls job(number, worker) for every number in [0, jobs), each once, `worker` in [0, threads). A job that returns
// false stops the rest. `progress` is called on this thread only and returns false to cancel.
Outcome run_jobs(uint64_t jobs, int threads, const std::function<bool(uint64_t, int)>& job, const std::function<bool(double)>& progress);

int thread_count(int wanted, uint64_t jobs);

}  // namespace bloom
