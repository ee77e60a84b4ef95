#pragma once

namespace jobqd::app {

/// Whether the kernel makes this process the parent of orphans: it is process 1 of its namespace, as in a
/// container, or has been made a subreaper.
[[nodiscard]] bool adopts_orphans();

/// Reaps the orphans that have ended. Called by the main thread, after a SIGCHLD.
///
/// The kernel gives orphans to the main thread, and programs of exec queues belong to the threads that
/// started them, so that no exit status is taken away from its worker.
void reap_orphans();

}  // namespace jobqd::app
