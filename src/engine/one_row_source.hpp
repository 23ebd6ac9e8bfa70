#pragma once

#include "engine/connector.hpp"

namespace dart::engine {

/// What a SELECT without FROM reads: one row without columns, then the end.
class OneRowSource final : public Source {
 public:
  [[nodiscard]] Result<ReadOutcome> read(TimePoint now, std::size_t /*max_rows*/, Chunk& out) override {
    out = Chunk();
    out.rows = 1;
    out.steps.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), 1);
    out.steps.mutable_data<std::int64_t>()[0] = 1;
    return ReadOutcome{1, true, std::nullopt, 1, 1, now, now, 0};
  }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  std::map<std::string, std::uint64_t> errors_;
};

}  // namespace dart::engine
