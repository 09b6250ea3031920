// A file being written: buffered, counting, and remembering the first failure, which whoever writes may ignore until the end.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <vector>

#include "utf8_file.h"

namespace bloom {

class VdbStream {
 public:
  explicit VdbStream(FILE* file) : file_(file) { buffer_.reserve(kBuffer); }

  void bytes(const void* data, size_t n) {
    const char* from = static_cast<const char*>(data);
    if (buffer_.size() + n > kBuffer) flush();
    if (n > kBuffer) write(from, n);
    else buffer_.insert(buffer_.end(), from, from + n);
    position_ += n;
  }
  template <class T>
  void value(T v) { bytes(&v, sizeof v); }
  void text(const char* s) {
    value(uint32_t(strlen(s)));
    bytes(s, strlen(s));
  }
  void metadata(const char* name, const char* type, const void* data, uint32_t size) {
    text(name);
    text(type);
    value(size);
    bytes(data, size);
  }
  void metadata(const char* name, const char* value) { metadata(name, "string", value, uint32_t(strlen(value))); }

  uint64_t position() const { return position_; }
  void overwrite(uint64_t at, const void* data, size_t n) {
    flush();
    if (seek_file(file_, at) != 0 || fwrite(data, 1, n, file_) != n || seek_file(file_, position_) != 0) fail();
  }
  int finish() {
    flush();
    if (fflush(file_) != 0) fail();
    return error_;
  }

 private:
  static constexpr size_t kBuffer = 1 << 20;
  void flush() {
    write(buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  void write(const char* from, size_t n) {
    if (n && !error_ && fwrite(from, 1, n, file_) != n) fail();
  }
  void fail() {
    if (!error_) error_ = errno ? errno : EIO;
  }
  FILE* file_;
  std::vector<char> buffer_;
  uint64_t position_ = 0;
  int error_ = 0;
};

}  // namespace bloom
