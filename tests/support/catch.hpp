// Catch2 in either major version, under one set of names.
#pragma once

#if MOELM_CATCH_MAJOR < 3
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
using Catch::Approx;
#endif
