// The kernels of flam3's density estimation: the fewer hits, the wider.
#pragma once
#include <math.h>

#include <algorithm>
#include <vector>

namespace bloom {

class DensityEstimator {
 public:
  struct Kernel {
    int reach;                // taps on either side
    std::vector<float> taps;  // (2 reach + 1)^2, of sum 1
  };

  // Radii in cells of the histogram, without the 1 that is added to them.
  DensityEstimator(double radius, double minimum, double curve) : curve_(curve) {
    const double widest = radius + 1, narrowest = minimum + 1;
    double count = ceil(pow(widest / narrowest, 1 / curve));
    if (count > kDistinct) {
      count = ceil(kDistinct + pow(count - kDistinct, curve)) + 1;
      most_hits_ = trunc(pow(count - kDistinct, 1 / curve)) + kDistinct;
    } else {
      most_hits_ = count;
    }
    for (int i = 0; i < int(count); ++i) {
      double hits = i < kDistinct ? i + 1 : pow(i - kDistinct, 1 / curve) + kDistinct + 1;
      double width = widest / pow(hits, curve);
      bool last = width <= narrowest;
      kernels_.push_back(kernel(last ? narrowest : width));
      if (last) break;
    }
  }

  const Kernel& of(double hits) const {
    if (hits > most_hits_) return kernels_.back();
    size_t number = hits <= kDistinct ? size_t(std::max(ceil(hits), 1.0)) - 1 : size_t(kDistinct + floor(pow(hits - kDistinct, curve_)));
    return kernels_[std::min(number, kernels_.size() - 1)];
  }
  int reach() const { return kernels_.front().reach; }

 private:
  static constexpr int kDistinct = 100;  // up to here each number of hits has its own kernel

  static Kernel kernel(double width) {
    Kernel out{int(width), {}};
    std::vector<double> taps;
    double sum = 0;
    for (int y = -out.reach; y <= out.reach; ++y)
      for (int x = -out.reach; x <= out.reach; ++x) {
        double share = sqrt(double(x * x + y * y)) / width;
        taps.push_back(share <= 1 ? exp(-2 * (1.5 * share) * (1.5 * share)) : 0);
        sum += taps.back();
      }
    for (double tap : taps) out.taps.push_back(float(tap / sum));
    return out;
  }

  double curve_, most_hits_;
  std::vector<Kernel> kernels_;
};

}  // namespace bloom
