#include <algorithm>
#include <array>
#include <cmath>

#include "columnar/aggregates/cascaded_sum.hpp"
#include "columnar/aggregates/lists.hpp"
#include "columnar/aggregates/state.hpp"

namespace dart::columnar {

namespace {

using Parameters = BoundAggregate::Parameters;

/// The aggregates over pairs (y, x) of doubles, as SQL names them. The centred sums are all multiplied by the
/// number of rows: sxx = n * sum((x - mean x)^2), and so on.
enum class Of : std::uint8_t {
  Count,
  Slope,
  Intercept,
  R2,
  Correlation,
  CovariancePopulation,
  CovarianceSample,
  AverageX,
  AverageY,
  Sxx,
  Syy,
  Sxy,
};

/// All but regr_count, which has a result of another type.
template <Of kOf>
class Regression {
 public:
  static void update(Parameters, const AggregateRows& rows) {
    const Argument<double> ys(*rows.arguments[0]);
    const Argument<double> xs(*rows.arguments[1]);
    for_each_row<Regression>(
        rows, [=](Regression& state, std::size_t row, auto weight) { state.add(ys[row], xs[row], weight); });
  }
  void combine(const Regression& other) {
    count_ += other.count_;
    not_finite_ += other.not_finite_;
    huge_ += other.huge_;
    x_.add(other.x_);
    y_.add(other.y_);
    xx_.add(other.xx_);
    yy_.add(other.yy_);
    xy_.add(other.xy_);
  }
  bool finalize(Parameters, Vector& out, std::size_t row) const {
    if constexpr (kOf == Of::Count) {
      out.mutable_data<std::int64_t>()[row] = count_;
      return false;
    } else {
      if (count_ <= (kOf == Of::CovarianceSample ? 1 : 0)) return no_result<double>(out, row);
      if (not_finite_ > 0) {
        out.mutable_data<double>()[row] = std::nan("");
        return false;
      }
      if (huge_ > 0) return no_result<double>(out, row, true);
      double result = 0;
      if (!compute(result)) return no_result<double>(out, row);
      if (!std::isfinite(result)) return no_result<double>(out, row, true);
      out.mutable_data<double>()[row] = result;
      return false;
    }
  }
  void serialize(ByteWriter& out) const {
    for (const std::int64_t count : {count_, not_finite_, huge_}) out.fixed(count);
    for (const CascadedSum<3>& sum : {x_, y_, xx_, yy_, xy_}) out.fixed(sum);
  }
  Status deserialize(ByteReader& in) {
    for (std::int64_t* count : {&count_, &not_finite_, &huge_}) {
      DART_TRY(*count, read_count(in));
    }
    for (CascadedSum<3>* sum : {&x_, &y_, &xx_, &yy_, &xy_}) {
      DART_TRY(*sum, in.fixed<CascadedSum<3>>());
    }
    return {};
  }

 private:
  template <class Weight>
  void add(double y, double x, Weight weight) {
    constexpr double kSquareFits = 0x1p480;
    count_ += weight;
    if constexpr (kOf == Of::Count) return;
    if (!std::isfinite(x) || !std::isfinite(y)) {
      not_finite_ += weight;
    } else if (std::abs(x) > kSquareFits || std::abs(y) > kSquareFits) {
      huge_ += weight;
    } else {
      const auto times = static_cast<double>(weight);
      x_.add_times(x, times);
      y_.add_times(y, times);
      xx_.add_times(x, x, times);
      yy_.add_times(y, y, times);
      xy_.add_times(x, y, times);
    }
  }

  /// False where SQL says NULL.
  bool compute(double& result) const {
    const auto n = static_cast<double>(count_);
    if constexpr (kOf == Of::AverageX) return result = x_.value() / n, true;
    if constexpr (kOf == Of::AverageY) return result = y_.value() / n, true;
    const CascadedSum<4> wide_sxx = scaled_covariance(n, x_, x_, xx_);
    const double sxx = std::max(0.0, wide_sxx.value());
    const double syy = std::max(0.0, scaled_covariance(n, y_, y_, yy_).value());
    const bool flat = sxx == 0 || syy == 0;
    const CascadedSum<4> wide_sxy = flat ? CascadedSum<4>{} : scaled_covariance(n, x_, y_, xy_);
    const double sxy = wide_sxy.value();
    switch (kOf) {
      case Of::Sxx:
        result = sxx / n;
        return true;
      case Of::Syy:
        result = syy / n;
        return true;
      case Of::Sxy:
        result = sxy / n;
        return true;
      case Of::CovariancePopulation:
        result = sxy / n / n;
        return true;
      case Of::CovarianceSample:
        result = sxy / n / (n - 1);
        return true;
      case Of::Slope:
        result = sxy / sxx;
        return sxx != 0;
      case Of::Intercept:
        result = intercept_numerator(wide_sxx, wide_sxy) / sxx / n;
        return sxx != 0;
      case Of::Correlation:
        result = std::clamp(correlation(sxx, syy, sxy), -1.0, 1.0);
        return sxx != 0 && syy != 0;
      case Of::R2:
        result = syy == 0 ? 1 : (sxy / sxx) * (sxy / syy);
        return sxx != 0;
      default:
        return false;
    }
  }

  // One root rounds less than two; two where the product is out of range.
  static double correlation(double sxx, double syy, double sxy) {
    const double product = sxx * syy;
    return std::isnormal(product) ? sxy / std::sqrt(product) : sxy / std::sqrt(sxx) / std::sqrt(syy);
  }
  // Its terms can be far greater than their difference.
  double intercept_numerator(const CascadedSum<4>& sxx, const CascadedSum<4>& sxy) const {
    CascadedSum<4> difference;
    difference.add_product(y_, sxx, 1.0);
    difference.add_product(x_, sxy, -1.0);
    return difference.value();
  }

  std::int64_t count_ = 0;
  std::int64_t not_finite_ = 0;
  std::int64_t huge_ = 0;
  CascadedSum<3> x_;
  CascadedSum<3> y_;
  CascadedSum<3> xx_;
  CascadedSum<3> yy_;
  CascadedSum<3> xy_;
};

template <Of kOf>
Result<BoundAggregate> bind_regression(std::span<const LogicalType>, std::span<const Value* const>, bool) {
  return bound_as<Regression<kOf>>(LogicalType::of(kOf == Of::Count ? TypeId::BigInt : TypeId::Double));
}

template <Of kOf>
AggregateFunction regression(std::string_view name, std::string_view summary) {
  return {name, {TypeId::Double, TypeId::Double}, bind_regression<kOf>, summary};
}

}  // namespace

std::span<const AggregateFunction> regression_aggregates() {
  static const std::array kList = {
      regression<Of::Count>("regr_count", "the number of rows where neither y nor x is NULL"),
      regression<Of::Slope>("regr_slope", "the slope of the least-squares line of (y, x)"),
      regression<Of::Intercept>("regr_intercept", "where the least-squares line of (y, x) meets the y axis"),
      regression<Of::R2>("regr_r2", "the square of the correlation of (y, x)"),
      regression<Of::AverageX>("regr_avgx", "the mean of x over the rows where neither is NULL"),
      regression<Of::AverageY>("regr_avgy", "the mean of y over the rows where neither is NULL"),
      regression<Of::Sxx>("regr_sxx", "the sum of squares of x around its mean"),
      regression<Of::Syy>("regr_syy", "the sum of squares of y around its mean"),
      regression<Of::Sxy>("regr_sxy", "the sum of products of y and x around their means"),
      regression<Of::Correlation>("corr", "the correlation of (y, x)"),
      regression<Of::CovariancePopulation>("covar_pop", "the covariance of the rows as the whole population"),
      regression<Of::CovarianceSample>("covar_samp", "the covariance of the rows as a sample"),
  };
  return kList;
}

}  // namespace dart::columnar
