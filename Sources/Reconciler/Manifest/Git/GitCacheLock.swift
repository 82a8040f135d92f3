import Foundation

/// Lets one mirror be worked upon by one controller at a time: two that share a cache would see each other's locks and
/// drafts as damage.
enum GitCacheLock {
    /// How often to look whether the other one is done.
    private static let pollInterval = Duration.milliseconds(50)

    /// Does the work while no other process, and nobody else in this one, does any under the same lock.
    ///
    /// - Parameters:
    ///   - path: of the file that stands for the lock; it stays.
    ///   - limit: how long others are waited for.
    /// - Throws: `GitError` if the lock cannot be had, and what the work throws.
    static func whileHolding<Value: Sendable>(
        _ path: String, limit: Duration, work: () async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw GitError(
                .cannotRun, "The lock \(path) of the git cache cannot be opened: \(String(cString: strerror(errno)))",
                words: nil)
        }
        // Closing it lets the lock go.
        defer { close(descriptor) }
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR, clock.now < deadline else {
                throw GitError(
                    .tookTooLong,
                    "Another process has worked upon the git cache for \(limit) (its lock is \(path)); give each "
                        + "controller a state store of its own", words: nil)
            }
            do {
                try await Task.sleep(for: pollInterval)
            } catch {
                throw GitError(.unwanted, "Waiting for the git cache was stopped", words: nil)
            }
        }
        return try await work()
    }
}
