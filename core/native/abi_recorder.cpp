#include <algorithm>
#include <new>
#include <vector>

#include "bloom.h"
#include "kernel.h"
#include "parallel.h"

using namespace bloom;

namespace {

constexpr uint64_t kJobEntries = 1 << 18;
constexpr uint64_t kSuperblockEntries = kSketchSize * kSketchSize;

struct Job {
  uint64_t tensor;
  Measured what;
  double squares[3] = {}, sketch[kSketchSize] = {};

  Job(uint64_t of, const Measured& part) : tensor(of), what(part) {}
};

// Cuts tensors where a superblock ends, so that the sums do not depend on how many threads there are.
std::vector<Job> cut(const bloom_tensor* tensors, uint64_t count) {
  std::vector<Job> jobs;
  for (uint64_t n = 0; n < count; ++n) {
    const bloom_tensor& t = tensors[n];
    for (uint64_t done = 0; done < t.count;) {
      uint64_t at = t.start + done, end = (at + kJobEntries) / kSuperblockEntries * kSuperblockEntries;
      uint64_t size = std::min(t.count - done, end - at);
      jobs.push_back({n, {t.after + done, t.before + done, t.gradient ? t.gradient + done : nullptr, size, at}});
      done += size;
    }
  }
  return jobs;
}

}  // namespace

int32_t bloom_measure(const bloom_tensor* tensors, uint64_t count, int32_t threads, double* squares, double* sketches) {
  try {
    std::vector<Job> jobs = cut(tensors, count);
    auto measure = [&](uint64_t number, int) {
      Job& job = jobs[number];
      kernel().measure(job.what, job.squares, job.sketch);
      return true;
    };
    int workers = threads == 1 ? 1 : thread_count(threads, jobs.size());
    if (workers == 1)
      for (uint64_t number = 0; number < jobs.size(); ++number) measure(number, 0);
    else run_jobs(jobs.size(), workers, measure, [](double) { return true; });
    for (const Job& job : jobs) {
      const bloom_tensor& tensor = tensors[job.tensor];
      for (int i = 0; i < 3; ++i) squares[3 * tensor.layer + i] += job.squares[i];
      for (int i = 0; i < kSketchSize; ++i) sketches[kSketchSize * tensor.part + i] += job.sketch[i];
    }
    return BLOOM_OK;
  } catch (const std::bad_alloc&) {
    return BLOOM_MEMORY;
  }
}
