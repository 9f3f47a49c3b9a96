#include "model_files/run_origin.hpp"

#include <utility>

#include "base/error.hpp"
#include "checkpoint/checkpoint_finder.hpp"
#include "io/absolute_path.hpp"
#include "io/file.hpp"
#include "run/run_data.hpp"

namespace moelm {

namespace {

OpenedOrigin choose_checkpoint(RunOrigin& origin, CheckpointScope scope) {
  const auto which = origin.kind == OriginKind::init ? WhichCheckpoint::best : WhichCheckpoint::newest;
  FoundCheckpoint found = find_checkpoint(origin.path, which, scope);
  origin.checkpoint = absolute_path(found.checkpoint->path());
  origin.manifest_sha256 = found.checkpoint->manifest_sha256();
  return {std::move(*found.checkpoint), std::move(found.warnings)};
}

OpenedOrigin open_chosen(const std::string& run, const RunOrigin& origin, CheckpointScope scope) {
  const std::string field = join_path(run, kConfigFile) + ": origin.checkpoint: ";
  if (!path_exists(origin.checkpoint))
    throw Error(Exit::missing_input,
                field + "expected " + origin.checkpoint +
                    ", found nothing there; the run began with it and has no checkpoint of its own "
                    "yet: put it back, or start again with another --out");
  OpenedOrigin opened{Checkpoint::open(origin.checkpoint, scope), {}};
  if (opened.checkpoint.manifest_sha256() != origin.manifest_sha256)
    throw Error(Exit::bad_data, field + "expected a manifest of sha256 " + origin.manifest_sha256 + " in " +
                                    origin.checkpoint + ", found " + opened.checkpoint.manifest_sha256() +
                                    "; another checkpoint is in its place");
  return opened;
}

}  // namespace

OpenedOrigin open_origin(const std::string& run, StoredRun& stored, const Dataset& data) {
  RunOrigin& origin = stored.origin;
  const auto scope = origin.kind == OriginKind::init ? CheckpointScope::model : CheckpointScope::everything;
  OpenedOrigin opened = origin.checkpoint.empty() ? choose_checkpoint(origin, scope) : open_chosen(run, origin, scope);
  const std::string other = run_of_path(opened.checkpoint.path());
  const StoredRun of_other = read_run(other);
  require_own_checkpoint(opened.checkpoint.path(), opened.checkpoint.state(), other, of_other);
  require_run_data(other, of_other, data,
                   origin.kind == OriginKind::resume ? DataMatch::same_data : DataMatch::same_tokens);
  return opened;
}

}  // namespace moelm
