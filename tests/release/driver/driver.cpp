// Plays jobs with a wheel's library where there is no Python to do it: in Wine, under qemu, on a bare machine.
//   driver LIBRARY JOBS RESULTS
// JOBS is what tests/release/jobs.py writes; RESULTS holds, job after job, what the library gave. Exit codes: 2 no library or not Bloom's,
// 3 a job that failed, whose message goes to stderr, 4 no file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <vector>

#include "../../../core/native/bloom.h"

#if defined(_WIN32)
#include <windows.h>
static void* open_library(const char* path) {
  wchar_t wide[4096];
  MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
  return (void*)LoadLibraryW(wide);
}
static void* symbol(void* library, const char* name) { return (void*)GetProcAddress((HMODULE)library, name); }
#else
#include <dlfcn.h>
static void* open_library(const char* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) fprintf(stderr, "%s\n", dlerror());
  return library;
}
static void* symbol(void* library, const char* name) { return dlsym(library, name); }
#endif

namespace {

void* library;

template <class Function>
Function* find(const char* name) {
  void* found = symbol(library, name);
  if (!found) {
    fprintf(stderr, "the library has no %s\n", name);
    exit(2);
  }
  return reinterpret_cast<Function*>(found);
}
#define CALL(name) find<decltype(name)>(#name)

class Jobs {
 public:
  explicit Jobs(const char* path) {
    FILE* file = fopen(path, "rb");
    if (!file) exit(4);
    char buffer[65536];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) bytes_.append(buffer, n);
    fclose(file);
  }
  bool more() const { return at_ < bytes_.size(); }
  template <class T>
  T take() {
    T value;
    memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  // A count, then as many values.
  template <class T>
  std::vector<T> list() {
    std::vector<T> out(take<uint64_t>());
    memcpy(out.data(), bytes_.data() + at_, out.size() * sizeof(T));
    at_ += out.size() * sizeof(T);
    return out;
  }
  std::string text() {
    std::vector<char> characters = list<char>();
    return {characters.begin(), characters.end()};
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

FILE* results;

template <class T>
void give(const T* values, uint64_t count) { fwrite(values, sizeof(T), count, results); }
template <class T>
void give(const std::vector<T>& values) { give(values.data(), values.size()); }

void check(int32_t code, const char* what, const char* message) {
  if (code == BLOOM_OK) return;
  fprintf(stderr, "%s: code %d: %s\n", what, int(code), message);
  exit(3);
}

struct Flame {
  bloom_flame* handle = nullptr;
  explicit Flame(Jobs& jobs) {
    std::vector<double> buffer = jobs.list<double>();
    int32_t code = CALL(bloom_flame_open)(buffer.data(), buffer.size(), &handle);
    check(code, "bloom_flame_open", message());
  }
  ~Flame() { CALL(bloom_flame_close)(handle); }
  const char* message() const { return CALL(bloom_flame_message)(handle); }
};

int32_t go_on(void*, double) { return 1; }

void transform(Jobs& jobs) {
  Flame flame(jobs);
  int32_t in_double = jobs.take<int32_t>();
  uint64_t seed = jobs.take<uint64_t>();
  std::vector<double> points = jobs.list<double>(), out(points.size());
  check(CALL(bloom_transform)(flame.handle, 0, in_double, seed, points.data(), points.size() / 3, out.data()), "bloom_transform", flame.message());
  give(out);
}

void points(Jobs& jobs) {
  Flame flame(jobs);
  bloom_play play = jobs.take<bloom_play>();
  uint64_t count = jobs.take<uint64_t>(), written = 0;
  std::vector<float> position(3 * count), palette(count), weight(count);
  std::vector<uint8_t> xform(count);
  std::vector<uint64_t> identity(count);
  bloom_statistics statistics;
  check(CALL(bloom_points)(flame.handle, &play, count, go_on, nullptr, position.data(), palette.data(), weight.data(), xform.data(), identity.data(),
                           &written, &statistics), "bloom_points", flame.message());
  give(&written, 1), give(position), give(palette), give(weight), give(xform), give(identity), give(&statistics, 1);
}

// A volume, estimated and written to a file, whose name is UTF-8.
void volume(Jobs& jobs) {
  Flame flame(jobs);
  bloom_play play = jobs.take<bloom_play>();
  bloom_volume volume = jobs.take<bloom_volume>();
  std::vector<float> colors = jobs.list<float>();
  double radius = jobs.take<double>();
  int32_t half = jobs.take<int32_t>(), compressed = jobs.take<int32_t>();
  std::string path = jobs.text();
  volume.colors = colors.empty() ? nullptr : colors.data();
  volume.color_count = int32_t(colors.size() / 3);
  bloom_grid* grid = nullptr;
  bloom_statistics statistics;
  check(CALL(bloom_accumulate)(flame.handle, &play, &volume, go_on, nullptr, &grid, &statistics), "bloom_accumulate", flame.message());
  auto message = CALL(bloom_grid_message);
  if (radius > 0) check(CALL(bloom_grid_estimate)(grid, radius, 0.4, play.threads, go_on, nullptr), "bloom_grid_estimate", message(grid));
  check(CALL(bloom_grid_write_vdb)(grid, path.c_str(), 5.0, half, compressed), "bloom_grid_write_vdb", message(grid));
  CALL(bloom_grid_close)(grid);
  give(&statistics, 1);
}

void image(Jobs& jobs) {
  Flame flame(jobs);
  bloom_play play = jobs.take<bloom_play>();
  bloom_view view = jobs.take<bloom_view>();
  bloom_development how = jobs.take<bloom_development>();
  int32_t width = jobs.take<int32_t>(), height = jobs.take<int32_t>(), supersample = jobs.take<int32_t>(), gutter = jobs.take<int32_t>();
  uint64_t samples = jobs.take<uint64_t>();
  std::vector<double> palette = jobs.list<double>(), opacity = jobs.list<double>(), filter = jobs.list<double>();
  how.filter = filter.data(), how.filter_size = int32_t(filter.size()), how.curves = nullptr;
  bloom_image* picture = nullptr;
  bloom_statistics statistics;
  auto message = CALL(bloom_image_message);
  check(CALL(bloom_image_open)(width, height, supersample, gutter, uint64_t(1) << 30, &picture), "bloom_image_open", message(picture));
  check(CALL(bloom_image_accumulate)(picture, flame.handle, &play, &view, palette.data(), opacity.data(), samples, go_on, nullptr, &statistics),
        "bloom_image_accumulate", message(picture));
  std::vector<float> pixels(size_t(width) * height * 4);
  check(CALL(bloom_image_develop)(picture, &how, go_on, nullptr, pixels.data()), "bloom_image_develop", message(picture));
  CALL(bloom_image_close)(picture);
  give(pixels), give(&statistics, 1);
}

void measure(Jobs& jobs) {
  int32_t threads = jobs.take<int32_t>();
  std::vector<float> after = jobs.list<float>(), before = jobs.list<float>(), gradient = jobs.list<float>();
  bloom_tensor tensor{after.data(), before.data(), gradient.data(), after.size(), 0, 0, 0};
  std::vector<double> squares(3), sketches(64);
  check(CALL(bloom_measure)(&tensor, 1, threads, squares.data(), sketches.data()), "bloom_measure", "");
  give(squares), give(sketches);
}

// A problem that all networks share; hyperparameters and what else is asked.
void train(Jobs& jobs) {
  bloom_training training = jobs.take<bloom_training>();
  std::vector<double> inputs = jobs.list<double>(), targets = jobs.list<double>(), input_weights = jobs.list<double>();
  std::vector<double> output_weights = jobs.list<double>(), values = jobs.list<double>(), outcomes(training.count * 8);
  training.inputs = inputs.data(), training.targets = targets.data(), training.values = values.data(), training.batches = nullptr;
  training.input_weights = input_weights.data(), training.output_weights = output_weights.data();
  uint64_t played = 0;
  check(CALL(bloom_train)(&training, go_on, nullptr, outcomes.data(), &played), "bloom_train", "");
  give(outcomes), give(&played, 1);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 1;
  library = open_library(arguments[1]);
  if (!library) return 2;
  if (CALL(bloom_abi_version)() != BLOOM_ABI_VERSION) {
    fprintf(stderr, "the library speaks another version of the ABI\n");
    return 2;
  }
  void (*const kinds[])(Jobs&) = {transform, points, volume, image, measure, train};
  Jobs jobs(arguments[2]);
  results = fopen(arguments[3], "wb");
  if (!results) return 4;
  while (jobs.more()) kinds[jobs.take<uint32_t>()](jobs);
  printf("%s %d\n", CALL(bloom_kernel_name)(), int(CALL(bloom_variation_count)()));
  return fclose(results) == 0 ? 0 : 4;
}
