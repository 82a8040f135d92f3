import Foundation
import Synchronization

/// Takes away what the children of our children leave behind. As process 1 of a container we inherit them, and one that
/// nobody takes away stays a zombie, which counts against the limit of processes.
enum OrphanReaper {
    private struct Groups {
        /// Of processes that we have started and not taken away yet: those are left to who started them.
        var live: Set<pid_t> = []
        /// Of processes that are gone, whose own children may end later.
        var orphaned: Set<pid_t> = []
    }

    private static let groups = Mutex(Groups())

    /// A process was started, with a group of its own that has its number.
    static func adopt(group: pid_t) {
        groups.withLock { groups in
            _ = groups.live.insert(group)
            // The number is in use again, so that nobody of the former group is left.
            _ = groups.orphaned.remove(group)
        }
    }

    /// The process was taken away.
    static func ended(group: pid_t) {
        groups.withLock { groups in
            guard groups.live.remove(group) != nil else { return }
            groups.orphaned.insert(group)
        }
        reap()
    }

    /// Takes away all orphans that have ended; waits for none.
    static func reap() {
        groups.withLock { groups in
            groups.orphaned = groups.orphaned.filter { hasMembers(afterReaping: $0) }
        }
    }

    /// - Returns: whether a process of the group may become ours, or is, and has not ended.
    private static func hasMembers(afterReaping group: pid_t) -> Bool {
        while true {
            var status: Int32 = 0
            let taken = waitpid(-group, &status, WNOHANG)
            if taken > 0 || taken < 0 && errno == EINTR { continue }
            // Those that are not ours yet are as good as those that are: they may become so.
            return taken == 0 || kill(-group, 0) == 0
        }
    }
}
