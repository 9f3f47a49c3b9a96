// Products equal the plain loops at odd sizes, and a row does not depend on its neighbours or on the threads.
#include "ops/gemm.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/bf16.hpp"
#include "support/catch.hpp"
#include "support/random_matrix.hpp"

using namespace moelm;

namespace {

void require_close(ConstMatrixView a, ConstMatrixView b, double tolerance) {
  double greatest = 0, difference = 0;
  for (Index i = 0; i < a.rows; ++i)
    for (Index j = 0; j < a.cols; ++j) {
      greatest = std::max(greatest, std::abs(static_cast<double>(b(i, j))));
      difference = std::max(difference, std::abs(static_cast<double>(a(i, j)) - static_cast<double>(b(i, j))));
    }
  REQUIRE(difference <= tolerance * greatest);
}

}  // namespace

TEST_CASE("packed products equal plain loops for odd sizes, plain and transposed weights, overwriting and adding") {
  Context context(2);
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const Index rows : {1, 3, 17, 63, 64, 65, 700})
      for (const Index inner : {1, 5, 64, 129})
        for (const Index cols : {1, 7, 64, 100}) {
          CAPTURE(data_type_name(type), rows, inner, cols);
          const Matrix a = random_matrix(rows, inner, 1), w = random_matrix(cols, inner, 2),
                       u = random_matrix(inner, cols, 3);
          for (const float beta : {0.0f, 1.0f}) {
            Matrix c = random_matrix(rows, cols, 4), expected = c.clone();
            PackedMatrix packed;
            packed.pack(context, w, Transpose::yes, type);
            multiply(context, a, packed, beta, c);
            multiply_plain(Transpose::no, a, Transpose::yes, w, beta, expected, type);
            require_close(c, expected, 2e-6);
            packed.pack(context, u, Transpose::no, type);
            multiply(context, a, packed, 0.0f, c);
            multiply_plain(Transpose::no, a, Transpose::no, u, 0.0f, expected, type);
            require_close(c, expected, 2e-6);
          }
        }
}

TEST_CASE("gradient products equal plain loops, also for column ranges and no rows") {
  Context context(2);
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const Index rows : {0, 1, 3, 17, 65, 200, 2100})
      for (const float beta : {0.0f, 1.0f}) {
        CAPTURE(data_type_name(type), rows);
        const Matrix a = random_matrix(rows, 130, 1), b = random_matrix(rows, 66, 2);
        Matrix c = random_matrix(130, 66, 3), expected = c.clone();
        multiply_transposed(context, a, b, beta, c, type);
        multiply_plain(Transpose::yes, a, Transpose::no, b, beta, expected, type);
        require_close(c, expected, 5e-6);
        Matrix part(7, 33), expected_part(7, 33);
        const ConstMatrixView some = a.view().col_range(3, 10), other = b.view().col_range(1, 34);
        multiply_transposed(context, some, other, 0.0f, part, type);
        multiply_plain(Transpose::yes, some, Transpose::no, other, 0.0f, expected_part, type);
        require_close(part, expected_part, 5e-6);
      }
}

TEST_CASE("rows that are rounded before give the bits of rows that a product rounds; sums of columns come along") {
  Context context(2);
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const Index rows : {1, 17, 200, 600}) {
      CAPTURE(data_type_name(type), rows);
      const Matrix a = random_matrix(rows, 100, 1), b = random_matrix(rows, 66, 2), w = random_matrix(100, 70, 3);
      RoundedMatrix rounded;
      rounded.reshape(rows, 100, type);
      for (Index i = 0; i < rows; ++i) rounded.store_row(i, a.row(i));
      Matrix loaded(1, 60);
      rounded.load_row(rows - 1, 40, 100, loaded.data());
      REQUIRE(loaded(0, 59) == (type == DataType::bf16 ? round_to_bf16(a(rows - 1, 99)) : a(rows - 1, 99)));
      PackedMatrix packed;
      packed.pack(context, w, Transpose::no, type);
      Matrix c(rows, 70), d(rows, 70), e(100, 66), f(100, 66), sums(1, 100);
      multiply(context, a, packed, 0.0f, c);
      multiply(context, rounded.view(), packed, 0.0f, d);
      REQUIRE(std::memcmp(c.data(), d.data(), static_cast<std::size_t>(c.size()) * sizeof(float)) == 0);
      multiply_transposed(context, a, b, 0.0f, e, type);
      multiply_transposed(context, rounded.view(), b, 0.0f, f, sums.values());
      REQUIRE(std::memcmp(e.data(), f.data(), static_cast<std::size_t>(e.size()) * sizeof(float)) == 0);
      Matrix ones(rows, 1), expected(100, 1), by_a(1, 100);
      for (float& x : ones.values()) x = 1;
      multiply_plain(Transpose::yes, a, Transpose::no, ones, 0.0f, expected, type);
      require_close({sums.data(), 100, 1, 1}, expected, 1e-5);
      multiply_transposed(context, a, b, 0.0f, e, type, by_a.values());
      require_close({by_a.data(), 100, 1, 1}, expected, 1e-5);
    }
}

TEST_CASE("weights that are kept in bfloat16 multiply as the same numbers in single precision do") {
  Context context(2);
  Bf16Matrix kept(130, 97);
  Matrix wide(130, 97);
  const Matrix w = random_matrix(130, 97, 1), a = random_matrix(33, 97, 2), b = random_matrix(33, 130, 3);
  for (Index i = 0; i < w.size(); ++i) {
    kept.data()[i] = to_bf16(w.data()[i]);
    wide.data()[i] = round_to_bf16(w.data()[i]);
  }
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const Transpose transpose : {Transpose::yes, Transpose::no}) {
      PackedMatrix of_kept, of_wide;
      of_kept.pack(context, kept, transpose, type);
      of_wide.pack(context, wide, transpose, type);
      const ConstMatrixView x = transpose == Transpose::yes ? a.view() : b.view();
      Matrix c(33, of_kept.cols()), d(33, of_kept.cols());
      multiply(context, x, of_kept, 0.0f, c);
      multiply(context, x, of_wide, 0.0f, d);
      REQUIRE(std::memcmp(c.data(), d.data(), static_cast<std::size_t>(c.size()) * sizeof(float)) == 0);
    }
}

TEST_CASE("a few rows have the bits that they have among many, in products of any shape") {
  Context context(1);
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (const Index inner : {20, 64, 256, 1030})
      for (const Index cols : {5, 64, 67, 250, 1042}) {
        CAPTURE(data_type_name(type), inner, cols);
        const Matrix w = random_matrix(inner, cols, 2), a = random_matrix(64, inner, 1),
                     start = random_matrix(64, cols, 3);
        PackedMatrix packed;
        packed.pack(context, w, Transpose::no, type);
        for (const float beta : {0.0f, 1.0f}) {
          Matrix all = start.clone();
          multiply(context, a, packed, beta, all);
          for (const Index rows : {1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 33}) {
            Matrix some = start.clone();
            MatrixView head = some.view().row_range(0, rows);
            multiply(context, a.view().row_range(0, rows), packed, beta, head);
            CAPTURE(rows, beta);
            REQUIRE(std::memcmp(some.data(), all.data(), static_cast<std::size_t>(rows * cols) * sizeof(float)) == 0);
            REQUIRE(std::equal(some.row(rows), some.row(63) + cols, start.row(rows)));
          }
        }
      }
}

TEST_CASE("long sums into few columns are as exact as others") {
  Context context(2);
  const Matrix w = random_matrix(16384, 64, 2, 0.01f), a = random_matrix(65, 16384, 1);
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    CAPTURE(data_type_name(type));
    Matrix expected(65, 64), actual(65, 64);
    multiply_plain(Transpose::no, a, Transpose::no, w, 0, expected, type);
    PackedMatrix packed;
    packed.pack(context, w, Transpose::no, type);
    multiply(context, a, packed, 0, actual);
    require_close(actual, expected, 1e-4);
  }
}

TEST_CASE("a row of a product does not depend on the rows beside it nor on the threads") {
  Context one(1), two(2);
  for (const DataType type : {DataType::f32, DataType::bf16}) {
    CAPTURE(data_type_name(type));
    const Matrix w = random_matrix(1024, 512, 2);
    PackedMatrix packed;
    packed.pack(two, w, Transpose::yes, type);
    const Matrix a = random_matrix(600, 512, 1);
    Matrix all(600, 1024);
    multiply(one, a, packed, 0.0f, all);
    for (const Index rows : {1, 2, 3, 16, 17, 63, 64, 65, 128, 300, 599}) {
      Matrix some(rows, 1024);
      multiply(two, a.view().row_range(600 - rows, 600), packed, 0.0f, some);
      REQUIRE(std::memcmp(some.data(), all.row(600 - rows), static_cast<std::size_t>(some.size()) * sizeof(float)) ==
              0);
    }
    Matrix by_one(130, 512), by_two(130, 512);
    multiply_transposed(one, all.view().col_range(5, 135), a, 0.0f, by_one, type);
    multiply_transposed(two, all.view().col_range(5, 135), a, 0.0f, by_two, type);
    REQUIRE(std::memcmp(by_one.data(), by_two.data(), static_cast<std::size_t>(by_one.size()) * sizeof(float)) == 0);
  }
}
