#include "sim/step_kind.hpp"

namespace dart::sim {

namespace {

constexpr std::string_view kLedTo = " >";

}  // namespace

std::string text_of(const StepKind& kind) {
  std::string text = name_of(kind.handled);
  text += kLedTo;
  for (std::size_t k = 0; k < message_kinds(); ++k) {
    if (kind.sent.test(k)) text += ' ' + name_of(static_cast<MessageKind>(k));
  }
  return text;
}

std::optional<StepKind> step_kind_named(std::string_view text) {
  const std::size_t end = text.find(kLedTo);
  if (end == std::string_view::npos) return std::nullopt;
  const auto handled = kind_named(text.substr(0, end));
  if (!handled) return std::nullopt;
  StepKind kind{*handled, {}};
  text.remove_prefix(end + kLedTo.size());
  while (!text.empty()) {
    if (text.front() != ' ') return std::nullopt;
    text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find(' '));
    const auto sent = kind_named(name);
    if (!sent) return std::nullopt;
    kind.sent.set(*sent);
    text.remove_prefix(name.size());
  }
  return kind;
}

StepKind step_kind_of(MessageKind handled, const std::vector<node::Action>& actions) {
  StepKind kind{handled, {}};
  for (const node::Action& action : actions) {
    if (const auto* send = std::get_if<overlay::Send>(&action)) kind.sent.set(kind_of(send->message));
  }
  return kind;
}

}  // namespace dart::sim
