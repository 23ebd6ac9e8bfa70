#include "engine/partial_states.hpp"

#include "columnar/string_ref.hpp"

namespace dart::engine {

using columnar::BoundAggregate;
using columnar::StringRef;

void PartialStates::write(const std::byte* states, std::span<columnar::Vector> columns, std::size_t row) {
  for (std::size_t c = 0; c < layout_->calls().size(); ++c) {
    const BoundAggregate& bound = layout_->calls()[c].bound;
    ByteWriter bytes;
    bound.serialize(bound.parameters.get(), states + layout_->offset(c), bytes);
    columns[c].mutable_data<StringRef>()[row] = columns[c].heap().add(bytes.bytes());
  }
}

Status PartialStates::read(const columnar::Chunk& chunk, std::size_t row) {
  scratch_.grow(1);
  scratch_.reset(0);
  for (std::size_t c = 0; c < layout_->calls().size(); ++c) {
    const AggregateInput& call = layout_->calls()[c];
    const columnar::Vector& column = chunk.columns[call.arguments.front()];
    if (column.is_null(row)) return fail(ErrorCode::Data, "the state of an aggregate is missing");
    ByteReader in(column.at<StringRef>(row).view());
    DART_TRY_STATUS(
        call.bound.deserialize(call.bound.parameters.get(), scratch_.at(0) + layout_->offset(c), in));
    if (in.remaining() != 0) return fail(ErrorCode::Data, "bytes behind the end of an aggregate's state");
  }
  return {};
}

Status PartialStates::combine(const columnar::Chunk& chunk, const std::uint32_t* groups,
                              AggregateStates& states) {
  for (std::size_t row = 0; row < chunk.rows; ++row) {
    DART_TRY_STATUS(read(chunk, row));
    layout_->combine(states.at(groups[row]), scratch_.at(0));
  }
  return {};
}

}  // namespace dart::engine
