#include <array>

#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"

namespace dart::columnar {

namespace {

class Count {
 public:
  static void update(BoundAggregate::Parameters, const AggregateRows& rows) {
    if (rows.groups == nullptr && rows.weights == nullptr) {
      reinterpret_cast<Count*>(rows.states)->count_ += static_cast<std::int64_t>(rows.count);
      return;
    }
    for_each_row<Count>(rows, [](Count& state, std::size_t, auto weight) { state.count_ += weight; });
  }
  void combine(const Count& other) { count_ += other.count_; }
  bool finalize(BoundAggregate::Parameters, Vector& out, std::size_t row) const {
    out.mutable_data<std::int64_t>()[row] = count_;
    return false;
  }
  void serialize(ByteWriter& out) const { out.fixed(count_); }
  Status deserialize(ByteReader& in) {
    DART_TRY(count_, read_count(in));
    return {};
  }

 private:
  std::int64_t count_ = 0;
};

Result<BoundAggregate> bind_count(std::span<const LogicalType>, std::span<const Value* const>, bool) {
  return bound_as<Count>(LogicalType::of(TypeId::BigInt));
}

}  // namespace

std::span<const AggregateFunction> count_aggregates() {
  static const std::array kList = {
      AggregateFunction{"count", {}, bind_count, "the number of rows"},
      AggregateFunction{
          "count", {TypeId::Null}, bind_count, "the number of rows where the argument is not NULL"},
  };
  return kList;
}

}  // namespace dart::columnar
