// Density estimation in three dimensions: where hits are few, they are spread, so that a thin petal is silk and not dots.
#pragma once
#include <functional>

#include "grid.h"
#include "parallel.h"

namespace bloom {

struct Estimator {
  double radius;  // of the widest kernel, in voxels: 0 to 8
  double curve;   // how fast kernels shrink: a voxel of n hits has one of radius / n^curve (n of 1 and more)
};

// Spreads the hits of every voxel of a finished grid with a Gaussian of its kernel's radius, as flam3 does in two dimensions,
// but before the logarithm: the sum of hits stays what it was. The result does not depend on the threads.
// `stopped`: no memory.
Outcome estimate_density(Grid& grid, const Estimator& estimator, int threads, const std::function<bool(double)>& progress);

}  // namespace bloom
