// Compiles the header that every test includes (cmake/testing.cmake).
#include "support/catch.hpp"
