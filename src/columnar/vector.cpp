#include "columnar/vector.hpp"

#include <algorithm>
#include <new>

#include "columnar/value.hpp"

namespace dart::columnar {

namespace {

constexpr std::size_t kAlignment = 64;

std::shared_ptr<std::byte[]> allocate_bytes(std::size_t bytes) {
  auto* place = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlignment}));
  return {place, [](std::byte* p) { ::operator delete (p, std::align_val_t{kAlignment}); }};
}

}  // namespace

std::shared_ptr<std::uint64_t[]> make_validity(std::size_t rows) {
  const std::size_t words = std::max<std::size_t>(1, validity_words(rows));
  auto validity = std::make_shared_for_overwrite<std::uint64_t[]>(words);
  std::fill_n(validity.get(), words, ~std::uint64_t{0});
  return validity;
}

Vector Vector::constant(const Value& value) {
  Vector v;
  v.reset(value.type(), 1);
  v.set_value(0, value);
  v.make_constant();
  return v;
}

void Vector::reset(LogicalType type, std::size_t rows) {
  const std::size_t bytes = std::max<std::size_t>(1, rows) * width_of(type.physical());
  if (!buffer_ || bytes > capacity_ || buffer_.use_count() > 1) {
    capacity_ = std::max<std::size_t>(bytes, 64);
    buffer_ = allocate_bytes(capacity_);
  }
  owner_.reset();
  data_ = buffer_.get();
  type_ = type;
  constant_ = false;
  validity_.reset();
  if (heap_) {
    if (heap_.use_count() > 1) {
      heap_.reset();
    } else {
      heap_->clear();
    }
  }
  validity_words_ = validity_words(std::max<std::size_t>(1, capacity_ / width_of(type.physical())));
}

void Vector::set_null(std::size_t row) {
  if (!validity_) validity_ = make_validity(validity_words_ * 64);
  validity_[static_cast<std::ptrdiff_t>(row / 64)] &= ~(std::uint64_t{1} << (row % 64));
}

void Vector::merge_nulls(const Vector& other, std::size_t rows) {
  if (!other.validity_) return;
  if (other.constant_) {
    if (!other.is_null(0)) return;
    validity_ = make_validity(validity_words_ * 64);
    std::fill_n(validity_.get(), validity_words(rows), std::uint64_t{0});
    return;
  }
  if (!validity_) validity_ = make_validity(validity_words_ * 64);
  for (std::size_t w = 0; w < validity_words(rows); ++w) validity_.get()[w] &= other.validity_.get()[w];
}

StringHeap& Vector::heap() {
  if (!heap_) heap_ = std::make_shared<StringHeap>();
  return *heap_;
}

void Vector::share_heap(const Vector& other) {
  if (other.owner_) heap().retain(other.owner_);
  if (!other.heap_ || other.heap_ == heap_) return;
  if (!heap_) {
    heap_ = other.heap_;
  } else if (heap_.use_count() == 1) {
    heap_->retain(other.heap_);
  } else {
    auto joined = std::make_shared<StringHeap>();
    joined->retain(heap_);
    joined->retain(other.heap_);
    heap_ = std::move(joined);
  }
}

Value Vector::value(std::size_t row) const {
  if (is_null(row)) return Value::null(type_);
  return visit_physical(type_.physical(), [&](auto tag) {
    using T = decltype(tag);
    return Value::of(type_, at<T>(row));
  });
}

void Vector::set_value(std::size_t row, const Value& value) {
  if (value.is_null()) {
    visit_physical(type_.physical(), [&](auto tag) {
      using T = decltype(tag);
      mutable_data<T>()[row] = T{};
    });
    set_null(row);
    return;
  }
  visit_physical(type_.physical(), [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, StringRef>) {
      mutable_data<T>()[row] = heap().add(value.text());
    } else {
      mutable_data<T>()[row] = value.get<T>();
    }
  });
}

void Vector::gather(const std::uint32_t* rows, std::size_t count, Vector& out) const {
  DART_DCHECK(&out != this);
  if (constant_) {
    out = *this;
    return;
  }
  out.reset(type_, count);
  visit_physical(type_.physical(), [&](auto tag) {
    using T = decltype(tag);
    const T* from = data<T>();
    T* to = out.mutable_data<T>();
    for (std::size_t k = 0; k < count; ++k) to[k] = from[rows[k]];
  });
  if (type_.physical() == PhysicalType::String) out.share_heap(*this);
  if (!validity_) return;
  for (std::size_t k = 0; k < count; ++k) {
    if (is_null(rows[k])) out.set_null(k);
  }
}

Vector Vector::slice(std::size_t begin, std::size_t count) const {
  if (constant_ || begin == 0) return *this;
  Vector v = *this;
  const std::size_t width = width_of(type_.physical());
  if (!v.owner_) v.owner_ = v.buffer_;
  v.buffer_.reset();
  v.capacity_ = 0;
  v.data_ = data_ + begin * width;
  if (validity_) {
    v.validity_ = make_validity(count);
    for (std::size_t k = 0; k < count; ++k) {
      if (is_null(begin + k))
        v.validity_[static_cast<std::ptrdiff_t>(k / 64)] &= ~(std::uint64_t{1} << (k % 64));
    }
  }
  return v;
}

Vector Vector::flattened(std::size_t rows) const {
  if (!constant_) return *this;
  Vector v;
  v.reset(type_, rows);
  visit_physical(type_.physical(), [&](auto tag) {
    using T = decltype(tag);
    std::fill_n(v.mutable_data<T>(), rows, data<T>()[0]);
  });
  v.share_heap(*this);
  if (is_null(0)) {
    v.validity_ = make_validity(rows);
    std::fill_n(v.validity_.get(), validity_words(rows), std::uint64_t{0});
  }
  return v;
}

}  // namespace dart::columnar
