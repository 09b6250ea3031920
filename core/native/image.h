// The histogram of an image: counted by kernels, one set of cells for each thread, and summed in 64 bits.
#pragma once
#include <stdint.h>

#include <memory>
#include <mutex>
#include <vector>

#include "kernel.h"
#include "memory_budget.h"

namespace bloom {

struct ImageShape {
  int32_t width, height;  // of the picture
  int32_t supersample;    // cells per pixel and axis
  int32_t gutter;         // cells around the picture, for what filters gather
  int32_t columns() const { return width * supersample + 2 * gutter; }
  int32_t rows() const { return height * supersample + 2 * gutter; }
  uint64_t cells() const { return uint64_t(columns()) * uint64_t(rows()); }
};

class Histogram {
 public:
  struct Cell {
    uint64_t red = 0, green = 0, blue = 0, weight = 0;  // in units of 1/kHitUnit
  };
  // Throws std::bad_alloc.
  Histogram(const ImageShape& shape, std::shared_ptr<MemoryBudget> memory);
  ~Histogram() { memory_->give(bytes()); }
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  const ImageShape& shape() const { return shape_; }
  const Cell& cell(uint64_t number) const { return cells_[number]; }

 private:
  friend class Counter;
  uint64_t bytes() const { return (shape_.cells() + 1) * sizeof(Cell); }
  ImageShape shape_;
  std::shared_ptr<MemoryBudget> memory_;
  std::mutex mutex_;
  std::vector<Cell> cells_;  // and one for hits outside
};

// One thread's cells in front of a histogram. What they hold reaches it when a cell is half full, and in the end by `finish`. Throws
// std::bad_alloc.
class Counter {
 public:
  Counter(Histogram& histogram, std::shared_ptr<MemoryBudget> memory);
  ~Counter();
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  ImageTarget target(const Projection& projection, const Counts* palettes);
  void finish(uint64_t from, uint64_t to);  // adds cells [from, to) to the histogram

 private:
  static void carry(void* self, uint64_t cell);
  void move(uint64_t cell);
  Histogram& histogram_;
  std::shared_ptr<MemoryBudget> memory_;
  Counts* cells_;
};

}  // namespace bloom
