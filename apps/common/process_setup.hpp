// What every program settles about its process before anything else, while it has no other thread and no file of its
// own.
#pragma once

namespace moelm {

/// What happens when the reader of our output goes away.
enum class ClosedPipe {
  ends_program,  ///< quietly, as other filters do (SIGPIPE)
  is_ignored,    ///< the program goes on: what it is here for are its files
};

/// - A standard descriptor that is closed is opened on /dev/null the wrong way round: no file of ours can get its
/// number
///   and be written by a message, and who reads or writes it still gets an error.
/// - A file that reaches the size limit (ulimit -f) is an error of its write instead of a fatal SIGXFSZ.
/// - SIGPIPE does what `closed_pipe` says, whatever the parent process had set.
void set_up_process(ClosedPipe closed_pipe);

}  // namespace moelm
