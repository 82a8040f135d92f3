import Reconciler
import Synchronization

/// Numbers that come from the store: taken at most once a second, and counted only from where the last count ended.
final class StoreFigures: Sendable {
    /// One look at the store.
    struct Figures: Sendable {
        /// Since this process began.
        var activity = ActivityCounts()
        var unreadCallbacks = 0
        var counters: [String: Int64] = [:]
        var signIns: [SignInRecord] = []
        var pauses: [Pause] = []
        /// Whether the store could be read; otherwise the numbers are those of the last time.
        var isReadable = false
    }

    private struct State {
        var figures = Figures()
        var mark: ActivityMark?
        var takenAt: Timestamp?
    }

    private static let lifetime = Duration.seconds(1)

    private let store: any StateStore
    private let clock: any WallClock
    private let state = Mutex(State())

    init(store: any StateStore, clock: any WallClock) {
        self.store = store
        self.clock = clock
    }

    func current() async -> Figures {
        let now = clock.now()
        let before = state.withLock { $0 }
        if let takenAt = before.takenAt, now < takenAt + Self.lifetime { return before.figures }
        do {
            let mark = before.mark
            let (read, activity) = try await store.read { reader in
                let activity = try reader.activity(since: mark)
                let read = Figures(
                    unreadCallbacks: try reader.unreadCallbackCount(), counters: try reader.counters(),
                    signIns: try reader.signIns().inForce, pauses: try reader.pauses(), isReadable: true)
                return (read, activity)
            }
            return state.withLock { state in
                // Somebody else may have counted the same meanwhile.
                guard state.mark == mark else { return state.figures }
                var total = state.figures.activity
                total.add(activity.counts)
                state = State(figures: read, mark: activity.mark, takenAt: now)
                state.figures.activity = total
                return state.figures
            }
        } catch {
            return state.withLock { state in
                state.figures.isReadable = false
                state.takenAt = now
                return state.figures
            }
        }
    }
}
