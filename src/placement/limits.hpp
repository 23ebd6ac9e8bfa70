#pragma once

#include <cstddef>
#include <cstdint>

namespace dart::placement::limits {

/// Bytes of the name of a query.
inline constexpr std::size_t kNameBytes = 128;
/// Bytes of the SQL and of the program of one query together; its record has to hold both.
inline constexpr std::size_t kSpecBytes = 48U << 10;
inline constexpr std::size_t kLabelBytes = 160;
inline constexpr std::size_t kStages = 64;
inline constexpr std::size_t kEdges = 256;
/// Readers of one stage, combines and partitions together.
inline constexpr std::size_t kInstances = 1024;
/// Hops on the way of one JOIN that are written down, and leaves that each proposes beside itself.
inline constexpr std::size_t kHops = 16;
inline constexpr std::size_t kProposed = 6;
inline constexpr std::size_t kHistory = 32;
inline constexpr std::size_t kHistoryBytes = 240;
inline constexpr std::size_t kReasonBytes = 1024;
inline constexpr std::size_t kNotes = 64;
/// Queries that one node schedules, requests of its clients that wait, and answers that it remembers.
inline constexpr std::size_t kScheduled = 16384;
inline constexpr std::size_t kRequests = 4096;
inline constexpr std::size_t kAnswers = 256;
/// Names in one message about the queries of a host.
inline constexpr std::size_t kNames = 1024;
/// Hosts for which a node keeps a watch, and neighbours that keep one for it on each side.
inline constexpr std::size_t kWatched = 64;
inline constexpr std::size_t kWatchersASide = 2;
/// Reservations at one host.
inline constexpr std::size_t kReserved = 65536;
/// Candidates that are tried for one instance before any of them is asked to become busier than others.
inline constexpr std::size_t kTries = 4;

}  // namespace dart::placement::limits
