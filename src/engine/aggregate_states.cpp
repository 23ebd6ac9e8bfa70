#include "engine/aggregate_states.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/check.hpp"

namespace dart::engine {

using columnar::BoundAggregate;
using columnar::Chunk;
using columnar::Vector;

AggregateLayout::AggregateLayout(std::vector<AggregateInput> calls) : calls_(std::move(calls)) {
  for (const AggregateInput& call : calls_) {
    offsets_.push_back(stride_);
    stride_ += (call.bound.state_size + 7) / 8 * 8;
    owns_memory_ = owns_memory_ || call.bound.destroy != nullptr;
  }
}

void AggregateLayout::init(std::byte* states) const {
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    calls_[c].bound.init(calls_[c].bound.parameters.get(), states + offsets_[c]);
  }
}

void AggregateLayout::destroy(std::byte* states) const {
  if (!owns_memory_) return;
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    const BoundAggregate& bound = calls_[c].bound;
    if (bound.destroy != nullptr) bound.destroy(bound.parameters.get(), states + offsets_[c]);
  }
}

void AggregateLayout::combine(std::byte* into, const std::byte* from) const {
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    const BoundAggregate& bound = calls_[c].bound;
    bound.combine(bound.parameters.get(), into + offsets_[c], from + offsets_[c]);
  }
}

void AggregateLayout::serialize(const std::byte* states, ByteWriter& out) const {
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    const BoundAggregate& bound = calls_[c].bound;
    bound.serialize(bound.parameters.get(), states + offsets_[c], out);
  }
}

Status AggregateLayout::deserialize(std::byte* states, ByteReader& in) const {
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    const BoundAggregate& bound = calls_[c].bound;
    DART_TRY_STATUS(bound.deserialize(bound.parameters.get(), states + offsets_[c], in));
  }
  return {};
}

std::size_t AggregateLayout::owned_bytes(const std::byte* states) const {
  std::size_t bytes = 0;
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    const BoundAggregate& bound = calls_[c].bound;
    if (bound.owned_bytes != nullptr)
      bytes += bound.owned_bytes(bound.parameters.get(), states + offsets_[c]);
  }
  return bytes;
}

AggregateStates::AggregateStates(AggregateStates&& other) noexcept
    : layout_(other.layout_),
      bytes_(std::move(other.bytes_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

AggregateStates& AggregateStates::operator=(AggregateStates&& other) noexcept {
  if (this == &other) return *this;
  clear();
  layout_ = other.layout_;
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void AggregateStates::grow(std::size_t groups) {
  if (groups <= size_) return;
  const std::size_t stride = layout_->stride();
  if (groups > capacity_) {
    capacity_ = std::max({groups, capacity_ * 2, std::size_t{16}});
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity_ * stride + 1);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_ * stride);
    bytes_ = std::move(larger);
  }
  for (; size_ < groups; ++size_) layout_->init(at(size_));
}

void AggregateStates::reset(std::size_t group) {
  layout_->destroy(at(group));
  layout_->init(at(group));
}

void AggregateStates::clear() {
  if (layout_->owns_memory()) {
    for (std::size_t g = 0; g < size_; ++g) layout_->destroy(at(g));
  }
  size_ = 0;
}

std::size_t AggregateStates::bytes() const {
  std::size_t bytes = capacity_ * layout_->stride();
  if (layout_->owns_memory()) {
    for (std::size_t g = 0; g < size_; ++g) bytes += layout_->owned_bytes(at(g));
  }
  return bytes;
}

AggregateFeed::AggregateFeed(const AggregateLayout& layout)
    : layout_(&layout), calls_(layout.calls().size()) {}

void AggregateFeed::prepare(const Chunk& chunk, std::size_t first) {
  if (identity_.size() < chunk.rows) {
    identity_.resize(chunk.rows);
    std::iota(identity_.begin(), identity_.end(), 0U);
  }
  for (std::size_t c = 0; c < calls_.size(); ++c) select(chunk, layout_->calls()[c], first, calls_[c]);
}

void AggregateFeed::select(const Chunk& chunk, const AggregateInput& input, std::size_t first, Call& call) {
  call.cursor = 0;
  call.arguments.clear();
  call.all = !input.filter;
  for (const std::uint32_t column : input.arguments) {
    call.arguments.push_back(&chunk.columns[column]);
    if (input.bound.skips_null && chunk.columns[column].has_nulls()) call.all = false;
  }
  if (input.position) {
    call.flat_position = chunk.columns[*input.position].flattened(chunk.rows);
    call.positions = call.flat_position.data<std::int64_t>();
  }
  if (call.all) return;
  call.selection.clear();
  const Vector* filter = input.filter ? &chunk.columns[*input.filter] : nullptr;
  for (auto r = static_cast<std::uint32_t>(first); r < chunk.rows; ++r) {
    if (filter != nullptr && (filter->is_null(r) || filter->at<std::uint8_t>(r) == 0)) continue;
    const bool null = input.bound.skips_null && std::any_of(call.arguments.begin(), call.arguments.end(),
                                                            [&](const Vector* v) { return v->is_null(r); });
    if (!null) call.selection.push_back(r);
  }
}

void AggregateFeed::update(const Chunk& chunk, std::size_t begin, std::size_t end,
                           const std::uint32_t* groups, std::byte* states) {
  for (std::size_t c = 0; c < calls_.size(); ++c) {
    Call& call = calls_[c];
    const std::uint32_t* selection = nullptr;
    std::size_t count = end - begin;
    if (!call.all) {
      const std::size_t first = call.cursor;
      while (call.cursor < call.selection.size() && call.selection[call.cursor] < end) ++call.cursor;
      selection = call.selection.data() + first;
      count = call.cursor - first;
      if (count == 0) continue;
    } else if (begin > 0) {
      selection = identity_.data() + begin;
    }
    const BoundAggregate& bound = layout_->calls()[c].bound;
    bound.update(bound.parameters.get(), {call.arguments, selection, count, groups, chunk.weight_data(),
                                          call.positions, states + layout_->offset(c), layout_->stride()});
  }
}

}  // namespace dart::engine
