#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace bloom {

int thread_count(int wanted, uint64_t jobs) {
  int cores = std::max(1u, std::thread::hardware_concurrency());
  int n = wanted > 0 ? std::min(wanted, 256) : cores;
  return int(std::min<uint64_t>(uint64_t(n), std::max<uint64_t>(jobs, 1)));
}

Outcome run_jobs(uint64_t jobs, int threads, const std::function<bool(uint64_t, int)>& job, const std::function<bool(double)>& progress) {
  std::atomic<uint64_t> next{0}, finished{0};
  std::atomic<bool> cancelled{false}, stopped{false};
  std::mutex mutex;
  std::condition_variable changed;
  int running = threads;
  auto work = [&](int worker) {
    for (uint64_t number; !cancelled && !stopped && (number = next++) < jobs;) {
      if (!job(number, worker)) stopped = true;
      ++finished;
    }
    std::lock_guard<std::mutex> lock(mutex);
    --running;
    changed.notify_one();
  };
  std::vector<std::thread> pool;
  pool.reserve(size_t(threads));
  try {
    for (int i = 0; i < threads; ++i) pool.emplace_back(work, i);
  } catch (const std::exception&) {
    // Fewer threads than asked for is no error, none at all is: then this thread does the work.
    std::lock_guard<std::mutex> lock(mutex);
    running -= threads - int(pool.size());
  }
  if (pool.empty()) {
    running = 1;
    work(0);
  }
  std::unique_lock<std::mutex> lock(mutex);
  while (running > 0) {
    changed.wait_for(lock, std::chrono::milliseconds(50));
    lock.unlock();
    if (!cancelled && !progress(jobs ? double(finished) / double(jobs) : 1.0)) cancelled = true;
    lock.lock();
  }
  lock.unlock();
  for (std::thread& thread : pool) thread.join();
  return stopped ? Outcome::stopped : cancelled ? Outcome::cancelled : Outcome::done;
}

}  // namespace bloom
