/* Bloom's native renderer: the C ABI. One flat buffer in (core/bloom_core/flames/flame_buffer.py describes it), points, a
 * sparse grid or an OpenVDB file out. Calls return a code; its message stands on the handle. Long calls report progress
 * from the calling thread and stop when the callback returns 0. The same input and seed give the same bytes for any
 * number of threads and on any processor. */
#ifndef BLOOM_H
#define BLOOM_H
#include <stdint.h>

#if defined(_WIN32)
#define BLOOM_API __declspec(dllexport)
#else
#define BLOOM_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define BLOOM_ABI_VERSION 5

enum { BLOOM_OK = 0, BLOOM_INVALID = 1, BLOOM_MEMORY = 2, BLOOM_CANCELLED = 3, BLOOM_FILE = 4, BLOOM_DIVERGED = 5 };

typedef struct bloom_flame bloom_flame;
typedef struct bloom_grid bloom_grid;
typedef int32_t (*bloom_progress)(void* user, double fraction); /* 0 cancels */

typedef struct {
  uint64_t iterations; /* plotted steps, all points */
  uint64_t plotted;    /* hits that reached the output */
  uint64_t bad;        /* points lost to infinity or NaN, and started anew */
  uint64_t outside;    /* hits outside the grid's box */
} bloom_statistics;

typedef struct {
  const char* name;
  int32_t parameter_count;
} bloom_variation_info;

typedef struct {
  const char* name;
  double defaults[3]; /* Ember 25, Ember 1.0.0.14, flam3 */
  double low, high;           /* what files are limited to */
  double soft_low, soft_high; /* what is worth trying: a slider's ends */
  int32_t kind; /* 0 real, 1 integer, 2 non-zero integer, 3 non-zero real, 4 cyclic in [low, high] */
} bloom_parameter_info;

typedef struct {
  double low[3];
  double voxel_size;
  int32_t dimensions[3];
  int32_t reserved;
  uint64_t leaf_count;
} bloom_grid_info;

/* How a flame is played. */
typedef struct {
  uint64_t seed;
  int32_t threads;   /* 0: one for every core */
  int32_t in_double; /* 0: in float */
} bloom_play;

/* What is accumulated: about `samples` iterations into a grid of `resolution` voxels along the longest side of the box. */
typedef struct {
  double low[3], high[3];
  double filter; /* hits are spread with a tent of this radius in voxels, 0 to 8; 0: each into the voxel it falls in */
  double fade;   /* hits fade out over this share of each side of the box, 0 to 0.5 */
  uint64_t samples;
  uint64_t memory_limit; /* bytes */
  const float* colors;   /* linear light, 3 each, spread over the palette coordinate: the grid then keeps the exact colour; or null */
  int32_t color_count;
  int32_t resolution;
} bloom_volume;

/* A whole array to make a grid of. Voxel (i, j, k) stands at (k * dimensions[1] + j) * dimensions[0] + i, and is centred at
 * low + (i + 1/2, j + 1/2, k + 1/2) * voxel_size. Where the density is 0, the grid has no voxel. */
typedef struct {
  const float *density, *palette; /* 0 to 65504, 0 to 1 */
  double low[3];
  double voxel_size;
  uint64_t memory_limit; /* bytes */
  int32_t dimensions[3];
  int32_t reserved;
} bloom_dense;

BLOOM_API int32_t bloom_abi_version(void);
BLOOM_API const char* bloom_kernel_name(void); /* v2, v3, v4 or neon */

BLOOM_API int32_t bloom_variation_count(void);
BLOOM_API int32_t bloom_variation(int32_t variation, bloom_variation_info* out);
BLOOM_API int32_t bloom_parameter(int32_t variation, int32_t parameter, bloom_parameter_info* out);

/* Always sets *out (unless there is no memory at all), also on failure: the message is on it. */
BLOOM_API int32_t bloom_flame_open(const double* buffer, uint64_t length, bloom_flame** out);
BLOOM_API const char* bloom_flame_message(const bloom_flame* flame);
BLOOM_API void bloom_flame_close(bloom_flame* flame);

/* Applies xform `xform` (the number of regular ones: the final xform) once to n points of 3 doubles. */
BLOOM_API int32_t bloom_transform(bloom_flame* flame, int32_t xform, int32_t in_double, uint64_t seed, const double* in, uint64_t n, double* out);

/* Fills position (3 floats each), palette, weight, xform (which one made the point) and identity with up to `count` points;
 * *written says how many. The points of two flames that are alike but for their numbers, played with one seed, belong
 * together where their identities are equal: the same chances took them through the same xforms. */
BLOOM_API int32_t bloom_points(bloom_flame* flame, const bloom_play* play, uint64_t count, bloom_progress progress, void* user, float* position,
                               float* palette, float* weight, uint8_t* xform, uint64_t* identity, uint64_t* written, bloom_statistics* statistics);

BLOOM_API int32_t bloom_accumulate(bloom_flame* flame, const bloom_play* play, const bloom_volume* volume, bloom_progress progress, void* user,
                                   bloom_grid** out, bloom_statistics* statistics);

/* Makes a grid whose density is what the array says, times the gain. Sets *out as bloom_flame_open does. */
BLOOM_API int32_t bloom_grid_from_dense(const bloom_dense* dense, bloom_grid** out);
BLOOM_API const char* bloom_grid_message(const bloom_grid* grid);
BLOOM_API void bloom_grid_describe(const bloom_grid* grid, bloom_grid_info* out);
/* Per leaf, sorted: origin 3 int32; mask, density, palette 512 values each in order x, y, z; color 3 times as many, in a grid
 * with colour. Null pointers are skipped. */
BLOOM_API void bloom_grid_leaves(const bloom_grid* grid, double gain, int32_t* origins, uint8_t* mask, float* density, float* palette, float* color);
/* Spreads the hits of sparse voxels: a voxel of n hits with a Gaussian of radius / n^curve voxels (radius 0 to 8, curve 0 to 1). */
BLOOM_API int32_t bloom_grid_estimate(bloom_grid* grid, double radius, double curve, int32_t threads, bloom_progress progress, void* user);
/* Grids `density`, `palette` and, in a grid with colour, `Cd`; compressed: Blosc with LZ4. */
BLOOM_API int32_t bloom_grid_write_vdb(bloom_grid* grid, const char* path, double gain, int32_t half, int32_t compressed);
BLOOM_API void bloom_grid_close(bloom_grid* grid);

/* --- Images ------------------------------------------------------------------------------------------------------------- */

typedef struct bloom_image bloom_image;

/* Ember's camera and the two-dimensional view. Angles in radians. */
typedef struct {
  double center[2];
  double pixels_per_unit;
  double rotate;
  double yaw, pitch, perspective, height, depth_of_field, blur_curve;
} bloom_view;

/* From hits to colours. A cell of weight A shines with k1 ln(1 + k2 A). Radii in cells of the histogram. */
typedef struct {
  double k1, k2;
  double estimator_radius, estimator_minimum, estimator_curve;
  double gamma, gamma_threshold, vibrancy, white, highlight_power;
  double background[3];
  const double* filter; /* weights along one axis */
  const double* curves; /* 4 curves of 4 points: x, y, weight; or null */
  int32_t filter_size;
  int32_t clips_early;
  int32_t transparent;
  int32_t threads;
} bloom_development;

/* A picture of width x height pixels, with a histogram of supersample cells a pixel along each axis and `gutter` cells around.
 * Sets *out as bloom_flame_open does. */
BLOOM_API int32_t bloom_image_open(int32_t width, int32_t height, int32_t supersample, int32_t gutter, uint64_t memory_limit, bloom_image** out);
BLOOM_API const char* bloom_image_message(const bloom_image* image);
/* Adds about `samples` iterations of a flame. `palette`: 4 * 1024 numbers, what a hit of opacity 1 adds to red, green, blue and
 * weight, spread over the palette coordinate; in [0, 1]. `opacity`: what the opacity of each xform counts. */
BLOOM_API int32_t bloom_image_accumulate(bloom_image* image, bloom_flame* flame, const bloom_play* play, const bloom_view* view, const double* palette,
                                         const double* opacity, uint64_t samples, bloom_progress progress, void* user, bloom_statistics* statistics);
/* The sums of the cells, 4 doubles each, row by row, gutter included: for tests, and for those who develop pictures themselves. */
BLOOM_API void bloom_image_cells(bloom_image* image, double* out);
/* Fills width * height * 4 floats: red, green, blue, alpha. */
BLOOM_API int32_t bloom_image_develop(bloom_image* image, const bloom_development* how, bloom_progress progress, void* user, float* out);
BLOOM_API void bloom_image_close(bloom_image* image);

/* --- Recording ---------------------------------------------------------------------------------------------------------- */

/* A tensor of a network that is trained, or a shard of one. */
typedef struct {
  const float* after;    /* its values after the optimizer's step */
  float* before;         /* before it; made equal to `after` */
  const float* gradient; /* or null */
  uint64_t count;
  uint64_t start; /* index of its first value among all parameters of the network */
  uint64_t part;  /* which sketch its update is added to */
  uint64_t layer; /* which squares are added to */
} bloom_tensor;

/* Measures a step in one pass over the parameters. Added are to `squares`, 3 for each layer, the sums of squares of update, values and
 * gradient; to `sketches`, 64 for each part, the updates' sketches (core/bloom_core/trajectories/sketch.py). No two tensors may overlap. */
BLOOM_API int32_t bloom_measure(const bloom_tensor* tensors, uint64_t count, int32_t threads, double* squares, double* sketches);

/* --- Training many small networks --------------------------------------------------------------------------------------- */

/* Networks of one hidden layer of `width` neurons and as many inputs; core/bloom_core/trainability/experiment.py says what is trained, and
 * outcomes.py what comes of it. Data and first weights: `sets` of them, 1 or `count`. Enumerations in the order of the tables there. */
typedef struct {
  const double *inputs, *targets;              /* points * width and points for each set */
  const double *input_weights, *output_weights; /* width * width, from input to neuron, and width for each set */
  const int32_t* batches;                      /* steps * batch_size indices of points; or null: all points at every step */
  const double* values;                        /* 6 * 2 for each network: hyperparameters, each as a number and what that lacks */
  uint64_t count, sets;
  double threshold; /* share of the first loss that `reached` waits for */
  int32_t points, width, steps, batch_size;
  int32_t activation;  /* 0 tanh, 1 ReLU, 2 identity */
  int32_t optimizer;   /* 0 SGD, 1 momentum, 2 Adam */
  int32_t precision;   /* 0 float, 1 double, 2 double-double */
  int32_t sensitivity; /* whether Lyapunov exponents are measured */
  int32_t threads;     /* 0: one for every core */
} bloom_training;

/* Fills outcomes, 8 numbers for each network; *steps_played counts network·steps that were really trained. BLOOM_INVALID: sizes out of range, or
 * data that are not finite; hyperparameters may be anything. */
BLOOM_API int32_t bloom_train(const bloom_training* training, bloom_progress progress, void* user, double* outcomes, uint64_t* steps_played);

#ifdef __cplusplus
}
#endif
#endif
