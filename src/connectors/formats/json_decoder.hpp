#pragma once

#include <memory>

#include "connectors/decoder.hpp"

namespace dart::connectors {

/// JSON lines: one object a line, a field for a column of the same name. A missing field is NULL, as is null;
/// fields that are no requested column are skipped. Numbers go to columns exactly, from their own digits;
/// numbers, timestamps and intervals may also stand in strings; jsonb takes any value. Of a
/// field that comes twice the last counts. Empty lines are no records.
class JsonDecoder : public Decoder {
 public:
  explicit JsonDecoder(const DecodeRequest& request);
  ~JsonDecoder() override;

  void feed(const InputBlock& block) override;
  [[nodiscard]] std::size_t decode(std::size_t max_records, RowBatch& batch, RowErrorLog& errors) override;
  [[nodiscard]] std::size_t left_over() const override { return block_.size - place_; }

 private:
  class Impl;

  InputBlock block_;
  std::size_t place_ = 0;  // the block is used up to here
  bool skipping_ = false;  // inside a line that is too long and already counted
  std::unique_ptr<Impl> impl_;
};

}  // namespace dart::connectors
