#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "engine/exchange/row_log.hpp"

namespace dart::runtime {

/// The newest rows that a query writes for whoever looks: what would go to the standard output. From any
/// thread.
class QueryOutput {
 public:
  /// `changed` is called by whoever writes, once until `read` was called again.
  QueryOutput(std::size_t budget_bytes, std::function<void()> changed);

  /// The right of one instance to write; ends for good when the instance is fenced.
  class Writer {
   public:
    Writer(std::shared_ptr<QueryOutput> output, std::uint64_t run);
    void open_sink();
    void write(std::string_view line);
    /// When all its sinks have, nothing more comes.
    void finish_sink();
    void revoke();
    /// Whether some writer of the instance is of this kind.
    [[nodiscard]] bool shows() const;

   private:
    std::shared_ptr<QueryOutput> output_;
    std::uint64_t run_;
    std::size_t sinks_ = 0;
    bool shows_ = false;
    bool revoked_ = false;
  };

  using Piece = engine::exchange::RowLog::Piece;
  [[nodiscard]] Piece read(std::uint64_t run, std::uint64_t first, std::size_t max_bytes);

  /// What is kept of a run, to go on elsewhere with the same numbers.
  void save(std::uint64_t run, ByteWriter& out);
  [[nodiscard]] Status load(std::uint64_t run, ByteReader& in);

 private:
  friend class Writer;
  void start(std::uint64_t run);

  std::mutex mutex_;
  engine::exchange::RowLog log_;
  std::uint64_t run_ = 0;
  bool started_ = false;
  std::function<void()> changed_;
  bool told_ = false;
};

}  // namespace dart::runtime
