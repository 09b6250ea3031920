// From a histogram to a picture: logarithm, density estimation, spatial filter, gamma, as in flam3 and Ember.
#pragma once
#include <functional>
#include <vector>

#include "image.h"
#include "parallel.h"

namespace bloom {

struct Development {
  double k1, k2;  // a cell of weight A shines with k1 ln(1 + k2 A)
  double estimator_radius, estimator_minimum, estimator_curve;  // radii in cells; radius 0: no density estimation
  std::vector<float> filter;  // weights along one axis, of sum 1; as many as of the supersampling's parity
  bool clips_early;           // gamma before the filter
  double gamma, gamma_threshold, vibrancy;
  double white;  // what full light comes to: 1, in flam3 256/255
  double highlight_power;
  double background[3];
  bool transparent;             // leave the background out
  std::vector<double> curves;   // 48: overall, red, green, blue; four points; x, y, weight. Or none
};

// Fills `out`, width * height * 4 floats: red, green, blue in [0, 1] (those of the picture as it is shown, over the background
// or, transparent, multiplied by alpha) and alpha. The result does not depend on the threads. Throws std::bad_alloc.
Outcome develop(const Histogram& histogram, const Development& how, int threads, const std::function<bool(double)>& progress, float* out);

}  // namespace bloom
