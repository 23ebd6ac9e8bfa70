#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace dart::engine {

/// Room for the long strings of remembered rows, which come and go one by one: pieces of a few sizes cut from
/// large blocks, freed pieces of a size kept in a list through their own first bytes. Very long strings have
/// a place of their own from the allocator.
class StringSlab {
 public:
  StringSlab() = default;
  StringSlab(const StringSlab&) = delete;
  StringSlab& operator=(const StringSlab&) = delete;

  /// Never null; `size` > 0. Give it back with the same size.
  [[nodiscard]] char* take(std::size_t size) {
    if (size > kLargest) return new char[size];
    Piece*& list = free_[class_of(size)];
    if (list == nullptr) return cut(size);
    Piece* piece = list;
    list = piece->next;
    return reinterpret_cast<char*>(piece);
  }
  void give_back(const char* text, std::size_t size) {
    char* place = const_cast<char*>(text);
    if (size > kLargest) {
      delete[] place;
      return;
    }
    Piece*& list = free_[class_of(size)];
    list = new (place) Piece{list};
  }
  [[nodiscard]] std::size_t bytes() const { return blocks_.size() * kBlock; }
  /// All pieces cut from blocks are gone; very long strings must have been given back.
  void clear();

 private:
  struct Piece {
    Piece* next;
  };
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kLargest = 256;
  static constexpr std::size_t kBlock = 16 * 1024;

  [[nodiscard]] static std::size_t class_of(std::size_t size) { return (size + kStep - 1) / kStep; }
  char* cut(std::size_t size);

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::size_t left_ = 0;  // of the newest block
  Piece* free_[kLargest / kStep + 1] = {};
};

}  // namespace dart::engine
