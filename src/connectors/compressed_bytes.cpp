#include "connectors/compressed_bytes.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

namespace dart::connectors {

namespace {

/// What both unpackers share: a buffer of packed bytes, and when to ask for more of them.
class Unpacker : public ByteSource {
 public:
  Unpacker(std::unique_ptr<ByteSource> packed, std::string name)
      : packed_(std::move(packed)), name_(std::move(name)) {}

  Result<ByteRead> read(char* into, std::size_t room) override {
    while (true) {
      DART_TRY(const std::size_t made, unpack(into, room));
      if (made > 0) return ByteRead{made, false};
      if (input_ended_) {
        if (inside_member()) return damaged("it ends too early");
        return ByteRead{0, true};
      }
      DART_TRY(const ByteRead got, packed_->read(buffer_.data(), buffer_.size()));
      if (got.bytes == 0 && !got.end) return ByteRead{};
      input_ended_ = got.end;
      rest_ = std::string_view(buffer_.data(), got.bytes);
    }
  }
  int ready_fd() const override { return packed_->ready_fd(); }

 protected:
  /// Unpacks from rest_; 0 when that gives nothing before more input has come.
  virtual Result<std::size_t> unpack(char* into, std::size_t room) = 0;
  [[nodiscard]] virtual bool inside_member() const = 0;
  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view why) const {
    return fail(ErrorCode::Data, fmt::format("cannot unpack {}: {}", name_, why));
  }

  std::string_view rest_;

 private:
  std::unique_ptr<ByteSource> packed_;
  std::string name_;
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
  bool input_ended_ = false;
};

class GzipSource : public Unpacker {
 public:
  using Unpacker::Unpacker;
  ~GzipSource() override {
    if (open_) inflateEnd(&stream_);
  }

 protected:
  Result<std::size_t> unpack(char* into, std::size_t room) override {
    constexpr int kGzipOnly = 15 + 16;
    std::size_t made = 0;
    while (made == 0 && (!rest_.empty() || open_)) {
      if (!open_) {
        stream_ = z_stream{};
        if (inflateInit2(&stream_, kGzipOnly) != Z_OK) return damaged("out of memory");
        open_ = true;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));
      stream_.avail_in = static_cast<uInt>(rest_.size());
      stream_.next_out = reinterpret_cast<Bytef*>(into);
      stream_.avail_out = static_cast<uInt>(room);
      const int code = inflate(&stream_, Z_NO_FLUSH);
      rest_.remove_prefix(rest_.size() - stream_.avail_in);
      made = room - stream_.avail_out;
      if (code == Z_STREAM_END) {
        inflateEnd(&stream_);
        open_ = false;
      } else if (code == Z_BUF_ERROR) {
        break;
      } else if (code != Z_OK) {
        return damaged(stream_.msg != nullptr ? stream_.msg : "not gzip data");
      }
    }
    return made;
  }
  bool inside_member() const override { return open_; }

 private:
  z_stream stream_{};
  bool open_ = false;
};

class ZstdSource : public Unpacker {
 public:
  using Unpacker::Unpacker;

 protected:
  Result<std::size_t> unpack(char* into, std::size_t room) override {
    ZSTD_outBuffer out{into, room, 0};
    while (out.pos == 0) {
      ZSTD_inBuffer in{rest_.data(), rest_.size(), 0};
      const std::size_t hint = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(hint) != 0) return damaged(ZSTD_getErrorName(hint));
      const bool stuck = in.pos == 0 && out.pos == 0;
      rest_.remove_prefix(in.pos);
      if (!stuck) inside_ = hint != 0;
      if (stuck || (rest_.empty() && out.pos == 0)) break;
    }
    return out.pos;
  }
  bool inside_member() const override { return inside_; }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> stream_{ZSTD_createDStream()};
  bool inside_ = false;
};

}  // namespace

Compression compression_of(std::string_view path, std::string_view head) {
  if (head.starts_with("\x1f\x8b")) return Compression::Gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::Zstd;
  if (head.size() >= 4) return Compression::None;
  if (path.ends_with(".gz")) return Compression::Gzip;
  if (path.ends_with(".zst")) return Compression::Zstd;
  return Compression::None;
}

Result<std::unique_ptr<ByteSource>> decompressed(Compression compression, std::unique_ptr<ByteSource> packed,
                                                 std::string name) {
  if (compression == Compression::Gzip)
    return std::make_unique<GzipSource>(std::move(packed), std::move(name));
  if (compression == Compression::Zstd)
    return std::make_unique<ZstdSource>(std::move(packed), std::move(name));
  return packed;
}

}  // namespace dart::connectors
