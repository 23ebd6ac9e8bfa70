#include "sim/delay_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace dart::sim {

namespace {

constexpr std::int64_t kLeastUs = 500;
constexpr double kMostUs = 200'000;

Duration at_least(double us) { return {std::max(kLeastUs, static_cast<std::int64_t>(us))}; }

class Plane final : public DelayModel {
 public:
  void add_machine(Random& random) override {
    const double x = random.unit();
    places_.push_back({x, random.unit()});
  }
  Duration delay(std::uint32_t from, std::uint32_t to) const override {
    const double dx = places_[from].x - places_[to].x;
    const double dy = places_[from].y - places_[to].y;
    return at_least(std::sqrt((dx * dx + dy * dy) / 2) * kMostUs);
  }

 private:
  struct Place {
    double x, y;
  };
  std::vector<Place> places_;
};

class Sphere final : public DelayModel {
 public:
  void add_machine(Random& random) override {
    // Uniform on the sphere: by rejection, so that only square roots are needed.
    while (true) {
      const double x = 2 * random.unit() - 1;
      const double y = 2 * random.unit() - 1;
      const double z = 2 * random.unit() - 1;
      const double length = std::sqrt(x * x + y * y + z * z);
      if (length > 1 || length < 0.1) continue;
      places_.push_back({x / length, y / length, z / length});
      return;
    }
  }
  Duration delay(std::uint32_t from, std::uint32_t to) const override {
    const Place& a = places_[from];
    const Place& b = places_[to];
    const double dx = a.x - b.x;
    const double dy = a.y - b.y;
    const double dz = a.z - b.z;
    const double half = std::min(1.0, std::sqrt(dx * dx + dy * dy + dz * dz) / 2);
    // The arc of a chord, 2 asin(half), by its series in half^2 near 0 and by the complement near 1: the same
    // bits with every mathematical library.
    const double arc = half < 0.7071 ? arcsine(half) : kHalfPi - arcsine(std::sqrt(1 - half * half));
    return at_least(arc / kHalfPi * kMostUs);
  }

 private:
  struct Place {
    double x, y, z;
  };
  static constexpr double kHalfPi = 1.57079632679489661923;
  static double arcsine(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 24; ++n) {
      term *= x * x * (2 * n - 1) / (2 * n);
      sum += term / (2 * n + 1);
    }
    return sum;
  }
  std::vector<Place> places_;
};

/// Transit domains far apart, stub networks behind them, machines close to their stub.
class TransitStub final : public DelayModel {
 public:
  explicit TransitStub(Random random) {
    for (unsigned i = 0; i < kTransits; ++i) {
      const double x = random.unit();
      transits_.push_back({x, random.unit()});
    }
    for (unsigned i = 0; i < kTransits * kStubs; ++i) up_us_.push_back(5'000 + 20'000 * random.unit());
  }
  void add_machine(Random& random) override {
    stub_.push_back(static_cast<std::uint32_t>(random.below(up_us_.size())));
    last_us_.push_back(500 + 2'500 * random.unit());
  }
  Duration delay(std::uint32_t from, std::uint32_t to) const override {
    const std::uint32_t a = stub_[from];
    const std::uint32_t b = stub_[to];
    double us = last_us_[from] + last_us_[to];
    if (a != b) us += up_us_[a] + up_us_[b];
    const auto& p = transits_[a / kStubs];
    const auto& q = transits_[b / kStubs];
    us += std::sqrt(((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y)) / 2) * kMostUs;
    return at_least(us);
  }

 private:
  static constexpr unsigned kTransits = 24;
  static constexpr unsigned kStubs = 24;
  struct Place {
    double x, y;
  };
  std::vector<Place> transits_;
  std::vector<double> up_us_;
  std::vector<std::uint32_t> stub_;
  std::vector<double> last_us_;
};

class Matrix final : public DelayModel {
 public:
  /// `round_trips_us` is square, row by row.
  Matrix(std::size_t sites, std::vector<std::int64_t> round_trips_us)
      : sites_(sites), round_trips_us_(std::move(round_trips_us)) {
    for (std::size_t a = 0; a < sites_; ++a) {
      for (std::size_t b = 0; b < sites_; ++b) {
        if (a != b && round_trips_us_[a * sites_ + b] == 0) mend(a, b);
      }
    }
  }
  void add_machine(Random& random) override {
    const auto number = site_.size();
    site_.push_back(static_cast<std::uint32_t>(number < sites_ ? number : random.below(sites_)));
    last_us_.push_back(500 + static_cast<std::int64_t>(random.below(4'500)));
  }
  Duration delay(std::uint32_t from, std::uint32_t to) const override {
    const std::int64_t far = round_trips_us_[site_[from] * sites_ + site_[to]] / 2;
    return {std::max(kLeastUs, far + last_us_[from] + last_us_[to])};
  }

 private:
  /// A pair that was not measured: the shortest way through a third site, at least 1 ms.
  void mend(std::size_t a, std::size_t b) {
    std::int64_t best = INT64_MAX;
    for (std::size_t c = 0; c < sites_; ++c) {
      const std::int64_t first = round_trips_us_[a * sites_ + c];
      const std::int64_t second = round_trips_us_[c * sites_ + b];
      if (first > 0 && second > 0) best = std::min(best, first + second);
    }
    best = std::max<std::int64_t>(best == INT64_MAX ? 1'000 : best, 1'000);
    round_trips_us_[a * sites_ + b] = round_trips_us_[b * sites_ + a] = best;
  }

  std::size_t sites_;
  std::vector<std::int64_t> round_trips_us_;
  std::vector<std::uint32_t> site_;
  std::vector<std::int64_t> last_us_;
};

Result<std::unique_ptr<DelayModel>> read_matrix(std::string_view text) {
  std::vector<std::int64_t> values;
  std::size_t lines = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    ++lines;
    while (!line.empty()) {
      double value = 0;
      const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), value);
      if (error != std::errc{} || value < 0 || value > 1e6) {
        return fail(ErrorCode::Data,
                    fmt::format("line {} of the matrix has no round trip in milliseconds", lines));
      }
      values.push_back(static_cast<std::int64_t>(value * 1000));
      line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
      if (!line.empty() && line.front() == ',') line.remove_prefix(1);
    }
  }
  if (lines < 2 || values.size() != lines * lines) {
    return fail(ErrorCode::Data, fmt::format("the matrix has {} lines and {} values, which is no square",
                                             lines, values.size()));
  }
  return std::make_unique<Matrix>(lines, std::move(values));
}

}  // namespace

Result<std::unique_ptr<DelayModel>> make_delay_model(std::string_view name, Random random,
                                                     std::string_view matrix) {
  if (name == "plane") return std::make_unique<Plane>();
  if (name == "sphere") return std::make_unique<Sphere>();
  if (name == "transit-stub") return std::make_unique<TransitStub>(random);
  if (name == "matrix") return read_matrix(matrix);
  return fail(ErrorCode::InvalidArgument, fmt::format("no delay model '{}'", name), std::nullopt,
              "there are plane, sphere, transit-stub and matrix");
}

}  // namespace dart::sim
