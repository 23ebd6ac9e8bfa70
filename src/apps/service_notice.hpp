#pragma once

#include <string_view>

namespace dart::apps {

/// Tells the service manager that started this process (systemd's protocol: one datagram to the socket that
/// NOTIFY_SOCKET names), "READY=1" or "STOPPING=1". Nothing happens when there is none.
void notify_service(std::string_view state);

}  // namespace dart::apps
