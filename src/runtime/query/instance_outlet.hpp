#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "runtime/query/link_out.hpp"
#include "runtime/query/port.hpp"

namespace dart::runtime {

/// Deals out the messages of one instance: to instances of this node directly, to others over links.
class InstanceOutlet final : public Outlet {
 public:
  /// A receiver that is here: messages as they are, with the number of their sender.
  struct Here {
    std::shared_ptr<Port> port;
    std::uint32_t exchange = 0;  ///< as what they come in there
    std::uint32_t sender = 0;
  };
  using Receiver = std::variant<Here, std::shared_ptr<LinkOut>>;

  /// The receivers of one exchange, by partition.
  void add(std::uint32_t exchange, std::vector<Receiver> receivers);

  [[nodiscard]] Status send(std::vector<engine::Message>& messages) override;
  void flush() override;
  [[nodiscard]] bool has_room() const override;

 private:
  static void give(const Receiver& to, engine::Message message);

  std::map<std::size_t, std::vector<Receiver>> receivers_;
};

}  // namespace dart::runtime
