#include "engine/row_store.hpp"

#include <cstring>

namespace dart::engine {

using columnar::PhysicalType;
using columnar::StringRef;
using columnar::Vector;
using columnar::visit_physical;

RowStore::RowStore(std::vector<columnar::LogicalType> types) : types_(std::move(types)) {
  std::size_t offset = (types_.size() + 63) / 64 * 8;  // NULL bits
  for (std::size_t c = 0; c < types_.size(); ++c) {
    physical_.push_back(types_[c].physical());
    offsets_.push_back(static_cast<std::uint32_t>(offset));
    if (physical_[c] == PhysicalType::String) string_columns_.push_back(static_cast<std::uint32_t>(c));
    offset += (columnar::width_of(physical_[c]) + 7) / 8 * 8;
  }
  width_ = std::max<std::size_t>(8, offset);
}

RowStore::~RowStore() { clear(); }

void RowStore::clear() {
  if (!string_columns_.empty() && size_ > 0) {
    std::vector<bool> is_free(end_);
    for (const Slot slot : free_) is_free[slot] = true;
    for (Slot slot = 0; slot < end_; ++slot) {
      if (!is_free[slot]) release_strings(slot);
    }
  }
  blocks_.clear();
  free_.clear();
  end_ = 0;
  size_ = 0;
  strings_.clear();
}

RowStore::Slot RowStore::allocate() {
  ++size_;
  if (!free_.empty()) {
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  if ((end_ >> kBlockShift) == blocks_.size()) {
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kBlockRows * width_));
  }
  return end_++;
}

StringRef RowStore::own(std::string_view text) {
  if (text.size() <= StringRef::kInline) return StringRef(text);
  char* bytes = strings_.take(text.size());
  std::memcpy(bytes, text.data(), text.size());
  return StringRef(std::string_view(bytes, text.size()));
}

void RowStore::release_strings(Slot slot) {
  for (const std::uint32_t c : string_columns_) {
    if (is_null(slot, c)) continue;
    const StringRef text = get<StringRef>(slot, c);
    if (text.is_inline()) continue;
    strings_.give_back(text.data(), text.size());
  }
}

void RowStore::store(std::byte* place, std::span<const Vector* const> columns, std::size_t row) {
  const std::uint64_t no_nulls = 0;
  for (std::size_t word = 0; word < (types_.size() + 63) / 64; ++word)
    std::memcpy(place + 8 * word, &no_nulls, 8);
  for (std::size_t c = 0; c < types_.size(); ++c) {
    const Vector& column = *columns[c];
    std::byte* cell = place + offsets_[c];
    if (column.is_null(row)) {
      place[c / 8] |= static_cast<std::byte>(1U << (c % 8));
      continue;
    }
    switch (physical_[c]) {
      case PhysicalType::Int64:
      case PhysicalType::Double:
        std::memcpy(cell, &column.at<std::int64_t>(row), 8);
        break;
      case PhysicalType::Bool:
        std::memcpy(cell, &column.at<std::uint8_t>(row), 1);
        break;
      case PhysicalType::Int128:
        std::memcpy(cell, &column.at<int128>(row), 16);
        break;
      case PhysicalType::String: {
        const StringRef& text = column.at<StringRef>(row);
        const StringRef owned = text.is_inline() ? text : own(text.view());
        std::memcpy(cell, &owned, sizeof owned);
        break;
      }
    }
  }
}

RowStore::Slot RowStore::insert(std::span<const Vector* const> columns, std::size_t row) {
  const Slot slot = allocate();
  store(row_at(slot), columns, row);
  return slot;
}

void RowStore::assign(Slot slot, std::span<const Vector* const> columns, std::size_t row) {
  release_strings(slot);
  store(row_at(slot), columns, row);
}

void RowStore::erase(Slot slot) {
  release_strings(slot);
  free_.push_back(slot);
  --size_;
}

bool RowStore::equal_column(Slot slot, std::size_t column, const Vector& with, std::size_t row) const {
  const bool null = is_null(slot, column);
  if (null != with.is_null(row)) return false;
  if (null) return true;
  return visit_physical(physical_[column], [&](auto tag) {
    using T = decltype(tag);
    return same<T>(get<T>(slot, column), with.at<T>(row));
  });
}

bool RowStore::equal(Slot slot, std::span<const Vector* const> columns, std::size_t row) const {
  for (std::size_t c = 0; c < types_.size(); ++c) {
    const Vector& with = *columns[c];
    // The common case inline: whole numbers without NULL.
    if (physical_[c] == PhysicalType::Int64 && !with.has_nulls() && !is_null(slot, c)) {
      if (get<std::int64_t>(slot, c) != with.at<std::int64_t>(row)) return false;
      continue;
    }
    if (!equal_column(slot, c, with, row)) return false;
  }
  return true;
}

std::uint64_t RowStore::hash_column(Slot slot, std::size_t column) const {
  if (is_null(slot, column)) return kNullHash;
  return visit_physical(physical_[column],
                        [&](auto tag) { return hash_of(get<decltype(tag)>(slot, column)); });
}

std::uint64_t RowStore::hash(Slot slot, std::span<const std::uint32_t> columns) const {
  std::uint64_t hash = kNullHash;
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const std::uint64_t h = hash_column(slot, columns[k]);
    hash = k == 0 ? h : hash_combine(hash, h);
  }
  return hash;
}

std::uint64_t RowStore::hash(Slot slot) const {
  std::uint64_t hash = kNullHash;
  for (std::size_t c = 0; c < types_.size(); ++c) {
    const std::uint64_t h = hash_column(slot, c);
    hash = c == 0 ? h : hash_combine(hash, h);
  }
  return hash;
}

int RowStore::compare(Slot a, Slot b, std::size_t column) const {
  const bool a_null = is_null(a, column);
  const bool b_null = is_null(b, column);
  if (a_null || b_null) return static_cast<int>(a_null) - static_cast<int>(b_null);
  return visit_physical(physical_[column], [&](auto tag) {
    using T = decltype(tag);
    return compare_values<T>(get<T>(a, column), get<T>(b, column));
  });
}

int RowStore::compare(Slot a, const Vector& with, std::size_t row, std::size_t column) const {
  const bool a_null = is_null(a, column);
  const bool b_null = with.is_null(row);
  if (a_null || b_null) return static_cast<int>(a_null) - static_cast<int>(b_null);
  return visit_physical(physical_[column], [&](auto tag) {
    using T = decltype(tag);
    return compare_values<T>(get<T>(a, column), with.at<T>(row));
  });
}

void RowStore::read(std::size_t column, std::span<const Slot> slots, Vector& out, std::size_t at) const {
  visit_physical(physical_[column], [&](auto tag) {
    using T = decltype(tag);
    T* to = out.mutable_data<T>() + at;
    const std::size_t offset = offsets_[column];
    const std::size_t null_byte = column / 8;
    const auto null_bit = static_cast<unsigned char>(1U << (column % 8));
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const unsigned char* from = slots[k] == kNone ? nullptr : row(slots[k]);
      if (from == nullptr || (from[null_byte] & null_bit) != 0) {
        to[k] = T{};
        out.set_null(at + k);
        continue;
      }
      std::memcpy(static_cast<void*>(to + k), from + offset, sizeof(T));
      if constexpr (std::is_same_v<T, StringRef>) {
        if (!to[k].is_inline()) to[k] = out.heap().add(to[k].view());
      }
    }
  });
}

void RowStore::write_row(Slot slot, ByteWriter& out) const {
  if (types_.empty()) out.fixed<std::uint8_t>(0);  // a count of rows is never more than their bytes
  for (std::size_t c = 0; c < types_.size(); ++c) {
    out.fixed<std::uint8_t>(is_null(slot, c) ? 1 : 0);
    if (is_null(slot, c)) continue;
    visit_physical(physical_[c], [&](auto tag) {
      using T = decltype(tag);
      if constexpr (std::is_same_v<T, StringRef>) {
        out.text(get<T>(slot, c).view());
      } else {
        out.fixed<T>(get<T>(slot, c));
      }
    });
  }
}

Result<RowStore::Slot> RowStore::read_row(ByteReader& in) {
  if (types_.empty()) {
    DART_TRY([[maybe_unused]] const auto nothing, in.fixed<std::uint8_t>());
  }
  std::vector<Vector> cells(types_.size());
  std::vector<const Vector*> columns;
  for (std::size_t c = 0; c < types_.size(); ++c) {
    cells[c].reset(types_[c], 1);
    columns.push_back(&cells[c]);
    DART_TRY(const std::uint8_t null, in.fixed<std::uint8_t>());
    if (null > 1) return fail(ErrorCode::Data, "a row that is cut wrongly");
    if (null != 0) {
      cells[c].set_null(0);
      continue;
    }
    DART_TRY_STATUS(visit_physical(physical_[c], [&](auto tag) -> Status {
      using T = decltype(tag);
      if constexpr (std::is_same_v<T, StringRef>) {
        DART_TRY(const std::string_view text, in.text());
        cells[c].mutable_data<T>()[0] = cells[c].heap().add(text);
      } else {
        DART_TRY(const T value, in.fixed<T>());
        if constexpr (std::is_same_v<T, std::uint8_t>) {
          if (value > 1) return fail(ErrorCode::Data, "a boolean that is neither true nor false");
        }
        cells[c].mutable_data<T>()[0] = value;
      }
      return {};
    }));
  }
  return insert(columns, 0);
}

}  // namespace dart::engine
