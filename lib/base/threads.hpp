// Threads that the system may refuse: a refusal is an error that says where.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

namespace moelm {

/// Starts a thread that runs `body`. Error(out_of_memory) names `purpose` ("reading ahead") where none can be made.
std::thread start_thread(std::string_view purpose, std::function<void()> body);

}  // namespace moelm
