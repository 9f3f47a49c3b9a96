// Threads that the system may refuse: they are asked for before the work, and a refusal is an error that says where.
#pragma once

#include <functional>
#include <string_view>
#include <thread>

namespace moelm {

/// Starts a thread that runs `body`. Error(out_of_memory) names `purpose` ("reading ahead") where none can be made.
std::thread start_thread(std::string_view purpose, std::function<void()> body);

/// Error(out_of_memory) unless `count` more threads can exist at the same time, with the stacks that OpenMP's threads
/// get. They are made and end at once.
void require_threads(int count);

/// Creates the OpenMP threads of a team of `threads`, including the calling one, and keeps them, so that no later step
/// lacks a thread. Error(out_of_memory) if they cannot be created; the OpenMP library itself would end the process.
void make_team(int threads);

}  // namespace moelm
