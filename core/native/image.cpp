#include "image.h"

#include <string.h>

#include <new>

#include "leaf_arena.h"

namespace bloom {

Histogram::Histogram(const ImageShape& shape, std::shared_ptr<MemoryBudget> memory) : shape_(shape), memory_(std::move(memory)) {
  if (!memory_->take(bytes())) {
    memory_ = std::make_shared<MemoryBudget>(0);
    throw std::bad_alloc();
  }
  cells_.resize(shape.cells() + 1);
}

Counter::Counter(Histogram& histogram, std::shared_ptr<MemoryBudget> memory) : histogram_(histogram), memory_(std::move(memory)), cells_(nullptr) {
  uint64_t bytes = histogram.cells_.size() * sizeof(Counts);
  if (!memory_->take(bytes)) throw std::bad_alloc();
  cells_ = static_cast<Counts*>(huge_memory(bytes));
  if (!cells_) {
    memory_->give(bytes);
    throw std::bad_alloc();
  }
  memset(static_cast<void*>(cells_), 0, bytes);
}

Counter::~Counter() {
  free_huge(cells_);
  memory_->give(histogram_.cells_.size() * sizeof(Counts));
}

ImageTarget Counter::target(const Projection& projection, const Counts* palettes) {
  const ImageShape& shape = histogram_.shape_;
  return {projection, shape.columns(), shape.rows(), cells_, palettes, this, carry};
}

void Counter::move(uint64_t number) {
  Counts& from = cells_[number];
  Histogram::Cell& to = histogram_.cells_[number];
  to.red += from[0], to.green += from[1], to.blue += from[2], to.weight += from[3];
  from = Counts(0u);
}

void Counter::carry(void* self, uint64_t cell) {
  Counter& counter = *static_cast<Counter*>(self);
  std::lock_guard<std::mutex> lock(counter.histogram_.mutex_);
  counter.move(cell);
}

void Counter::finish(uint64_t from, uint64_t to) {
  for (uint64_t number = from; number < to; ++number) move(number);
}

}  // namespace bloom
