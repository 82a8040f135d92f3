import Dispatch
import Foundation
import Synchronization

/// Ends a process of git, and those that it has started, when it takes too long or nobody waits for it any more. Not
/// politely: nothing is waited for then, and what is left half-way goes with its mirror.
final class GitLeash: Sendable {
    enum Reason: Hashable, Sendable {
        case tooLong(Duration)
        /// The task that waits was cancelled.
        case unwanted
    }

    private struct State {
        /// Each has a group of its own, of the same number.
        var group: pid_t?
        var reason: Reason?
    }

    private let limit: Duration
    private let state = Mutex(State())

    init(limit: Duration) {
        self.limit = limit
    }

    /// Takes hold of a process that has just been started.
    func hold(_ process: pid_t) {
        let isPulled = state.withLock { state in
            state.group = process
            return state.reason != nil
        }
        if isPulled { end() }
        let milliseconds = Int(limit / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { [weak self, limit] in
            self?.pull(.tooLong(limit))
        }
    }

    /// Ends the process, now or as soon as it starts.
    func pull(_ reason: Reason) {
        let isFirst = state.withLock { state in
            defer { state.reason = state.reason ?? reason }
            return state.reason == nil
        }
        if isFirst { end() }
    }

    /// Lets go of the process, which is over.
    /// - Returns: why it was ended, if it was.
    func release() -> Reason? {
        state.withLock { state in
            state.group = nil
            return state.reason
        }
    }

    private func end() {
        state.withLock { state in
            if let group = state.group { _ = kill(-group, SIGKILL) }
        }
    }
}
